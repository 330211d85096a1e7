"""What a PNG, JPEG or TIFF file says about itself: its format, its EXIF block, its texts."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from PIL import ExifTags, Image, TiffTags

from medkd_core.imaging.content import (
    CANNOT_BE_READ,
    LARGEST_LINES,
    ContentLine,
    FileContent,
    printable_line,
)
from medkd_core.imaging.raster.reader import opened

_MOST_CHARACTERS = 1000
_MODES = {
    "1": "black and white",
    "L": "grey, 8 bits",
    "LA": "grey with transparency, 8 bits",
    "P": "palette",
    "RGB": "colour, 8 bits",
    "RGBA": "colour with transparency, 8 bits",
    "CMYK": "CMYK, 8 bits",
    "YCbCr": "YCbCr, 8 bits",
    "F": "grey, 32 bits, floating point",
    "I": "grey, 32 bits",
}
_BULK = {
    "icc_profile": "Colour profile",
    "exif": "EXIF block",
    "xmp": "XMP block",
    "photoshop": "Photoshop block",
    "mpf": "Multi-picture block",
}
_EXIF_BLOCKS = (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo, ExifTags.IFD.Interop)


def read_content(path: Path) -> FileContent:
    """List a picture's own facts; no pixel is decoded.

    Raises
    ------
    UnreadableFileError
        The picture is too large.
    Exception
        Whatever Pillow raises on a file that it cannot open.
    """
    with opened(path) as picture:
        lines = tuple(islice(_lines(picture), LARGEST_LINES))
        return FileContent(f"{picture.format} picture", "", lines)


def _lines(picture: Image.Image) -> Iterator[ContentLine]:
    columns, rows = picture.size
    yield _fact("Format", f"{picture.format} ({picture.format_description})")
    yield _fact("Size", f"{columns:,} × {rows:,} pixels")
    yield _fact("Pixels", f"{_mode_words(picture.mode)} ({picture.mode})")
    yield _fact("Pictures", str(getattr(picture, "n_frames", 1)))
    # A file's further texts are read only where they stand before its pixels.
    for key, value in picture.info.items():
        yield _fact(_BULK.get(str(key), str(key)), _words(value))
    if picture.format == "TIFF":
        yield from _tiff_lines(picture)
    else:
        yield from _exif_lines(picture)


def _fact(name: str, value: str) -> ContentLine:
    return ContentLine(0, "", "", _one_line(name), "", value)


def _tiff_lines(picture: Image.Image) -> Iterator[ContentLine]:
    directory = picture.tag_v2  # type: ignore[attr-defined]
    for tag in sorted(directory):
        yield _tag_line(0, tag, TiffTags.lookup(tag).name, directory)


def _exif_lines(picture: Image.Image) -> Iterator[ContentLine]:
    try:
        exif = picture.getexif()
    except Exception:
        yield _fact("EXIF block", CANNOT_BE_READ)
        return
    for tag in sorted(exif):
        yield _tag_line(0, tag, ExifTags.TAGS.get(tag, "Unknown"), exif)
    for block in _EXIF_BLOCKS:
        names = ExifTags.GPSTAGS if block is ExifTags.IFD.GPSInfo else ExifTags.TAGS
        entries = exif.get_ifd(block)
        for tag in sorted(entries):
            yield _tag_line(1, tag, names.get(tag, "Unknown"), entries)


def _tag_line(depth: int, tag: int, name: str, entries: object) -> ContentLine:
    try:
        value = _words(entries[tag])  # type: ignore[index]
    except Exception:
        # Pillow decodes a value when it is asked for, and raises anything on a damaged one.
        value = CANNOT_BE_READ
    return ContentLine(depth, f"{tag:04X}", "", name, "", value)


def _words(value: object) -> str:
    if isinstance(value, bytes):
        return f"{len(value):,} bytes"
    if isinstance(value, tuple) and len(value) > 16:
        return f"{', '.join(map(str, value[:16]))} … ({len(value):,} values)"
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return _one_line(str(value))


def _mode_words(mode: str) -> str:
    return "grey, 16 bits" if mode.startswith("I;16") else _MODES.get(mode, "colour")


def _one_line(text: str) -> str:
    line = printable_line(text[: 2 * _MOST_CHARACTERS])
    return line if len(line) <= _MOST_CHARACTERS else f"{line[:_MOST_CHARACTERS]} …"

"""PNG, JPEG and TIFF files through Pillow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from medkd_core.errors import UnreadableFileError
from medkd_core.imaging.archives import open_file
from medkd_core.imaging.frame import Frame
from medkd_core.imaging.raster.pixels import picture_frame
from medkd_core.imaging.study import Instance, Series, Study

LARGEST_PIXELS = 2**26
"""A picture that declares more (8192 x 8192) is refused before anything is allocated."""

FORMATS = ("PNG", "JPEG", "TIFF")


def read_frame(path: Path, index: int = 0) -> Frame:
    """Decode one page of a PNG, JPEG or TIFF file, turned upright as its EXIF orientation says.

    Parameters
    ----------
    path : Path
    index : int
        Page of a TIFF file, from 0.

    Returns
    -------
    Frame
        Grey exactly as stored; colour of 8 or 16 bits; transparency is laid over black; palettes
        become RGB.

    Raises
    ------
    UnreadableFileError
        The picture is too large, or has no such page.
    Exception
        Whatever Pillow raises on a damaged file.
    """
    with opened(path) as picture:
        pages = getattr(picture, "n_frames", 1)
        if not 0 <= index < pages:
            raise _refusal(path, f"it has no picture {index + 1}, only {pages}")
        if index:
            picture.seek(index)
            _check_size(path, picture)
        return picture_frame(path, picture)


def read_entry(path: Path) -> Study:
    """Describe a PNG, JPEG or TIFF file as a study of its own; no pixel is decoded.

    Raises
    ------
    UnreadableFileError
        The picture is too large.
    Exception
        Whatever Pillow raises on a damaged file.
    """
    with opened(path) as picture:
        columns, rows = picture.size
        if picture.getexif().get(0x0112, 1) in (5, 6, 7, 8):
            rows, columns = columns, rows
        frames = int(getattr(picture, "n_frames", 1))
        kind = f"{picture.format} picture"
    instance = Instance(
        path, str(path), None, frames, rows, columns, "OT", description=path.name, kind=kind
    )
    series = Series(str(path), None, "OT", "", (instance,))
    return Study(str(path), path.name, "", "", "", "", "", "", (series,))


@contextmanager
def opened(path: Path) -> Iterator[Image.Image]:
    """A picture whose header was read and whose declared size is one that is read.

    Raises
    ------
    UnreadableFileError
        It is too large.
    """
    try:
        with open_file(path) as file, Image.open(file, formats=FORMATS) as picture:
            _check_size(path, picture)
            yield picture
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _refusal(path, "it declares more pixels than are read") from None
    except UnidentifiedImageError:
        raise _refusal(
            path,
            "it is damaged, or a picture of a kind that is not supported",
            "Save it anew, in grey of 8 or 16 bits or as RGB.",
        ) from None


def _check_size(path: Path, picture: Image.Image) -> None:
    columns, rows = picture.size
    if rows * columns > LARGEST_PIXELS:
        raise _refusal(
            path,
            f"it declares {rows} x {columns} pixels, "
            f"more than the {LARGEST_PIXELS >> 20} million that are read",
        )


def _refusal(path: Path, because: str, cure: str = "") -> UnreadableFileError:
    return UnreadableFileError("Cannot read", because=because, cure=cure, path=path)

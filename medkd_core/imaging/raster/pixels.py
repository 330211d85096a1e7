"""Pixels of an open PNG, JPEG or TIFF picture, in all the depth that the file holds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from medkd_core.errors import UnreadableFileError
from medkd_core.imaging.frame import Frame, Photometric, StoredArray, VoiFunction, Window

AS_STORED = Window(127.5, 255.0, VoiFunction.LINEAR_EXACT, "As stored")
"""8-bit pictures were made for the screen: 0 is black and 255 white."""

_WIDE_GREY = {"I;16", "I;16B", "I;16L", "I;16N", "I", "F"}

# Tags of TIFF 6.0 that Pillow does not act upon for wide pixels.
_BITS_PER_SAMPLE = 258
_PHOTOMETRIC = 262
_PLANAR_CONFIGURATION = 284
_SAMPLE_FORMAT = 339
_ORIENTATION = 274
_WHITE_IS_ZERO, _PLANES, _SIGNED = 0, 2, 2

DeepColour = NDArray[np.uint16]

_TURNED: dict[int, Callable[[DeepColour], DeepColour]] = {
    1: lambda stored: stored,
    2: lambda stored: stored[:, ::-1],
    3: lambda stored: stored[::-1, ::-1],
    4: lambda stored: stored[::-1],
    5: lambda stored: stored.swapaxes(0, 1),
    6: lambda stored: np.rot90(stored, -1),
    7: lambda stored: stored[::-1, ::-1].swapaxes(0, 1),
    8: np.rot90,
}
"""Upright again, by EXIF's orientation."""


def picture_frame(path: Path, picture: Image.Image) -> Frame:
    """Decode the page of a picture that was sought, turned upright as its EXIF says.

    Parameters
    ----------
    path : Path
        For the error.
    picture : PIL.Image.Image
        Open, nothing decoded.

    Returns
    -------
    Frame
        Grey exactly as stored; colour of 8 or 16 bits; transparency is laid over black; palettes
        become RGB.

    Raises
    ------
    UnreadableFileError
        This kind of picture is not supported.
    Exception
        Whatever Pillow raises on damaged pixels.
    """
    tags = dict(getattr(picture, "tag_v2", {}))
    if picture.mode in _WIDE_GREY:
        return _wide_grey(picture, tags)
    if picture.mode == "L" and _first(tags, _SAMPLE_FORMAT, 1) == _SIGNED:
        return Frame(_upright(picture).view(np.int8), Photometric.MONOCHROME2, 8)
    if ";16" in _raw_mode(picture) or max(_several(tags, _BITS_PER_SAMPLE, 8)) > 8:
        return _deep_colour(path, picture, tags)
    ImageOps.exif_transpose(picture, in_place=True)
    if picture.mode in ("1", "L", "LA"):
        grey = _over_black(picture, "L")
        return Frame(grey, Photometric.MONOCHROME2, 8, voi=(AS_STORED,))
    return Frame(_over_black(picture, "RGB"), Photometric.RGB, 8)


def _wide_grey(picture: Image.Image, tags: dict[int, Any]) -> Frame:
    raw_mode = _raw_mode(picture)
    inverted = _first(tags, _PHOTOMETRIC, 1) == _WHITE_IS_ZERO
    stored = _upright(picture)
    stored = stored.astype(stored.dtype.newbyteorder("="), copy=False)
    if raw_mode.startswith("I;16") and raw_mode.endswith("S"):
        stored = stored.astype(np.int16)
    elif stored.dtype == np.int32 and tags and _first(tags, _SAMPLE_FORMAT, 1) != _SIGNED:
        stored = stored.view(np.uint32)
    photometric = Photometric.MONOCHROME1 if inverted else Photometric.MONOCHROME2
    return Frame(stored, photometric, _first(tags, _BITS_PER_SAMPLE, 8 * stored.dtype.itemsize))


def _deep_colour(path: Path, picture: Image.Image, tags: dict[int, Any]) -> Frame:
    """More than 8 bits a colour through OpenCV; Pillow keeps only the upper 8."""
    if _first(tags, _PLANAR_CONFIGURATION, 1) == _PLANES:
        raise _refusal(path, "it stores colours of more than 8 bits plane by plane")
    is_grey = _raw_mode(picture).startswith("LA")
    stream: Any = picture.fp  # type: ignore[attr-defined]
    stream.seek(0)
    encoded = np.frombuffer(stream.read(), np.uint8)
    page = picture.tell()
    _, pages = cv2.imdecodemulti(encoded, cv2.IMREAD_UNCHANGED, range=(page, page + 1))
    if not pages or pages[0].dtype != np.uint16:
        raise _refusal(path, "its colours are damaged or stored in a way that is not supported")
    # OpenCV turns TIFF upright by itself and leaves PNG as it is.
    turn = _TURNED.get(1 if tags else picture.getexif().get(_ORIENTATION, 1), _TURNED[1])
    stored = turn(np.asarray(pages[0], np.uint16))
    if stored.shape[2] == 4:
        for row in stored:  # all at once would take eight bytes a colour
            row[:, :3] = row[:, :3] * row[:, 3:].astype(np.uint32) // 65535
        stored = stored[..., :3]
    if is_grey:
        return Frame(np.ascontiguousarray(stored[..., 0]), Photometric.MONOCHROME2, 16)
    colours = np.ascontiguousarray(stored)
    cv2.cvtColor(colours, cv2.COLOR_BGR2RGB, colours)
    return Frame(colours, Photometric.RGB, 16)


def _upright(picture: Image.Image) -> StoredArray:
    ImageOps.exif_transpose(picture, in_place=True)
    return np.array(picture)


def _over_black(picture: Image.Image, mode: str) -> NDArray[np.uint8]:
    """Pixels as grey or colour; a large picture is copied no more often than needed."""
    if not picture.has_transparency_data:
        return np.array(_as_mode(picture, mode), np.uint8)
    # Over black, a transparent colour is that colour times its opacity.
    multiplied = np.asarray(_as_mode(picture, f"{mode}A").convert(f"{mode}a"))
    values = multiplied[..., 0] if mode == "L" else multiplied[..., :3]
    return np.ascontiguousarray(values)


def _as_mode(picture: Image.Image, mode: str) -> Image.Image:
    return picture if picture.mode == mode else picture.convert(mode)


def _raw_mode(picture: Image.Image) -> str:
    """How Pillow names what the file holds, before it brings it to one of its own modes."""
    tiles = getattr(picture, "tile", None)
    if not tiles:
        return ""
    arguments = tiles[0][3]
    return str(arguments[0] if isinstance(arguments, tuple) else arguments)


def _several(tags: dict[int, Any], tag: int, default: int) -> tuple[int, ...]:
    value = tags.get(tag, default)
    return tuple(int(v) for v in value) if isinstance(value, tuple) else (int(value),)


def _first(tags: dict[int, Any], tag: int, default: int) -> int:
    return (_several(tags, tag, default) or (default,))[0]


def _refusal(path: Path, because: str) -> UnreadableFileError:
    cure = "Save it anew with 8 bits a colour, or in grey."
    return UnreadableFileError("Cannot read", because=because, cure=cure, path=path)

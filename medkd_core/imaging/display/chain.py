"""The display chain: stored values become brightness, in the one order that DICOM gives.

Stored value, modality transform, VOI window or LUT, MONOCHROME1 or INVERSE inversion, [0, 1]
(PS3.3 C.11.1, C.11.2, C.7.6.3.1.2). Padding is background and stays black. Colour is only scaled.

Whole films of up to 16 bits are windowed by table: `brightness_table` computes the chain once for
every possible stored value, and `display_bytes` looks each pixel up.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from medkd_core.imaging.display.values import (
    every_value,
    has_table,
    in_modality_units,
    is_padding,
    look_up,
    shows_low_as_bright,
)
from medkd_core.imaging.display.voi import Voi, apply_voi
from medkd_core.imaging.display.windows import default_voi
from medkd_core.imaging.frame import FloatArray, Frame, Photometric, StoredArray

ByteArray = NDArray[np.uint8]

_BLOCK_PIXELS = 2**16
"""Windowed at once where there is no table: what lies between the steps stays in the cache."""


def display_image(frame: Frame, voi: Voi | None = None, *, inverted: bool = False) -> FloatArray:
    """Brightness of a frame.

    Parameters
    ----------
    frame : Frame
    voi : Window or LookupTable, optional
        Default: the first of the file, else the full range of the picture. Colour ignores it.
    inverted : bool
        Exchange black and white of the picture; its background stays black.

    Returns
    -------
    float32, (rows, columns) or (rows, columns, 3), [0, 1]
    """
    if has_table(frame.stored):
        table = _brightness(every_value(frame.stored.dtype), frame, voi, inverted)
        return look_up(frame.stored, table.astype(np.float32))
    return _brightness(frame.stored, frame, voi, inverted).astype(np.float32, copy=False)


def display_bytes(
    frame: Frame,
    voi: Voi | None = None,
    stored: StoredArray | None = None,
    *,
    inverted: bool = False,
) -> ByteArray:
    """Brightness of a frame, or of a part of it, for the screen; fast enough to drag a window.

    Parameters
    ----------
    frame : Frame
    voi : Window or LookupTable, optional
        As in `display_image`.
    stored : ndarray, optional
        Stored values to show instead of all: a cut-out, or the frame at the screen's resolution.
        Same type as ``frame.stored``.
    inverted : bool
        As in `display_image`.

    Returns
    -------
    uint8, shape of `stored`, [0, 255]
    """
    part = frame.stored if stored is None else stored
    if has_table(part):
        return look_up(part, brightness_table(frame, voi, inverted=inverted))
    voi = voi or default_voi(frame)
    shown = np.empty(part.shape, np.uint8)
    rows = max(1, _BLOCK_PIXELS // part.shape[1])
    for top in range(0, part.shape[0], rows):
        block = slice(top, top + rows)
        shown[block] = _to_bytes(_brightness(part[block], frame, voi, inverted))
    return shown


def brightness_table(frame: Frame, voi: Voi | None = None, *, inverted: bool = False) -> ByteArray:
    """Brightness of every value that a frame of up to 16 bits can store.

    Parameters
    ----------
    frame : Frame
        Stored in an integer type of 8 or 16 bits.
    voi, inverted
        As in `display_image`.

    Returns
    -------
    uint8, (256,) or (65536,), [0, 255]
        Indexed by the bits of a stored value read as an unsigned number
        (``frame.stored.view("u2")`` for int16).
    """
    values = every_value(frame.stored.dtype)
    return _to_bytes(_brightness(values, frame, voi, inverted))


def _brightness(
    stored: StoredArray, frame: Frame, voi: Voi | None, inverted: bool
) -> NDArray[np.floating[Any]]:
    if frame.photometric is Photometric.RGB:
        return _scaled_colour(stored, frame.bits_stored, inverted)
    falling = shows_low_as_bright(frame) != inverted
    shown = apply_voi(in_modality_units(stored, frame), voi or default_voi(frame), falling=falling)
    if frame.padding is not None:
        shown[is_padding(stored, frame.padding)] = 0
    return shown


def _scaled_colour(stored: StoredArray, bits_stored: int, inverted: bool) -> FloatArray:
    # In place: a large film in colour takes 800 MB here.
    shown = stored.astype(np.float32)
    shown /= np.float32(2**bits_stored - 1)
    np.clip(shown, 0, 1, out=shown)
    return np.subtract(1, shown, out=shown) if inverted else shown


def _to_bytes(brightness: NDArray[np.floating[Any]]) -> ByteArray:
    # Rounds, and in one pass; a table has one axis, which OpenCV makes two.
    return np.asarray(cv2.convertScaleAbs(brightness, alpha=255)).reshape(brightness.shape)

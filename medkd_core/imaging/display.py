"""The display chain: stored values become brightness, in the one order that DICOM gives.

Stored value, modality transform, VOI window or LUT, MONOCHROME1 or INVERSE inversion, [0, 1]
(PS3.3 C.11.1, C.11.2, C.7.6.3.1.2). Padding is background and stays black. Colour is only scaled.

Whole films of up to 16 bits are windowed by table: `brightness_table` computes the chain once for
every possible stored value, and `display_bytes` looks each pixel up.
"""

from __future__ import annotations

import sys
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from medkd_core.imaging.display_voi import Voi, apply_voi, table_position
from medkd_core.imaging.frame import (
    FloatArray,
    Frame,
    LookupTable,
    Photometric,
    StoredArray,
    VoiFunction,
    Window,
)

ByteArray = NDArray[np.uint8]


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
    if _has_table(frame.stored):
        table = _brightness(_every_value(frame.stored.dtype), frame, voi, inverted)
        return _look_up(frame.stored, table.astype(np.float32))
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
    if _has_table(part):
        return _look_up(part, brightness_table(frame, voi, inverted=inverted))
    return _to_bytes(_brightness(part, frame, voi, inverted))


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
    values = _every_value(frame.stored.dtype)
    return _to_bytes(_brightness(values, frame, voi, inverted))


def modality_values(frame: Frame) -> NDArray[np.floating[Any]]:
    """Stored values in the units of the modality: Hounsfield units, optical density, ...

    Returns
    -------
    float32, (rows, columns), or float64 when stored in more than 16 bits
        Padding is transformed like any other value. Colour is returned as stored.
    """
    kind = np.float32 if frame.stored.dtype.itemsize <= 2 else np.float64
    if _has_table(frame.stored) and frame.photometric is not Photometric.RGB:
        table = _modality(_every_value(frame.stored.dtype), frame)
        return _look_up(frame.stored, table.astype(kind))
    return _modality(frame.stored, frame).astype(kind)


def default_voi(frame: Frame) -> Voi:
    """The first window or LUT of the file, else the full range of the picture."""
    return frame.voi[0] if frame.voi else full_window(frame)


def auto_window(frame: Frame, low: float = 1.0, high: float = 99.0) -> Window:
    """Window from the `low` to the `high` percentile of the picture, padding left out.

    Both ends are values that occur in the picture.
    """
    values, counts = _distribution(frame)
    lower, upper = np.percentile(values, [low, high], weights=counts, method="inverted_cdf")
    return _window_between(frame, float(lower), float(upper), "Auto")


def full_window(frame: Frame) -> Window:
    """Window from the smallest to the largest value of the picture, padding left out."""
    values, _ = _distribution(frame)
    return _window_between(frame, float(values.min()), float(values.max()), "Full range")


def voi_choices(frame: Frame) -> list[tuple[str, Voi]]:
    """Every way to look at a grey frame, by name: those of the file, then auto and full range.

    A name is the file's explanation, with a number where another has it already (upper and lower
    case are the same), so that each can be asked for. Empty for colour, which is shown as it is.
    """
    if frame.photometric is Photometric.RGB:
        return []
    choices: dict[str, tuple[str, Voi]] = {}
    for number, voi in enumerate(frame.voi, start=1):
        _add_choice(choices, _choice_name(voi, number), voi)
    for window in (auto_window(frame), full_window(frame)):
        _add_choice(choices, window.explanation, window)
    return list(choices.values())


def shows_low_as_bright(frame: Frame) -> bool:
    """Whether black and white are exchanged after the window.

    The Presentation LUT comes last and decides (PS3.3 C.11.6.1.2); without one MONOCHROME1 says
    so (C.7.6.3.1.2). A file in which they contradict each other is shown as highdicom shows it.
    """
    if frame.inverse_presentation is None:
        return frame.photometric is Photometric.MONOCHROME1
    return frame.inverse_presentation


def _brightness(
    stored: StoredArray, frame: Frame, voi: Voi | None, inverted: bool
) -> NDArray[np.floating[Any]]:
    if frame.photometric is Photometric.RGB:
        return _scaled_colour(stored, frame.bits_stored, inverted)
    falling = shows_low_as_bright(frame) != inverted
    shown = apply_voi(_modality(stored, frame), voi or default_voi(frame), falling=falling)
    if frame.padding is not None:
        shown[_is_padding(stored, frame.padding)] = 0
    return shown


def _modality(stored: StoredArray, frame: Frame) -> NDArray[np.floating[Any]]:
    """Float32 where that loses nothing, else float64."""
    transform = frame.modality
    if isinstance(transform, LookupTable):
        return transform.values[table_position(stored, transform)].astype(np.float64)
    if stored.dtype == np.float32 and (transform.slope, transform.intercept) == (1, 0):
        return np.asarray(stored, np.float32)
    return stored.astype(np.float64) * transform.slope + transform.intercept


def _distribution(frame: Frame) -> tuple[NDArray[np.float64], NDArray[np.int64] | None]:
    """Modality values that occur outside the padding, and how often; None: each once."""
    stored, counts = frame.stored, None
    if _has_table(stored):
        size = 2 ** (8 * stored.dtype.itemsize)
        of_each = np.bincount(_codes(stored).ravel(), minlength=size)
        stored, counts = _every_value(stored.dtype)[of_each > 0], of_each[of_each > 0]
    values = _modality(stored, frame)
    wanted = np.isfinite(values)
    if frame.padding is not None:
        wanted &= ~_is_padding(stored, frame.padding)
    if not wanted.any():
        return np.zeros(1), None
    return values[wanted], None if counts is None else counts[wanted]


def _is_padding(stored: StoredArray, padding: tuple[float, float]) -> NDArray[np.bool_]:
    low, high = padding
    values: NDArray[Any] = stored
    return np.asarray((values >= low) & (values <= high))


def _window_between(frame: Frame, low: float, high: float, explanation: str) -> Window:
    if high > low:
        # Halved first: the ends of what doubles can hold are further apart than that.
        center, width = low / 2 + high / 2, min(high - low, sys.float_info.max)
    else:
        # A picture of one value, as an empty mask is, shows black.
        width = max(1.0, abs(low))
        center = low - width / 2 if shows_low_as_bright(frame) else low + width / 2
    return Window(center, width, VoiFunction.LINEAR_EXACT, explanation)


def _add_choice(choices: dict[str, tuple[str, Voi]], name: str, voi: Voi) -> None:
    free, number = name, 1
    while free.casefold() in choices:
        number += 1
        free = f"{name} ({number})"
    choices[free.casefold()] = (free, voi)


def _choice_name(voi: Voi, number: int) -> str:
    if voi.explanation:
        return voi.explanation
    return f"Window {number}" if isinstance(voi, Window) else f"LUT {number}"


def _scaled_colour(stored: StoredArray, bits_stored: int, inverted: bool) -> FloatArray:
    shown = np.clip(stored.astype(np.float32) / np.float32(2**bits_stored - 1), 0, 1)
    return 1 - shown if inverted else shown


def _to_bytes(brightness: NDArray[np.floating[Any]]) -> ByteArray:
    # Rounds, and in one pass; a table has one axis, which OpenCV makes two.
    return np.asarray(cv2.convertScaleAbs(brightness, alpha=255)).reshape(brightness.shape)


def _has_table(stored: StoredArray) -> bool:
    return stored.dtype.kind in "iu" and stored.dtype.itemsize <= 2


def _every_value(kind: np.dtype[Any]) -> StoredArray:
    codes = np.arange(2 ** (8 * kind.itemsize), dtype=f"u{kind.itemsize}")
    return codes.view(kind)


def _look_up(stored: StoredArray, table: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(cv2.LUT(_codes(stored), table)).reshape(stored.shape)


def _codes(stored: StoredArray) -> NDArray[np.unsignedinteger[Any]]:
    return np.ascontiguousarray(stored).view(f"u{stored.dtype.itemsize}")

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

from medkd_core.imaging.frame import (
    FloatArray,
    Frame,
    LookupTable,
    Photometric,
    StoredArray,
    VoiFunction,
    Window,
)

Voi = Window | LookupTable
"""What may be chosen to look through: a window, or a VOI look-up table."""

ByteArray = NDArray[np.uint8]


def display_image(frame: Frame, voi: Voi | None = None) -> FloatArray:
    """Brightness of a frame.

    Parameters
    ----------
    frame : Frame
    voi : Window or LookupTable, optional
        Default: the first of the file, else the full range of the picture. Colour ignores it.

    Returns
    -------
    float32, (rows, columns) or (rows, columns, 3), [0, 1]
    """
    if frame.photometric is Photometric.RGB:
        return _scaled_colour(frame)
    if _has_table(frame.stored):
        table = _brightness(_every_value(frame.stored.dtype), frame, voi or default_voi(frame))
        return _look_up(frame.stored, table)
    return _brightness(frame.stored, frame, voi or default_voi(frame))


def display_bytes(
    frame: Frame, voi: Voi | None = None, stored: StoredArray | None = None
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

    Returns
    -------
    uint8, shape of `stored`, [0, 255]
    """
    shown = frame.stored if stored is None else stored
    if frame.photometric is not Photometric.RGB and _has_table(shown):
        return _look_up(shown, brightness_table(frame, voi))
    if frame.photometric is Photometric.RGB:
        return _to_bytes(_scaled_colour(frame, shown))
    return _to_bytes(_brightness(shown, frame, voi or default_voi(frame)))


def brightness_table(frame: Frame, voi: Voi | None = None) -> ByteArray:
    """Brightness of every value that a grey frame of up to 16 bits can store.

    Parameters
    ----------
    frame : Frame
        Grey, stored in an integer type of 8 or 16 bits.
    voi : Window or LookupTable, optional
        As in `display_image`.

    Returns
    -------
    uint8, (256,) or (65536,), [0, 255]
        Indexed by the bits of a stored value read as an unsigned number
        (``frame.stored.view("u2")`` for int16).
    """
    values = _every_value(frame.stored.dtype)
    return _to_bytes(_brightness(values, frame, voi or default_voi(frame)))


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
    return _window_between(float(lower), float(upper), "Auto")


def full_window(frame: Frame) -> Window:
    """Window from the smallest to the largest value of the picture, padding left out."""
    values, _ = _distribution(frame)
    return _window_between(float(values.min()), float(values.max()), "Full range")


def voi_choices(frame: Frame) -> list[tuple[str, Voi]]:
    """Every way to look at a grey frame, by name: those of the file, then auto and full range.

    Empty for colour, which is shown as it is.
    """
    if frame.photometric is Photometric.RGB:
        return []
    acquired = [(_choice_name(voi, i), voi) for i, voi in enumerate(frame.voi, start=1)]
    computed = [auto_window(frame), full_window(frame)]
    return acquired + [(window.explanation, window) for window in computed]


def apply_voi(values: NDArray[Any], voi: Voi) -> NDArray[np.float64]:
    """Values of the modality through a window or VOI LUT (PS3.3 C.11.2.1.2, C.11.2.1.3).

    Parameters
    ----------
    values : ndarray of any shape
    voi : Window or LookupTable
        A table is entered with the nearest integer.

    Returns
    -------
    float64, same shape, [0, 1]
    """
    if isinstance(voi, LookupTable):
        full_scale = float(2**voi.bits - 1)
        return np.clip(_through_table(np.rint(values), voi) / full_scale, 0.0, 1.0)
    return _WINDOW_FUNCTIONS[voi.function](np.asarray(values, np.float64), voi)


def _linear(values: NDArray[np.float64], window: Window) -> NDArray[np.float64]:
    if window.width <= 1:
        return (values > window.center - 0.5).astype(np.float64)
    ramp = (values - (window.center - 0.5)) / (window.width - 1) + 0.5
    return np.clip(ramp, 0.0, 1.0)


def _linear_exact(values: NDArray[np.float64], window: Window) -> NDArray[np.float64]:
    return np.clip((values - window.center) / window.width + 0.5, 0.0, 1.0)


def _sigmoid(values: NDArray[np.float64], window: Window) -> NDArray[np.float64]:
    # Beyond an exponent of 500 the result is 0 in every float type; exp would overflow.
    exponent = np.clip(-4.0 * (values - window.center) / window.width, -500.0, 500.0)
    return 1.0 / (1.0 + np.exp(exponent))


_WINDOW_FUNCTIONS = {
    VoiFunction.LINEAR: _linear,
    VoiFunction.LINEAR_EXACT: _linear_exact,
    VoiFunction.SIGMOID: _sigmoid,
}


def _brightness(stored: StoredArray, frame: Frame, voi: Voi) -> FloatArray:
    shown = apply_voi(_modality(stored, frame), voi)
    if frame.photometric is Photometric.MONOCHROME1 or frame.inverse_presentation:
        shown = 1.0 - shown
    if frame.padding is not None:
        shown[_is_padding(stored, frame.padding)] = 0.0
    return np.nan_to_num(shown, nan=0.0, copy=False).astype(np.float32)


def _modality(stored: StoredArray, frame: Frame) -> NDArray[np.float64]:
    if isinstance(frame.modality, LookupTable):
        return _through_table(stored, frame.modality)
    return stored.astype(np.float64) * frame.modality.slope + frame.modality.intercept


def _through_table(values: NDArray[Any], table: LookupTable) -> NDArray[np.float64]:
    index = np.clip(values.astype(np.int64) - table.first, 0, len(table.values) - 1)
    return table.values[index].astype(np.float64)


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


def _window_between(low: float, high: float, explanation: str) -> Window:
    width = high - low if high > low else 1.0
    return Window((low + high) / 2, width, VoiFunction.LINEAR_EXACT, explanation)


def _choice_name(voi: Voi, number: int) -> str:
    if voi.explanation:
        return voi.explanation
    return f"Window {number}" if isinstance(voi, Window) else f"LUT {number}"


def _scaled_colour(frame: Frame, stored: StoredArray | None = None) -> FloatArray:
    shown = frame.stored if stored is None else stored
    brightest = np.float32(2**frame.bits_stored - 1)
    return np.clip(shown.astype(np.float32) / brightest, 0.0, 1.0)


def _to_bytes(brightness: FloatArray) -> ByteArray:
    return np.rint(brightness * 255).astype(np.uint8)


def _has_table(stored: StoredArray) -> bool:
    return stored.dtype.kind in "iu" and stored.dtype.itemsize <= 2


def _every_value(kind: np.dtype[Any]) -> StoredArray:
    codes = np.arange(2 ** (8 * kind.itemsize), dtype=f"u{kind.itemsize}")
    return codes.view(kind)


def _look_up(stored: StoredArray, table: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(cv2.LUT(_codes(stored), table)).reshape(stored.shape)


def _codes(stored: StoredArray) -> NDArray[np.unsignedinteger[Any]]:
    return np.ascontiguousarray(stored).view(f"u{stored.dtype.itemsize}")

"""What stored values mean: the units of the modality, padding, and how often each occurs."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from medkd_core.imaging.display.voi import Values, table_position
from medkd_core.imaging.frame import Frame, LookupTable, Photometric, StoredArray

_EXACT_IN_FLOAT32 = 2**24


def modality_values(frame: Frame) -> NDArray[np.floating[Any]]:
    """Stored values in the units of the modality: Hounsfield units, optical density, ...

    Returns
    -------
    float32, (rows, columns), or float64 when stored in more than 16 bits
        Padding is transformed like any other value. Colour is returned as stored.
    """
    kind = np.float32 if frame.stored.dtype.itemsize <= 2 else np.float64
    if has_table(frame.stored) and frame.photometric is not Photometric.RGB:
        table = in_modality_units(every_value(frame.stored.dtype), frame)
        return look_up(frame.stored, table.astype(kind))
    return in_modality_units(frame.stored, frame).astype(kind)


def shows_low_as_bright(frame: Frame) -> bool:
    """Whether black and white are exchanged after the window.

    The Presentation LUT comes last and decides (PS3.3 C.11.6.1.2); without one MONOCHROME1 says
    so (C.7.6.3.1.2). A file in which they contradict each other is shown as highdicom shows it.
    """
    if frame.inverse_presentation is None:
        return frame.photometric is Photometric.MONOCHROME1
    return frame.inverse_presentation


def in_modality_units(stored: StoredArray, frame: Frame) -> NDArray[np.floating[Any]]:
    """Any stored values of a grey frame after its modality transform (PS3.3 C.11.1).

    Returns
    -------
    float32 where that loses nothing, else float64; same shape
    """
    transform = frame.modality
    if isinstance(transform, LookupTable):
        return transform.values[table_position(stored, transform)].astype(np.float64)
    if stored.dtype == np.float32 and (transform.slope, transform.intercept) == (1, 0):
        return np.asarray(stored, np.float32)
    # A file may give figures with which values overflow; they are infinite then.
    with np.errstate(over="ignore", invalid="ignore"):
        return stored.astype(np.float64) * transform.slope + transform.intercept


def is_padding(stored: StoredArray, padding: tuple[float, float]) -> NDArray[np.bool_]:
    """Which stored values mean "no picture here"."""
    low, high = padding
    values: NDArray[Any] = stored
    return np.asarray((values >= low) & (values <= high))


def distribution(frame: Frame) -> tuple[Values, NDArray[np.int64] | None]:
    """Finite modality values that occur outside the padding, and how often; None: each once.

    A frame without any gives a single 0.
    """
    stored, counts = frame.stored, None
    if has_table(stored):
        of_each = _histogram(_codes(stored))
        stored, counts = every_value(stored.dtype)[of_each > 0], of_each[of_each > 0]
    values = in_modality_units(stored, frame)
    wanted = np.isfinite(values)
    if frame.padding is not None:
        wanted &= ~is_padding(stored, frame.padding)
    if not wanted.any():
        return np.zeros(1), None
    if wanted.all():
        return values.ravel(), counts
    return values[wanted], None if counts is None else counts[wanted]


def has_table(stored: StoredArray) -> bool:
    """Whether there are so few possible values that all can be listed."""
    return stored.dtype.kind in "iu" and stored.dtype.itemsize <= 2


def every_value(kind: np.dtype[Any]) -> StoredArray:
    """Every value that an integer type of up to 16 bits holds, by its bits read as unsigned."""
    codes = np.arange(2 ** (8 * kind.itemsize), dtype=f"u{kind.itemsize}")
    return codes.view(kind)


def look_up(stored: StoredArray, table: NDArray[Any]) -> NDArray[Any]:
    """What a table that was made of `every_value` has for each stored value."""
    return np.asarray(cv2.LUT(_codes(stored), table)).reshape(stored.shape)


def _histogram(codes: NDArray[np.unsignedinteger[Any]]) -> NDArray[np.int64]:
    size = 2 ** (8 * codes.itemsize)
    if codes.size > _EXACT_IN_FLOAT32:
        return np.bincount(codes.ravel(), minlength=size)
    # Counts in float32, and many times faster.
    return cv2.calcHist([codes], [0], None, [size], [0, size]).ravel().astype(np.int64)


def _codes(stored: StoredArray) -> NDArray[np.unsignedinteger[Any]]:
    return np.ascontiguousarray(stored).view(f"u{stored.dtype.itemsize}")

"""Values of the modality through a window or VOI look-up table (PS3.3 C.11.2.1)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from medkd_core.imaging.frame import LookupTable, VoiFunction, Window

Voi = Window | LookupTable
"""What may be chosen to look through: a window, or a VOI look-up table."""

Values = NDArray[np.floating[Any]]

_STEEPEST = 1e300
"""Of a window so narrow that its slope would not be finite."""
_FAR = 1e30


def apply_voi(values: NDArray[Any], voi: Voi, *, falling: bool = False) -> Values:
    """Values of the modality through a window or VOI LUT (PS3.3 C.11.2.1.1 to C.11.2.1.3).

    Parameters
    ----------
    values : ndarray of any shape
    voi : Window or LookupTable
        A table is entered with the whole number below, as pydicom does: the standard knows only
        whole numbers here, but a rescale may have given others.
    falling : bool
        Low values become bright (MONOCHROME1).

    Returns
    -------
    float32 where `values` are float32 (but for absurd windows), else float64; same shape, [0, 1]
        What is not a number becomes 0, also when falling.
    """
    if values.dtype != np.float32 or not _fits_float32(voi):
        values = values.astype(np.float64, copy=False)
    # A pixel may be infinite, or so far off the window that its distance overflows.
    with np.errstate(over="ignore", invalid="ignore"):
        if isinstance(voi, LookupTable):
            shown = _through_table(values, voi, falling)
        else:
            shown = _WINDOW_FUNCTIONS[voi.function](values, voi, falling)
    absent = np.isnan(values)
    if absent.any():
        shown[absent] = 0
    return shown


def table_position(values: NDArray[Any], table: LookupTable) -> NDArray[np.intp]:
    """Which entry of a table each value is mapped to; beyond its ends: the first or the last.

    Parameters
    ----------
    values : ndarray of whole numbers, also as floats; what is not a number takes the first entry.
    """
    position = np.clip(values.astype(np.float64) - table.first, 0, len(table.values) - 1)
    return np.nan_to_num(position, copy=False, nan=0.0).astype(np.intp)


def table_window(table: LookupTable) -> Window:
    """The window that looks most like a VOI LUT, where a drag goes on from.

    It is the straight line through the places where the table has risen by a tenth and by nine
    tenths of its whole rise: exactly the table where that is straight, its steep middle where it
    has a toe and a shoulder. Of a falling table it covers the same values.
    """
    levels = table.values.astype(np.float64)
    reached = np.maximum.accumulate(levels if levels[-1] >= levels[0] else levels[::-1])
    rise = reached[-1] - reached[0]
    if rise == 0:
        middle = table.first + (len(levels) - 1) / 2
        return Window(middle, float(max(len(levels) - 1, 1)), VoiFunction.LINEAR_EXACT)
    tenth, nine_tenths = (_place_of(reached[0] + share * rise, reached) for share in (0.1, 0.9))
    if levels[-1] < levels[0]:
        tenth, nine_tenths = len(levels) - 1 - nine_tenths, len(levels) - 1 - tenth
    center = table.first + (tenth + nine_tenths) / 2
    return Window(center, max((nine_tenths - tenth) / 0.8, 1.0), VoiFunction.LINEAR_EXACT)


def _place_of(level: float, reached: NDArray[np.float64]) -> float:
    """Where along a rising row a level is passed, between two entries."""
    after = int(np.searchsorted(reached, level))
    before = reached[after - 1]
    return float(after - 1 + (level - before) / (reached[after] - before))


def _fits_float32(voi: Voi) -> bool:
    """Whether neither the figures of a window nor their inverse leave float32."""
    if isinstance(voi, LookupTable):
        return True
    return abs(voi.center) < _FAR and 1 / _FAR < voi.width < _FAR


def _through_table(values: Values, table: LookupTable, falling: bool) -> Values:
    levels = np.clip(table.values / float(2**table.bits - 1), 0.0, 1.0).astype(values.dtype)
    if falling:
        levels = 1 - levels
    return levels[table_position(np.floor(values), table)]


def _linear(values: Values, window: Window, falling: bool) -> Values:
    if window.width <= 1:
        edge = window.center - 0.5
        return (values <= edge if falling else values > edge).astype(values.dtype)
    return _ramp(values, window.center - 0.5, window.width - 1, falling)


def _linear_exact(values: Values, window: Window, falling: bool) -> Values:
    return _ramp(values, window.center, window.width, falling)


def _sigmoid(values: Values, window: Window, falling: bool) -> Values:
    exponent = _distance(values, window.center, 4 / window.width, not falling)
    # Beyond this the result is 0 in 8 bits many times over; exp would overflow.
    np.clip(exponent, -80, 80, out=exponent)
    np.exp(exponent, out=exponent)
    exponent += 1
    return np.reciprocal(exponent, out=exponent)


def _ramp(values: Values, center: float, width: float, falling: bool) -> Values:
    ramp = _distance(values, center, 1 / width, falling)
    ramp += 0.5
    return np.clip(ramp, 0, 1, out=ramp)


def _distance(values: Values, center: float, steepness: float, falling: bool) -> Values:
    """Scaled distance from the centre. It runs at every drag, so it works in place."""
    steepness = min(steepness, _STEEPEST) * (-1 if falling else 1)
    # A centre far from 0 is not exact in float32; what is lost is small, and added afterwards.
    near = values.dtype.type(center)
    distance = values - near
    distance *= steepness
    distance -= (center - float(near)) * steepness
    return distance


_WINDOW_FUNCTIONS = {
    VoiFunction.LINEAR: _linear,
    VoiFunction.LINEAR_EXACT: _linear_exact,
    VoiFunction.SIGMOID: _sigmoid,
}

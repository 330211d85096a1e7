"""What the pixels inside an ellipse or rectangle hold."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from medkd_core.imaging.display.values import in_modality_units
from medkd_core.imaging.frame import Frame, Photometric, Rescale
from medkd_viewer.measuring.measurement import Kind, Measurement

Mask = NDArray[np.uint8]
_CHANNELS = ("R", "G", "B")


@dataclass(frozen=True, slots=True)
class Statistics:
    """Of one channel, in the unit of the modality; colour as stored.

    Attributes
    ----------
    channel : str
        ``"R"``, ``"G"``, ``"B"``; empty on grey films.
    mean, deviation, lowest, highest : float
        The deviation is that of these pixels, not an estimate (divided by their number).
    """

    channel: str
    mean: float
    deviation: float
    lowest: float
    highest: float


@dataclass(frozen=True, slots=True)
class RegionStatistics:
    """Of all pixels inside, channel by channel; no channel when there is no pixel.

    Attributes
    ----------
    count : int
        Pixels inside that hold a picture.
    channels : tuple of Statistics
    """

    count: int
    channels: tuple[Statistics, ...]


def region_statistics(frame: Frame, region: Measurement) -> RegionStatistics:
    """Statistics of the pixels inside an ellipse or rectangle.

    A pixel is inside when its centre, (column + 0.5, row + 0.5), lies inside the outline or on it.
    Padding, and what is no finite number, is left out.

    Parameters
    ----------
    frame : Frame
    region : Measurement
        An ellipse or rectangle.
    """
    top, bottom, left, right = _box(region, frame)
    if top >= bottom or left >= right:
        return RegionStatistics(0, ())
    cut = replace(frame, stored=frame.stored[top:bottom, left:right])
    mask = _mask(cut, region, left, top)
    count = cv2.countNonZero(mask)
    if not count:
        return RegionStatistics(0, ())
    if frame.photometric is Photometric.RGB:
        channels = (cv2.extractChannel(cut.stored, i) for i in range(len(_CHANNELS)))
        pairs = zip(_CHANNELS, channels, strict=True)
        return RegionStatistics(count, tuple(_quick(v, mask, name) for name, v in pairs))
    return RegionStatistics(count, (_grey(cut, mask),))


def _box(region: Measurement, frame: Frame) -> tuple[int, int, int, int]:
    """Rows and columns, from and to, of the pixels whose centres lie in the box of a region."""
    (x0, y0), (x1, y1) = region.points
    sides = ((y0, y1, frame.rows), (x0, x1, frame.columns))
    ends = (
        (max(0, math.ceil(min(a, b) - 0.5)), math.floor(max(a, b) - 0.5), n) for a, b, n in sides
    )
    (top, bottom), (left, right) = ((first, min(last, n - 1) + 1) for first, last, n in ends)
    return top, bottom, left, right


def _mask(cut: Frame, region: Measurement, left: int, top: int) -> Mask:
    shape = (cut.rows, cut.columns)
    inside = _in_ellipse(region, shape, left, top) if region.kind is Kind.ELLIPSE else None
    mask = np.ones(shape, bool) if inside is None else inside
    if cut.padding is not None and cut.photometric is not Photometric.RGB:
        low, high = cut.padding
        stored: NDArray[Any] = cut.stored
        mask &= (stored < low) | (stored > high)
    if cut.stored.dtype.kind == "f":
        mask &= np.isfinite(cut.stored)
    return mask.view(np.uint8)


def _in_ellipse(
    region: Measurement, shape: tuple[int, int], left: int, top: int
) -> NDArray[np.bool_]:
    (x0, y0), (x1, y1) = region.points
    across = (np.arange(shape[1]) + left + 0.5 - (x0 + x1) / 2) * 2 / (x1 - x0 or 1.0)
    down = (np.arange(shape[0]) + top + 0.5 - (y0 + y1) / 2) * 2 / (y1 - y0 or 1.0)
    return np.asarray((across**2)[None, :] <= (1 - down**2)[:, None])


def _grey(cut: Frame, mask: Mask) -> Statistics:
    if isinstance(cut.modality, Rescale) and cut.stored.dtype in (np.uint8, np.uint16, np.int16):
        return _rescaled(_quick(cut.stored, mask), cut.modality)
    values = in_modality_units(cut.stored[mask.view(bool)], cut).astype(np.float64)
    figures = (values.mean(), values.std(), values.min(), values.max())
    return Statistics("", *map(float, figures))


def _quick(stored: NDArray[Any], mask: Mask, channel: str = "") -> Statistics:
    mean, deviation = cv2.meanStdDev(stored, mask=mask)
    lowest, highest, _, _ = cv2.minMaxLoc(stored, mask=mask)
    return Statistics(channel, float(mean[0, 0]), float(deviation[0, 0]), lowest, highest)


def _rescaled(stored: Statistics, rescale: Rescale) -> Statistics:
    ends = sorted(v * rescale.slope + rescale.intercept for v in (stored.lowest, stored.highest))
    mean = stored.mean * rescale.slope + rescale.intercept
    return Statistics(stored.channel, mean, stored.deviation * abs(rescale.slope), *ends)

"""The bar that says how large things are: in mm with how that is known, else in pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from medkd_core.imaging.frame import Spacing, SpacingBasis
from medkd_viewer.reading.painting import EDGE, draw_edged_text
from medkd_viewer.reading.viewport import PaneGeometry
from medkd_viewer.theme import colour

_TICK, _SMALL_TICK = 8.0, 4.0
BAR_WIDTH = _TICK + 6
"""What the bar takes at the edge of a pane, in pixels."""
_LABEL_GAP, _LABEL_HEIGHT = 5, 17
_SHORTEST = 24.0


@dataclass(frozen=True, slots=True)
class ScaleBar:
    """An upright bar.

    Attributes
    ----------
    length : float
        In the pane's pixels.
    parts : int
        Its ticks divide it into so many alike.
    label : str
        Its length, and how that is known where it is in mm.
    """

    length: float
    parts: int
    label: str


def scale_bar(spacing: Spacing | None, geometry: PaneGeometry, longest: float) -> ScaleBar | None:
    """The longest bar of a round length that fits; None where none does.

    Parameters
    ----------
    spacing : Spacing or None
        As lengths on the film, the bar is in pixels where nobody knows what millimetres mean.
    geometry : PaneGeometry
    longest : float
        In the pane's pixels.
    """
    in_mm = spacing is not None and spacing.basis is not SpacingBasis.UNKNOWN
    # Film pixels stand in their true proportions: a millimetre is as long in every direction.
    unit = geometry.scale / spacing.column_mm if in_mm and spacing else _pixel_height(geometry)
    if not (math.isfinite(unit) and unit > 0 and longest > _SHORTEST):
        return None
    wanted, parts = _round_length(longest / unit)
    return ScaleBar(wanted * unit, parts, _label(wanted, spacing if in_mm else None))


def scale_bar_boxes(
    right: float, middle: float, bar: ScaleBar, metrics: QFontMetricsF
) -> tuple[QRectF, QRectF]:
    """What the bar and its label cover."""
    ruler = QRectF(right - BAR_WIDTH, middle - bar.length / 2, BAR_WIDTH, bar.length)
    width = metrics.horizontalAdvance(bar.label) + 4
    top = round(ruler.top()) + 0.5 + bar.length + _LABEL_GAP
    return ruler, QRectF(right - width, top, width, _LABEL_HEIGHT)


def draw_scale_bar(painter: QPainter, right: float, middle: float, bar: ScaleBar) -> None:
    """Paint the bar at `right` with its label below it."""
    top = round(middle - bar.length / 2) + 0.5
    x = round(right) - 0.5
    lines = [QLineF(x, top, x, top + bar.length)]
    for number in range(bar.parts + 1):
        y = top + bar.length * number / bar.parts
        tick = _TICK if number in (0, bar.parts) else _SMALL_TICK
        lines.append(QLineF(x - tick, y, x, y))
    for pen in (QPen(EDGE, 3), QPen(colour("text"), 1)):
        pen.setCapStyle(Qt.PenCapStyle.SquareCap)
        painter.setPen(pen)
        painter.drawLines(lines)
    _, place = scale_bar_boxes(right, middle, bar, QFontMetricsF(painter.font()))
    draw_edged_text(painter, place, Qt.AlignmentFlag.AlignRight.value, bar.label)


def _pixel_height(geometry: PaneGeometry) -> float:
    """Pane pixels that a pixel of the film measures along the upright bar."""
    lies_down = geometry.viewport.quarter_turns % 2
    return geometry.scale if lies_down else geometry.scale * geometry.aspect


def _round_length(longest: float) -> tuple[float, int]:
    """The largest of 1, 2 and 5 times a power of ten, and into how many parts it is divided."""
    power = 10.0 ** math.floor(math.log10(longest))
    for first, parts in ((5, 5), (2, 4)):
        if first * power <= longest:
            return first * power, parts
    return power, 10


def _label(length: float, spacing: Spacing | None) -> str:
    if spacing is None:
        return f"{length:g} px"
    return f"{length:g} mm, {basis_words(spacing)}"


def basis_words(spacing: Spacing) -> str:
    """How a spacing is known: ``"calibrated"``, ``"at detector"``, ``"basis unknown"``."""
    known = spacing.basis.value
    return "basis unknown" if known == "unknown" else known

"""A card with curves over epochs, and the yardsticks that they are read against."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import pyqtgraph
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QFont

from medkd_viewer.theme import COLOURS, shade
from medkd_viewer.training.card import Card, label

LEAST_SPREAD = 0.1
"""Values nearer than that are not drawn apart as if they differed; their axis stays readable."""


@dataclass(frozen=True)
class Curve:
    """One line of a plot.

    Attributes
    ----------
    colour : str
        A name of the theme, or a colour of no theme.
    points : tuple of (float, float)
        Epoch (from 1) and value, in order; values that are not finite are left out of the drawing.
    yardstick : bool
        One value for all epochs, drawn as a dashed line.
    """

    label: str
    colour: str
    points: tuple[tuple[float, float], ...]
    yardstick: bool = False

    def value_at(self, epoch: float | None) -> float | None:
        """Value at `epoch`, the latest for None; None where the curve has no point."""
        if not self.points:
            return None
        if epoch is None or self.yardstick:
            return self.points[-1][1]
        return next((value for at, value in self.points if abs(at - epoch) < 0.5), None)


class CurvePlot(Card):
    """Curves over epochs that fill their card, with a legend that tells their values.

    Parameters
    ----------
    bounds : (float, float)
        The axis never reaches beyond these: ``(0, 1)`` for a share.
    """

    def __init__(
        self, heading: str, bounds: tuple[float, float] = (-math.inf, math.inf), decimals: int = 3
    ) -> None:
        super().__init__(heading)
        self.curves: tuple[Curve, ...] = ()
        self._bounds, self._decimals = bounds, decimals
        self.legend = label()
        self.legend.setTextFormat(Qt.TextFormat.RichText)
        self.legend.setWordWrap(True)
        self.plot = _empty_plot(heading)
        self.body.addWidget(self.legend)
        self.body.addWidget(self.plot, 1)
        self._pointer = pyqtgraph.InfiniteLine()
        self._epochs = 1
        self._now: int | None = None
        self._dress()
        self.plot.scene().sigMouseMoved.connect(self._follow_pointer)

    def show_curves(self, curves: Sequence[Curve], *, epochs: int, now: int | None) -> None:
        """Draw the curves.

        Parameters
        ----------
        epochs : int
            Planned number of epochs: the width of the plot.
        now : int or None
            The epoch reached, marked by a dashed line while the run is not over.
        """
        self.curves = tuple(finite for curve in curves if (finite := _finite(curve)).points)
        self._epochs, self._now = max(epochs, 1), now
        self.plot.setXRange(0, self._epochs, padding=0.05)
        self.plot.getAxis("bottom").setTicks([_epoch_ticks(self._epochs)])
        self._draw_curves()
        self.plot.setYRange(*_height(self.curves, self._bounds), padding=0)
        self.plot.setAccessibleDescription(_spoken(self.curves))

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Take on the colours of another theme."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.StyleChange:
            self._dress()
            self._draw_curves()

    def _dress(self) -> None:
        self.plot.setBackground(COLOURS["panel"])
        self._pointer.setPen(COLOURS["third"])
        for side in ("left", "bottom"):
            axis = self.plot.getAxis(side)
            axis.setPen(COLOURS["line"])
            axis.setTickPen(COLOURS["second" if side == "left" else "panel"])
            axis.setTextPen(COLOURS["second"])

    def _draw_curves(self) -> None:
        self.plot.clear()
        # The run itself lies above its yardsticks.
        for curve in reversed(self.curves):
            _draw(self.plot, curve, self._epochs)
        if self._now is not None:
            pen = pyqtgraph.mkPen(COLOURS["third"], style=Qt.PenStyle.DashLine)
            self.plot.addItem(pyqtgraph.InfiniteLine(self._now, pen=pen))
        self._tell_values(None)

    def _follow_pointer(self, position: QPointF) -> None:
        view = self.plot.getPlotItem().getViewBox()
        inside = bool(self.curves) and view.sceneBoundingRect().contains(position)
        self._tell_values(round(view.mapSceneToView(position).x()) if inside else None)

    def _tell_values(self, epoch: int | None) -> None:
        self.plot.removeItem(self._pointer)
        if epoch is not None:
            self._pointer.setPos(epoch)
            self.plot.addItem(self._pointer, ignoreBounds=True)
        entries = [self._legend_entry(curve, epoch) for curve in self.curves]
        if epoch is not None:
            entries.append(f"epoch {epoch}")
        self.legend.setText("&nbsp;&nbsp;&nbsp; ".join(entries) or "no epoch is done yet")

    def _legend_entry(self, curve: Curve, epoch: int | None) -> str:
        value = curve.value_at(epoch)
        figure = "–" if value is None else f"{value:.{self._decimals}f}"
        sign = "╍" if curve.yardstick else "━"
        name = escape(curve.label).replace(" ", "&nbsp;")
        return (
            f"<span style='color:{shade(curve.colour)}'>{sign}</span>&nbsp;{name}"
            f"&nbsp;<span style='color:{COLOURS['text']}'>{figure}</span>"
        )


def _finite(curve: Curve) -> Curve:
    points = tuple(point for point in curve.points if math.isfinite(point[1]))
    return Curve(curve.label, curve.colour, points, curve.yardstick)


def _draw(plot: pyqtgraph.PlotWidget, curve: Curve, epochs: int) -> None:
    x, y = zip(*curve.points, strict=True)
    colour = shade(curve.colour)
    # Pens of a plot are measured in device pixels, whatever the scale of the screen.
    width = 2 * plot.devicePixelRatioF()
    if curve.yardstick:
        pen = pyqtgraph.mkPen(colour, width=0.75 * width, style=Qt.PenStyle.DashLine)
        plot.plot([0, epochs], [y[-1], y[-1]], pen=pen)
        return
    plot.plot(x, y, pen=pyqtgraph.mkPen(colour, width=width), antialias=True)
    plot.plot(x[-1:], y[-1:], pen=None, symbol="o", symbolSize=7, symbolPen=None,
              symbolBrush=colour)  # fmt: skip


def _epoch_ticks(epochs: int) -> list[tuple[float, str]]:
    middle = epochs // 2
    words = {0: "0", epochs: str(epochs)} | ({middle: f"epoch {middle}"} if middle else {})
    return [(float(epoch), word) for epoch, word in words.items()]


def _height(curves: Sequence[Curve], bounds: tuple[float, float]) -> tuple[float, float]:
    values = [value for curve in curves for _, value in curve.points] or [0.0, 1.0]
    middle = (max(values) + min(values)) / 2
    spread = max(max(values) - min(values), LEAST_SPREAD)
    room, reach = 0.1 * spread, 0.6 * spread
    # A little more than the bounds, or the figure at the bound itself has no room.
    return max(middle - reach, bounds[0]), min(middle + reach, bounds[1] + room / 2)


def _spoken(curves: Sequence[Curve]) -> str:
    return "; ".join(
        f"{curve.label} {curve.points[-1][1]:.3f} at epoch {curve.points[-1][0]:g}"
        for curve in curves
    )


def _empty_plot(name: str) -> pyqtgraph.PlotWidget:
    plot = pyqtgraph.PlotWidget()
    plot.setAccessibleName(name)
    plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    plot.setAntialiasing(True)
    plot.setMinimumSize(160, 100)
    plot.setMouseEnabled(x=False, y=False)
    plot.setMenuEnabled(False)
    plot.hideButtons()
    plot.getPlotItem().showGrid(y=True, alpha=0.12)
    font = QFont()
    font.setPixelSize(11)
    for side in ("left", "bottom"):
        axis = plot.getAxis(side)
        axis.setStyle(tickFont=font, tickLength=0, maxTickLevel=0, hideOverlappingLabels=False)
    plot.getAxis("left").setWidth(34)
    plot.getAxis("bottom").setHeight(20)
    return plot

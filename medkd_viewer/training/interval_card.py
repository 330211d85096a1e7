"""Finished runs on one axis: a figure and its interval for each."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from medkd_viewer.theme import colour, shade, ui_font
from medkd_viewer.training.card import Card, label
from medkd_viewer.training.comparison_table import KIND_WORDS
from medkd_viewer.training.run_curves import BASELINE, TRAIN

SHOWN = 12
"""More runs than these are not told apart at a glance: the best are shown."""
SHADES = {"teacher": TRAIN, "student": BASELINE, "distill": "violet"}
NAMES_WIDTH = 200
RIGHT_ROOM = 24
AXIS_HEIGHT = 24
ROW_HEIGHTS = (22, 48)
"""Least and most, in device-independent pixels."""
TICKS = (0.05, 0.1, 0.2)


@dataclass(frozen=True)
class Measured:
    """A run's figure, [0, 1], with its interval where one was measured."""

    name: str
    kind: str
    value: float
    interval: tuple[float, float] | None

    @property
    def low(self) -> float:
        """The lower end of the whisker."""
        return self.interval[0] if self.interval else self.value

    @property
    def high(self) -> float:
        """The upper end of the whisker."""
        return self.interval[1] if self.interval else self.value

    @property
    def sentence(self) -> str:
        """For a screen reader."""
        return f"{self.name} {self.value:.3f}, {self.low:.3f} to {self.high:.3f}"


class IntervalCard(Card):
    """Dots with whiskers, the best run above."""

    def __init__(self, heading: str) -> None:
        super().__init__(heading)
        self.chart = IntervalChart()
        self._legend = label(_legend())
        self._legend.setTextFormat(Qt.TextFormat.RichText)
        self.body.addWidget(self._legend)
        self.body.addWidget(self.chart, 1)

    def show_measured(self, measured: Sequence[Measured]) -> None:
        """Show the best of these runs."""
        best_first = sorted(measured, key=lambda run: run.value, reverse=True)
        self.chart.show_measured(best_first[:SHOWN])

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Take on the colours of another theme."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.StyleChange:
            self._legend.setText(_legend())


class IntervalChart(QWidget):
    """Rows over one axis that spans all intervals."""

    def __init__(self) -> None:
        super().__init__()
        self.measured: tuple[Measured, ...] = ()
        self._low, self._high, self._tick = 0.0, 1.0, TICKS[-1]
        self.setAccessibleName("Figures with their intervals")

    def show_measured(self, measured: Sequence[Measured]) -> None:
        """Show these rows, in this order."""
        self.measured = tuple(measured)
        low = min((run.low for run in measured), default=0.0)
        high = max((run.high for run in measured), default=1.0)
        self._tick = next((tick for tick in TICKS if high - low <= 5 * tick), TICKS[-1])
        self._low = math.floor(low / self._tick) * self._tick
        self._high = (
            max(math.ceil(high / self._tick), math.floor(low / self._tick) + 1) * self._tick
        )
        self.setMinimumHeight(AXIS_HEIGHT + ROW_HEIGHTS[0] * len(measured))
        self.setAccessibleDescription("; ".join(run.sentence for run in measured))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Draw the axis, then a row for each run."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        height = (self.height() - AXIS_HEIGHT) / max(len(self.measured), 1)
        height = min(max(height, ROW_HEIGHTS[0]), ROW_HEIGHTS[1])
        self._paint_axis(painter, height * len(self.measured))
        for row, run in enumerate(self.measured):
            self._paint_run(painter, run, QRectF(0, row * height, self.width(), height))

    def _x(self, value: float) -> float:
        width = self.width() - NAMES_WIDTH - RIGHT_ROOM
        return NAMES_WIDTH + (value - self._low) / (self._high - self._low) * width

    def _ticks(self) -> Iterator[float]:
        count = round((self._high - self._low) / self._tick)
        return (self._low + step * self._tick for step in range(count + 1))

    def _paint_axis(self, painter: QPainter, bottom: float) -> None:
        painter.setFont(ui_font(11))
        for tick in self._ticks():
            painter.setPen(colour("raised"))
            painter.drawLine(QPointF(self._x(tick), 0), QPointF(self._x(tick), bottom))
            painter.setPen(colour("second"))
            place = QRectF(self._x(tick) - 24, bottom + 4, 48, 16)
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, f"{tick:.2f}")

    def _paint_run(self, painter: QPainter, run: Measured, row: QRectF) -> None:
        painter.setFont(ui_font(12))
        painter.setPen(colour("text"))
        place = QRectF(0, row.top(), NAMES_WIDTH - 16, row.height())
        mode = Qt.TextElideMode.ElideRight
        name = painter.fontMetrics().elidedText(run.name, mode, int(place.width()))
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, name)
        dot, middle = QColor(shade(SHADES[run.kind])), row.center().y()
        painter.setPen(QPen(dot, 2))
        painter.drawLine(QPointF(self._x(run.low), middle), QPointF(self._x(run.high), middle))
        painter.setBrush(dot)
        painter.drawEllipse(QPointF(self._x(run.value), middle), 4, 4)


def _legend() -> str:
    return "&nbsp;&nbsp;&nbsp; ".join(
        f"<span style='color:{shade(SHADES[kind])}'>●</span>&nbsp;{word}"
        for kind, word in KIND_WORDS.items()
    )

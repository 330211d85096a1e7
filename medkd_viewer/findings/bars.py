"""Calibrated probabilities as bars, each with its threshold as a tick."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from medkd_viewer.theme import colour, ui_font

_ROW = 25
_NAME_SHARE = 0.335
_FIGURE = 42
_BAR = 6
_TICK = (2, 14)


@dataclass(frozen=True, slots=True)
class Bar:
    """A class, its probability and the threshold from which it is called, if any."""

    name: str
    probability: float
    threshold: float | None


class ProbabilityBars(QWidget):
    """One row a class: name, bar with tick, figure."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bars: tuple[Bar, ...] = ()
        self.setAccessibleName("Probabilities")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def show_bars(self, bars: tuple[Bar, ...]) -> None:
        """Show other probabilities."""
        self._bars = bars
        said = "; ".join(f"{bar.name} {bar.probability:.2f}" for bar in bars)
        self.setAccessibleDescription(said)
        self.setToolTip("The tick is the threshold from which a class is called.")
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        """As high as its rows."""
        return QSize(240, _ROW * len(self._bars))

    minimumSizeHint = sizeHint  # noqa: N815

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paint the rows."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for number, bar in enumerate(self._bars):
            self._paint_row(painter, number * _ROW, bar)
        painter.end()

    def _paint_row(self, painter: QPainter, top: int, bar: Bar) -> None:
        name_width = round(self.width() * _NAME_SHARE)
        painter.setFont(ui_font(13))
        painter.setPen(colour("text"))
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        name = QFontMetrics(ui_font(13)).elidedText(
            bar.name, Qt.TextElideMode.ElideRight, name_width - 6
        )
        painter.drawText(QRectF(0, top, name_width, _ROW), left.value, name)
        painter.setFont(ui_font(13, bold=True))
        figure = QRectF(self.width() - _FIGURE, top, _FIGURE, _ROW)
        painter.drawText(figure, right.value, f"{bar.probability:.2f}")
        track = QRectF(name_width, top + (_ROW - _BAR) / 2, figure.left() - name_width, _BAR)
        self._paint_bar(painter, track, bar)

    def _paint_bar(self, painter: QPainter, track: QRectF, bar: Bar) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour("raised"))
        painter.drawRoundedRect(track, _BAR / 2, _BAR / 2)
        filled = QRectF(track)
        filled.setWidth(max(_BAR, track.width() * bar.probability))
        painter.setBrush(colour("violet"))
        painter.drawRoundedRect(filled, _BAR / 2, _BAR / 2)
        if bar.threshold is not None:
            width, height = _TICK
            x = round(track.left() + track.width() * bar.threshold) - width // 2
            tick = QRectF(x, track.center().y() - height / 2, width, height)
            painter.fillRect(tick, colour("text"))

"""The confusion matrix of the latest validation, for any number of classes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from medkd_viewer.theme import colour, ui_font
from medkd_viewer.training.card import Card, label

Counts = tuple[tuple[int, ...], ...]

GAP = 2
FIGURE_HEIGHT = 14
"""Below this height of a cell, in pixels, its count is told by the tooltip only."""


class ConfusionCard(Card):
    """A card with the matrix, or a sentence while there is none."""

    def __init__(self) -> None:
        super().__init__("Validation")
        self.matrix = ConfusionMatrix()
        self.empty = label("Shown after the first validation.")
        self.reading = label("rows: truth · columns: answer")
        self.body.addWidget(self.empty)
        self.body.addWidget(self.reading)
        self.body.addWidget(self.matrix, 1)
        self.body.addStretch(0)
        self.show_counts((), ())

    def show_counts(self, classes: tuple[str, ...], counts: Counts) -> None:
        """Show how often each class (row) was answered with each class (column)."""
        films = sum(map(sum, counts))
        self.set_heading(f"Validation, {films:,} films" if films else "Validation")
        self.matrix.set_counts(classes, counts)
        for widget in (self.matrix, self.reading):
            widget.setVisible(bool(films))
        self.empty.setVisible(not films)


class ConfusionMatrix(QWidget):
    """Counts by truth (row) and answer (column), shaded by their share of the row."""

    def __init__(self) -> None:
        super().__init__()
        self.classes: tuple[str, ...] = ()
        self.counts: Counts = ()
        self.setAccessibleName("Confusion matrix")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def set_counts(self, classes: tuple[str, ...], counts: Counts) -> None:
        """Show other counts: one row and one column for each class."""
        self.classes, self.counts = classes, counts
        self.setAccessibleDescription(
            "; ".join(self._sentence(*cell) for cell in _cells(len(counts)))
        )
        self.update()

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Room for three classes."""
        return QSize(160, 96)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Draw the class names and the cells."""
        painter = QPainter(self)
        painter.setFont(ui_font(11))
        self._paint_names(painter)
        painter.setFont(ui_font(12))
        for row, column in _cells(len(self.counts)):
            self._paint_cell(painter, row, column)

    def event(self, event: QEvent) -> bool:
        """Tell the cell under the pointer in words."""
        if isinstance(event, QHelpEvent):
            for row, column in _cells(len(self.counts)):
                if self.cell(row, column).contains(event.pos()):
                    QToolTip.showText(event.globalPos(), self._sentence(row, column), self)
                    return True
        return super().event(event)

    def cell(self, row: int, column: int) -> QRectF:
        """Where a cell is drawn, in the widget's pixels."""
        left, top = self._margins()
        width = (self.width() - left) / len(self.classes)
        height = min((self.height() - top) / len(self.classes), width)
        return QRectF(left + column * width, top + row * height, width - GAP, height - GAP)

    def _margins(self) -> tuple[float, float]:
        widest = max(
            (self.fontMetrics().horizontalAdvance(name) for name in self.classes), default=0
        )
        return min(widest + 10, self.width() * 0.3), 22

    def _paint_names(self, painter: QPainter) -> None:
        painter.setPen(colour("second"))
        left, top = self._margins()
        for index, name in enumerate(self.classes):
            cell = self.cell(index, index)
            row = QRectF(0, cell.top(), left - 8, cell.height())
            column = QRectF(cell.left(), 0, cell.width(), top - 4)
            _write(painter, row, name, Qt.AlignmentFlag.AlignRight)
            _write(painter, column, name, Qt.AlignmentFlag.AlignHCenter)

    def _paint_cell(self, painter: QPainter, row: int, column: int) -> None:
        cell = self.cell(row, column)
        share = self.counts[row][column] / max(sum(self.counts[row]), 1)
        painter.fillRect(cell, _shade(share))
        if row == column:
            painter.setPen(QPen(colour("violet"), 1))
            painter.drawRect(cell.adjusted(0.5, 0.5, -0.5, -0.5))
        if cell.height() >= FIGURE_HEIGHT:
            painter.setPen(colour("text"))
            _write(painter, cell, f"{self.counts[row][column]:,}", Qt.AlignmentFlag.AlignHCenter)

    def _sentence(self, row: int, column: int) -> str:
        count, films = self.counts[row][column], sum(self.counts[row])
        return f"{count:,} of {films:,} {self.classes[row]} answered as {self.classes[column]}"


def _shade(share: float) -> QColor:
    seldom, always = QColor("#1a1a26"), QColor("#5145a8")
    return QColor.fromRgbF(
        seldom.redF() + (always.redF() - seldom.redF()) * share,
        seldom.greenF() + (always.greenF() - seldom.greenF()) * share,
        seldom.blueF() + (always.blueF() - seldom.blueF()) * share,
    )


def _cells(size: int) -> Iterator[tuple[int, int]]:
    return product(range(size), range(size))


def _write(painter: QPainter, place: QRectF, text: str, side: Qt.AlignmentFlag) -> None:
    elided = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(place.width()))
    painter.drawText(place, side | Qt.AlignmentFlag.AlignVCenter, elided)

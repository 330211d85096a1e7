"""A small table: names on the left, figures of equal width on the right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from medkd_viewer.findings.words import signed

_UNKNOWN = "–"


@dataclass(frozen=True, slots=True)
class FigureRow:
    """A name with its figures; None where there is nothing to say."""

    label: str
    figures: tuple[float | None, ...]


class FigureTable(QWidget):
    """Shows rows of two decimals.

    Parameters
    ----------
    name : str
        Accessible name.
    heads : sequence of str
        Of the columns of figures.
    """

    def __init__(self, name: str, heads: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self._heads = ("", *heads)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(0, 1)
        self._cells: list[list[QLabel]] = []
        for column, head in enumerate(self._heads):
            self._grid.addWidget(_cell(head, "columnHead", column), 0, column)

    def show_rows(self, rows: Sequence[FigureRow]) -> None:
        """Show other figures."""
        while len(self._cells) < len(rows):
            self._add_row()
        for number, cells in enumerate(self._cells):
            for cell in cells:
                cell.setVisible(number < len(rows))
        for cells, row in zip(self._cells, rows, strict=False):
            texts = (row.label, *(_figure(value) for value in row.figures))
            for cell, text in zip(cells, texts, strict=True):
                cell.setText(text)
        self.setAccessibleDescription("; ".join(map(self._spoken, rows)))

    def _spoken(self, row: FigureRow) -> str:
        figures = zip(self._heads[1:], row.figures, strict=True)
        return ", ".join([row.label, *(f"{head} {_figure(value)}" for head, value in figures)])

    def _add_row(self) -> None:
        line = len(self._cells) + 1
        cells = [
            _cell("", "figure" if column else "", column) for column in range(len(self._heads))
        ]
        for column, cell in enumerate(cells):
            self._grid.addWidget(cell, line, column)
        self._cells.append(cells)


def _figure(value: float | None) -> str:
    return _UNKNOWN if value is None or not np.isfinite(value) else signed(value)


def _cell(text: str, role: str, column: int) -> QLabel:
    label = QLabel(text)
    label.setObjectName(role)
    side = Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft
    label.setAlignment(side | Qt.AlignmentFlag.AlignVCenter)
    return label

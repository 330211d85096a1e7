"""Do student and teachers look at the same place?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from medkd_viewer.findings.results import NetworkMap, NetworkView
from medkd_viewer.findings.words import signed

_UNKNOWN = "–"


@dataclass(frozen=True, slots=True)
class AgreementRow:
    """A network's map beside the student's; None where there is nothing to compare."""

    label: str
    rank_correlation: float | None
    top_fifth: float | None


def agreement_rows(views: dict[str, NetworkView]) -> list[AgreementRow]:
    """Compare every network's map with the student's."""
    student = next((view for view in views.values() if view.is_student), None)
    return [_row(view, student) for view in views.values()]


class AgreementTable(QWidget):
    """Names on the left, figures of equal width on the right."""

    _HEADS = ("", "rank corr.", "top fifth")

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Agreement of maps")
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(0, 1)
        self._cells: list[list[QLabel]] = []
        for column, head in enumerate(self._HEADS):
            self._grid.addWidget(_cell(head, "columnHead", column), 0, column)

    def show_rows(self, rows: list[AgreementRow]) -> None:
        """Show other figures."""
        while len(self._cells) < len(rows):
            self._add_row()
        for number, cells in enumerate(self._cells):
            for cell in cells:
                cell.setVisible(number < len(rows))
        for cells, row in zip(self._cells, rows, strict=False):
            texts = (row.label, _figure(row.rank_correlation), _figure(row.top_fifth))
            for cell, text in zip(cells, texts, strict=True):
                cell.setText(text)
        said = "; ".join(f"{row.label} {_figure(row.rank_correlation)}" for row in rows)
        self.setAccessibleDescription(said)

    def _add_row(self) -> None:
        line = len(self._cells) + 1
        cells = [_cell("", "figure" if column else "", column) for column in range(3)]
        for column, cell in enumerate(cells):
            self._grid.addWidget(cell, line, column)
        self._cells.append(cells)


def _row(view: NetworkView, student: NetworkView | None) -> AgreementRow:
    if view.is_student:
        return AgreementRow("Student", None, None)
    own, reference = _shown_map(view), _shown_map(student)
    if own is None or reference is None:
        return AgreementRow(view.label, None, None)
    # SciPy's statistics take half a second to import: not before the window is there.
    from medkd_core.explanation.agreement import agreement

    found = agreement(reference.native, own.native)
    return AgreementRow(view.label, found.spearman, found.top_fifth_iou)


def _shown_map(view: NetworkView | None) -> NetworkMap | None:
    return None if view is None or view.map is None or view.map.empty else view.map


def _figure(value: float | None) -> str:
    return _UNKNOWN if value is None or not np.isfinite(value) else signed(value)


def _cell(text: str, role: str, column: int) -> QLabel:
    label = QLabel(text)
    label.setObjectName(role)
    side = Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft
    label.setAlignment(side | Qt.AlignmentFlag.AlignVCenter)
    return label

"""The fourth step: finished runs side by side."""

from __future__ import annotations

from PySide6.QtCore import QSortFilterProxyModel, Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QVBoxLayout, QWidget

from medkd_viewer.training.card import Card, label
from medkd_viewer.training.comparison import ComparedRun, compare
from medkd_viewer.training.comparison_table import SORT_ROLE, ComparisonTable
from medkd_viewer.training.interval_card import IntervalCard, Measured
from medkd_viewer.training.notice import Notice
from medkd_viewer.training.runs import Run

READING = (
    "Measured on test films, from which no run has learned. Below each figure stands its 95 % "
    "interval: runs whose intervals overlap widely cannot be told apart."
)
METRIC = "macro_f1"
METRIC_COLUMN = 2
"""The column that the table is sorted by at first."""


ROW_HEIGHT = 46
HEAD_HEIGHT = 40


class ComparePage(QWidget):
    """A table of the completed runs, sorted by a click on a column's head."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._known: dict[str, ComparedRun | str] = {}
        self.table = ComparisonTable()
        self.view = QTableView()
        self.notice = Notice()
        self.empty = label("No run has finished yet.")
        self.chart = IntervalCard("Macro F1 on test films, 95 % interval")
        self._prepare()
        card = Card("Finished runs, test films")
        card.body.addWidget(self.empty)
        card.body.addWidget(self.view, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 16, 22, 16)
        column.setSpacing(12)
        column.addWidget(label("Which is better", "headline"))
        column.addWidget(label(READING, wraps=True))
        column.addWidget(self.notice)
        column.addWidget(card, 3)
        column.addWidget(self.chart, 2)

    def show_runs(self, completed: list[Run]) -> None:
        """Show these runs; each result is read once."""
        names = [run.identifier for run in completed]
        if list(self._known) == names:
            return
        self._known = {
            run.identifier: self._known.get(run.identifier) or compare(run) for run in completed
        }
        rows = [row for row in self._known.values() if isinstance(row, ComparedRun)]
        self.notice.say("\n".join(row for row in self._known.values() if isinstance(row, str)))
        self.table.show_runs(rows)
        self.chart.show_measured(_measured(rows))
        for part in (self.view, self.chart):
            part.setVisible(bool(rows))
        self.empty.setVisible(not rows)

    def _prepare(self) -> None:
        sorted_rows = QSortFilterProxyModel(self)
        sorted_rows.setSourceModel(self.table)
        sorted_rows.setSortRole(SORT_ROLE)
        view = self.view
        view.setModel(sorted_rows)
        view.setObjectName("comparison")
        view.setAccessibleName("Finished runs")
        view.setSortingEnabled(True)
        view.sortByColumn(METRIC_COLUMN, Qt.SortOrder.DescendingOrder)
        view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        view.setTabKeyNavigation(False)
        view.setShowGrid(False)
        view.verticalHeader().hide()
        view.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        head = view.horizontalHeader()
        head.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        head.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        head.setHighlightSections(False)
        head.setFixedHeight(HEAD_HEIGHT)
        view.hide()
        self.chart.hide()


def _measured(rows: list[ComparedRun]) -> list[Measured]:
    return [
        Measured(row.title, row.spec.kind, value, row.interval(METRIC))
        for row in rows
        if (value := row.metric(METRIC)) is not None
    ]

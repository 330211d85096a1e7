"""The column of runs: running, waiting, finished."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QListView, QWidget

from medkd_viewer.training.run_row import RUN_ROLE, RunRowDelegate
from medkd_viewer.training.runs import Group, Run, Runs

IDENTIFIER_ROLE = RUN_ROLE + 1


class RunList(QListView):
    """The runs in their groups, newest first; the arrow keys walk through them."""

    chosen = Signal(str)
    """Identifier of the run that was chosen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("runList")
        self.setAccessibleName("Runs")
        self.setItemDelegate(RunRowDelegate(self))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.setMouseTracking(True)
        self._rows = QStandardItemModel(self)
        self.setModel(self._rows)
        self.selectionModel().currentChanged.connect(self._tell_choice)
        # Another page may be in front of the run that is current already.
        self.clicked.connect(self._tell_choice)
        self.activated.connect(self._tell_choice)

    def show_runs(self, runs: Runs) -> None:
        """Show the runs of the store; the choice stays where it is."""
        rows: list[Group | Run] = []
        for group in Group:
            members = runs.of_group(group)
            rows += [group, *members] if members else []
        shown = [item.data(IDENTIFIER_ROLE) for item in self._items()]
        if _names(rows) != shown:
            self._rebuild(rows)
        for item, content in zip(self._items(), rows, strict=True):
            _fill(item, content)

    def choose(self, identifier: str) -> None:
        """Make a run the chosen one, without a signal."""
        blocked = self.blockSignals(True)
        found = self._rows.match(
            self._rows.index(0, 0), IDENTIFIER_ROLE, identifier, 1, Qt.MatchFlag.MatchExactly
        )
        if found:
            self.setCurrentIndex(found[0])
        else:
            self.selectionModel().clear()
        self.blockSignals(blocked)

    @property
    def chosen_run(self) -> str:
        """Identifier of the chosen run; empty when there is none."""
        return self.currentIndex().data(IDENTIFIER_ROLE) or ""

    @property
    def texts(self) -> list[str]:
        """What a screen reader reads, row by row."""
        return [item.accessibleText() for item in self._items()]

    def _items(self) -> list[QStandardItem]:
        return [self._rows.item(row) for row in range(self._rows.rowCount())]

    def _rebuild(self, rows: list[Group | Run]) -> None:
        chosen = self.chosen_run
        blocked = self.blockSignals(True)
        self._rows.clear()
        for name in _names(rows):
            item = QStandardItem()
            item.setData(name, IDENTIFIER_ROLE)
            self._rows.appendRow(item)
        self.blockSignals(blocked)
        self.choose(chosen)

    def _tell_choice(self, current: QModelIndex) -> None:
        if not self.signalsBlocked() and isinstance(current.data(RUN_ROLE), Run):
            self.chosen.emit(current.data(IDENTIFIER_ROLE))


def _names(rows: list[Group | Run]) -> list[str]:
    return [row.value if isinstance(row, Group) else row.identifier for row in rows]


def _fill(item: QStandardItem, content: Group | Run) -> None:
    if item.data(RUN_ROLE) == content:
        return
    item.setData(content, RUN_ROLE)
    if isinstance(content, Group):
        item.setFlags(Qt.ItemFlag.NoItemFlags)
        item.setAccessibleText(content.value)
    else:
        item.setAccessibleText(f"{content.title}, {content.word}, {content.note}")
        item.setToolTip(f"{content.title}\n{content.note}")

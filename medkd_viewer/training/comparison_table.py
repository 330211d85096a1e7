"""The table of finished runs: what each column shows, and how it is sorted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from medkd_viewer.training.comparison import ComparedRun
from medkd_viewer.training.words import duration, network_label

SORT_ROLE = int(Qt.ItemDataRole.UserRole)
NOT_MEASURED = "–"

Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class Column:
    """What a column shows of a run, and the key that it is sorted by."""

    name: str
    text: Callable[[ComparedRun], str]
    key: Callable[[ComparedRun], float | str]
    is_figure: bool = True


KIND_WORDS = {"teacher": "teacher", "student": "no teachers", "distill": "distilled"}


def _metric_column(name: str, metric: str) -> Column:
    def text(run: ComparedRun) -> str:
        value, interval = run.metric(metric), run.interval(metric)
        if value is None:
            return NOT_MEASURED
        return f"{value:.3f}" + (f"\n{interval[0]:.3f} – {interval[1]:.3f}" if interval else "")

    def key(run: ComparedRun) -> float:
        value = run.metric(metric)
        return -1.0 if value is None else value

    return Column(name, text, key)


def _title(run: ComparedRun) -> str:
    return f"{run.title}\n{KIND_WORDS[run.spec.kind]}, {run.result.dataset}"


def _network(run: ComparedRun) -> str:
    network, size = run.spec.network, run.result.recipe.size
    return f"{network_label(network.name)}\nwidth {network.width:g}, {size} px"


COLUMNS = (
    Column("Run", _title, lambda run: run.title.lower(), is_figure=False),
    Column("Network", _network, _network, is_figure=False),
    _metric_column("Macro F1", "macro_f1"),
    _metric_column("Balanced\naccuracy", "balanced_accuracy"),
    _metric_column("Accuracy", "accuracy"),
    Column(
        "Parameters",
        lambda run: NOT_MEASURED if run.parameters is None else f"{run.parameters:,}",
        lambda run: run.parameters or 0,
    ),
    Column("Epochs", lambda run: str(run.epochs), lambda run: run.epochs),
    Column("Time", lambda run: duration(run.seconds), lambda run: run.seconds),
)


class ComparisonTable(QAbstractTableModel):
    """One row for each finished run."""

    def __init__(self) -> None:
        super().__init__()
        self.runs: tuple[ComparedRun, ...] = ()

    def show_runs(self, runs: Sequence[ComparedRun]) -> None:
        """Replace the rows."""
        self.beginResetModel()
        self.runs = tuple(runs)
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802
        """Number of runs."""
        return 0 if parent.isValid() else len(self.runs)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802
        """Number of columns."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(  # noqa: N802
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Name of a column."""
        if orientation is Qt.Orientation.Vertical:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section].name
        return _side(COLUMNS[section]) if role == Qt.ItemDataRole.TextAlignmentRole else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Text, sorting key or side of a cell."""
        run, column = self.runs[index.row()], COLUMNS[index.column()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return column.text(run)
        if role == SORT_ROLE:
            return column.key(run)
        return _side(column) if role == Qt.ItemDataRole.TextAlignmentRole else None


def _side(column: Column) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column.is_figure else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter

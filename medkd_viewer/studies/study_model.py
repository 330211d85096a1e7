"""The rows of the list for Qt: changed in place, so that the row in hand stays in hand."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from html import escape

from PySide6.QtCore import QAbstractListModel, QMimeData, QModelIndex, QPersistentModelIndex, Qt

from medkd_viewer.reading.dropped_study import MIME_TYPE, study_data
from medkd_viewer.studies.faces import Faces
from medkd_viewer.studies.row_changes import row_changes
from medkd_viewer.studies.rows import Row, Section, SectionRow, StudyRow, picture_of

Index = QModelIndex | QPersistentModelIndex


class StudyListModel(QAbstractListModel):
    """Rows for a list view; `Qt.UserRole` gives the row itself.

    Parameters
    ----------
    faces : Faces
        What a row says.
    """

    def __init__(self, faces: Faces) -> None:
        super().__init__()
        self._faces = faces
        self._rows: list[Row] = []
        self._keys: list[Hashable] = []

    @property
    def rows(self) -> Sequence[Row]:
        """Every row, top to bottom."""
        return self._rows

    def show_rows(self, rows: list[Row]) -> None:
        """Show these rows from now on; those that stay keep their place in the view."""
        keys = [row.key for row in rows]
        changes = row_changes(self._keys, keys)
        if changes is None:
            self.beginResetModel()
            self._rows, self._keys = rows, keys
            self.endResetModel()
            return
        removed, inserted = changes
        for run in reversed(removed):
            self.beginRemoveRows(QModelIndex(), run.start, run.stop - 1)
            del self._rows[run.start : run.stop]
            self.endRemoveRows()
        for run in inserted:
            self.beginInsertRows(QModelIndex(), run.start, run.stop - 1)
            self._rows[run.start : run.start] = rows[run.start : run.stop]
            self.endInsertRows()
        self._rows, self._keys = rows, keys
        if rows:
            self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))

    def number_of(self, key: Hashable) -> int | None:
        """Where the row with a key stands, or None."""
        return self._keys.index(key) if key in self._keys else None

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        """How many rows."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """The row itself, or its words for a screen reader and a tooltip."""
        row = self._rows[index.row()]
        if role == Qt.ItemDataRole.UserRole:
            return row
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return self._faces.of(row).words
        if role == Qt.ItemDataRole.ToolTipRole and not isinstance(row, SectionRow):
            # Names may look like mark-up and must not be taken for it.
            return f"<qt>{escape(self._faces.of(row).words)}</qt>"
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Plain headings cannot be chosen; what has pictures can be dragged."""
        row = self._rows[index.row()]
        if is_heading(row):
            return Qt.ItemFlag.ItemIsEnabled
        flags = Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled
        draggable = picture_of(row) is not None
        return flags | Qt.ItemFlag.ItemIsDragEnabled if draggable else flags

    def match(
        self,
        start: Index,
        role: int,
        value: object,
        hits: int = 1,
        flags: Qt.MatchFlag = Qt.MatchFlag.MatchStartsWith,
    ) -> list[QModelIndex]:
        """The next study whose title begins as typed, without asking every row for its words."""
        typed = str(value).casefold()
        number, count = start.row(), len(self._rows)
        for n in (*range(number, count), *range(number)):
            row = self._rows[n]
            if isinstance(row, StudyRow):
                title = self._faces.title(row.study)
                if title.casefold().startswith(typed):
                    return [self.index(n)]
        return []

    def mimeTypes(self) -> list[str]:  # noqa: N802
        """Only our own kind."""
        return [MIME_TYPE]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:  # noqa: N802
        """The study and the position of its picture that are dragged."""
        picture = picture_of(self._rows[indexes[0].row()])
        return QMimeData() if picture is None else study_data(picture[0].uid, picture[1])


def is_heading(row: Row) -> bool:
    """It can neither be chosen nor unfolded."""
    return isinstance(row, SectionRow) and row.section is not Section.REFUSED

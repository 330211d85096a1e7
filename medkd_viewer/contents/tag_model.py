"""The elements of a file as rows, filtered while somebody types."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QFont, QFontDatabase

from medkd_core.imaging.content import CANNOT_BE_READ, ContentLine
from medkd_viewer.contents.patient_elements import HIDDEN, shown_value
from medkd_viewer.theme import colour

COLUMNS = ("Tag", "Name", "VR", "Value")
TAG, NAME, VR, VALUE = range(4)

_INDENT = "\N{EN SPACE}\N{EN SPACE}"
_DEEPEST_INDENT = 10
_LONG_VALUE = 60

Index = QModelIndex | QPersistentModelIndex


class TagModel(QAbstractTableModel):
    """Rows of a `FileContent`; sequences stay in sight above the elements in them that match."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: Sequence[ContentLine] = ()
        self._values: list[str] = []
        self._searched: list[str] = []
        self._rows: list[int] = []
        self._matching: set[int] = set()
        self._query = ""
        self._patient_hidden = False
        self._fixed = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        self._fixed.setPixelSize(12)
        self._bold = QFont()
        self._bold.setWeight(QFont.Weight.DemiBold)

    @property
    def matches(self) -> int:
        """How many elements match the search; all of them without one."""
        return len(self._matching)

    @property
    def elements(self) -> int:
        """How many elements there are, headings of items left out."""
        return sum(1 for line in self._lines if not _is_item(line))

    def show_lines(self, lines: Sequence[ContentLine]) -> None:
        """Show another file's elements."""
        self._lines = lines
        self._renew()

    def set_query(self, query: str) -> None:
        """Show only elements with every word of a search in tag, name, keyword, VR or value."""
        self.beginResetModel()
        self._query = query
        self._filter()
        self.endResetModel()

    def set_patient_hidden(self, hidden: bool) -> None:
        """Hide who the patient is, or show it again."""
        if hidden != self._patient_hidden:
            self._patient_hidden = hidden
            self._renew()

    def text_of(self, rows: Iterable[int]) -> str:
        """Rows as they are shown, columns apart by tabs, to be copied."""
        return "\n".join(
            "\t".join((line.tag, line.name, line.vr, self._values[number])).strip()
            for number in (self._rows[row] for row in rows)
            for line in (self._lines[number],)
        )

    def values_of(self, rows: Iterable[int]) -> str:
        """The values of rows as they are shown, each on a line."""
        return "\n".join(self._values[self._rows[row]] for row in rows)

    # what Qt asks for

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        """Rows that match."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        """The `COLUMNS`."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(  # noqa: N802
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Names of the columns."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """One cell."""
        number = self._rows[index.row()]
        line, column = self._lines[number], index.column()
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._cell(number, line, column)
            case Qt.ItemDataRole.FontRole:
                return self._font(line, column)
            case Qt.ItemDataRole.ForegroundRole:
                return self._shade(number, line, column)
            case Qt.ItemDataRole.ToolTipRole if column == VALUE:
                return _tooltip(self._values[number])
        return None

    def _cell(self, number: int, line: ContentLine, column: int) -> str:
        if column == NAME:
            return _INDENT * min(line.depth, _DEEPEST_INDENT) + line.name
        return (line.tag, "", line.vr, self._values[number])[column]

    def _font(self, line: ContentLine, column: int) -> QFont | None:
        if column in (TAG, VR):
            return self._fixed
        return self._bold if column == NAME and line.vr == "SQ" else None

    def _shade(self, number: int, line: ContentLine, column: int) -> Any:
        if column == VALUE and self._values[number] == CANNOT_BE_READ:
            return colour("caution")
        quiet = (
            column in (TAG, VR)
            or _is_item(line)
            or number not in self._matching
            or (column == VALUE and (line.vr == "SQ" or self._values[number] == HIDDEN))
        )
        return colour("second" if quiet else "text")

    def _renew(self) -> None:
        self.beginResetModel()
        hidden = self._patient_hidden
        self._values = [shown_value(line, patient_hidden=hidden) for line in self._lines]
        self._searched = [
            f"{line.tag} {line.tag[1:10].replace(',', '')} {line.name} {line.keyword} {line.vr} "
            f"{value}".lower()
            for line, value in zip(self._lines, self._values, strict=True)
        ]
        self._filter()
        self.endResetModel()

    def _filter(self) -> None:
        words = self._query.lower().split()
        if not words:
            self._rows = list(range(len(self._lines)))
            self._matching = {n for n, line in enumerate(self._lines) if not _is_item(line)}
            return
        self._matching = {
            number
            for number, searched in enumerate(self._searched)
            if all(word in searched for word in words) and not _is_item(self._lines[number])
        }
        self._rows = self._with_holders()

    def _with_holders(self) -> list[int]:
        """Matching rows, each below the sequences and items that hold it."""
        rows: list[int] = []
        holders: list[int] = []
        for number, line in enumerate(self._lines):
            while holders and self._lines[holders[-1]].depth >= line.depth:
                holders.pop()
            if number in self._matching:
                first = rows[-1] if rows else -1
                rows += [holder for holder in holders if holder > first]
                rows.append(number)
            holders.append(number)
        return rows


def _is_item(line: ContentLine) -> bool:
    return not line.tag and line.name.startswith("Item ")


def _tooltip(value: str) -> str | None:
    # As rich text, since plain text would not be wrapped.
    return f"<p>{escape(value)}</p>" if len(value) > _LONG_VALUE else None

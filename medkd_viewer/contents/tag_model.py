"""The elements of a file as rows, filtered while somebody types."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QFont, QFontDatabase

from medkd_core.imaging.content import CANNOT_BE_READ, ContentLine
from medkd_viewer.contents.patient_elements import shown_values
from medkd_viewer.hiding import HIDDEN
from medkd_viewer.theme import colour

COLUMNS = ("Tag", "Name", "VR", "Value")
TAG, NAME, VR, VALUE = range(4)

_TEXT = Qt.ItemDataRole.DisplayRole.value
_FONT = Qt.ItemDataRole.FontRole.value
_SHADE = Qt.ItemDataRole.ForegroundRole.value
_TOOLTIP = Qt.ItemDataRole.ToolTipRole.value
_ROLES = frozenset((_TEXT, _FONT, _SHADE, _TOOLTIP))
_INDENT = "\N{EN SPACE}\N{EN SPACE}"
_DEEPEST_INDENT = 10
_LONG_VALUE = 60

Index = QModelIndex | QPersistentModelIndex


class TagModel(QAbstractTableModel):
    """Rows of a `FileContent`; sequences stay in sight above the elements in them that match."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: Sequence[ContentLine] = ()
        self._elements: list[int] = []
        self._holders: list[int | None] = []
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
        return len(self._elements)

    def show_lines(self, lines: Sequence[ContentLine]) -> None:
        """Show another file's elements."""
        self.beginResetModel()
        self._lines = lines
        self._elements = [number for number, line in enumerate(lines) if not _is_item(line)]
        self._holders = _holders_of(lines)
        self._read_values()
        self._filter()
        self.endResetModel()

    def set_query(self, query: str) -> None:
        """Show only elements with every word of a search in tag, name, keyword, VR or value."""
        self.beginResetModel()
        self._query = query
        self._filter()
        self.endResetModel()

    def set_patient_hidden(self, hidden: bool) -> None:
        """Hide who the patient is, or show it again."""
        if hidden != self._patient_hidden:
            self.beginResetModel()
            self._patient_hidden = hidden
            self._read_values()
            self._filter()
            self.endResetModel()

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

    def line_at(self, row: int) -> int | None:
        """Which of the file's lines a row shows; None for a row that is not there."""
        return self._rows[row] if 0 <= row < len(self._rows) else None

    def row_of(self, line: int | None) -> int | None:
        """The row of one of the file's lines; None while it is not shown."""
        return self._rows.index(line) if line in self._rows else None

    def detail_of(self, row: int) -> str:
        """Keyword and value of a row; empty for a row that is not there."""
        if not 0 <= row < len(self._rows):
            return ""
        number = self._rows[row]
        return " · ".join(filter(None, (self._lines[number].keyword, self._values[number])))

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

    def data(self, index: Index, role: int = _TEXT) -> Any:
        """One cell."""
        # Asked for each cell in sight and for ten roles at every scroll step.
        if role not in _ROLES:
            return None
        number, column = self._rows[index.row()], index.column()
        line = self._lines[number]
        if role == _TEXT:
            return self._cell(number, line, column)
        if role == _FONT:
            return self._font(line, column)
        if role == _SHADE:
            return self._shade(number, line, column)
        return _tooltip(self._values[number]) if column == VALUE else None

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

    def _read_values(self) -> None:
        self._values = shown_values(self._lines, patient_hidden=self._patient_hidden)
        self._searched = [
            f"{line.tag} {line.tag[1:10].replace(',', '')} {line.name} {line.keyword} {line.vr} "
            f"{value}".lower()
            for line, value in zip(self._lines, self._values, strict=True)
        ]

    def _filter(self) -> None:
        words = self._query.lower().split()
        if not words:
            self._matching = set(self._elements)
            self._rows = list(range(len(self._lines)))
            return
        found = self._elements
        for word in words:
            found = [number for number in found if word in self._searched[number]]
        self._matching = set(found)
        self._rows = sorted(self._matching | self._all_holders(found))

    def _all_holders(self, rows: Iterable[int]) -> set[int]:
        """The sequences and items that hold rows, out to the top."""
        holders: set[int] = set()
        for number in rows:
            holder = self._holders[number]
            while holder is not None and holder not in holders:
                holders.add(holder)
                holder = self._holders[holder]
        return holders


def _holders_of(lines: Sequence[ContentLine]) -> list[int | None]:
    """For each line the sequence or item that it lies in."""
    holders: list[int | None] = []
    opened: list[int] = []
    for number, line in enumerate(lines):
        while opened and lines[opened[-1]].depth >= line.depth:
            opened.pop()
        holders.append(opened[-1] if opened else None)
        opened.append(number)
    return holders


def _is_item(line: ContentLine) -> bool:
    return not line.tag and line.name.startswith("Item ")


def _tooltip(value: str) -> str | None:
    # As rich text, since plain text would not be wrapped.
    return f"<p>{escape(value)}</p>" if len(value) > _LONG_VALUE else None

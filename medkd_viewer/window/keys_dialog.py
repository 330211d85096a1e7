"""The list of all keys as they are bound now."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QLabel,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from medkd_viewer.commands import COMMANDS
from medkd_viewer.findings.labels import section_label
from medkd_viewer.key_bindings import KeyBindings, native
from medkd_viewer.window.fitted_dialog import FittedDialog

Lines = Sequence[tuple[str, str]]

_MOUSE = (
    ("Left drag", "The chosen tool; window: right is wider"),
    ("Middle drag", "Pan"),
    ("Right drag", "Zoom"),
    ("Wheel", "Next image, or zoom on a single one"),
    ("Ctrl+Wheel", "Zoom at the pointer"),
    ("Double click", "Show this pane alone"),
    ("Arrows, + and -", "Move and zoom the film"),
)
_COLUMNS = (
    ("File", "Study", "Help", "Mouse"),
    ("Tools", "Measure", "Presets"),
    ("Film", "Maps", "Layout", "View"),
)
_HEAD_HEIGHT = 28


class KeysDialog(FittedDialog):
    """Every command with its key, and what the mouse does; a word finds what it is looked for."""

    def __init__(self, bindings: KeyBindings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("All keys")
        self._lines: list[tuple[str, tuple[QLabel, QLabel]]] = []
        groups = _groups(bindings)
        self.search = _search_field()
        self.search.textChanged.connect(self._search)
        columns = [self._column({name: groups[name] for name in names}) for names in _COLUMNS]
        body = _Columns(columns)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 16, 0, 0)
        layout.addWidget(self.search, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addWidget(_scrolled(body))
        wanted = body.sizeHint()
        wanted.setHeight(wanted.height() + 72)
        wanted.setWidth(wanted.width() + 12)
        self.resize(wanted)

    def _column(self, groups: dict[str, Lines]) -> QWidget:
        column = QWidget()
        grid = QGridLayout(column)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(3)
        grid.setHorizontalSpacing(16)
        grid.setColumnStretch(1, 1)
        for group, lines in groups.items():
            grid.addWidget(
                section_label(group), grid.rowCount(), 0, 1, 2, Qt.AlignmentFlag.AlignBottom
            )
            grid.setRowMinimumHeight(grid.rowCount() - 1, _HEAD_HEIGHT)
            for key, text in lines:
                self._add_line(grid, key, text)
        return column

    def _add_line(self, grid: QGridLayout, key: str, text: str) -> None:
        row = grid.rowCount()
        labels = QLabel(key), QLabel(text)
        for place, (label, role) in enumerate(zip(labels, ("figure", "secondary"), strict=True)):
            label.setObjectName(role)
            grid.addWidget(label, row, place)
        self._lines.append((f"{key} {text}".lower(), labels))

    def _search(self, words: str) -> None:
        """Leave what has every word; the rest is dimmed and keeps its place."""
        wanted = words.lower().split()
        for text, labels in self._lines:
            for label in labels:
                label.setEnabled(all(word in text for word in wanted))


class _Columns(QWidget):
    """Columns side by side as long as they have room, else below each other."""

    def __init__(self, columns: Sequence[QWidget]) -> None:
        super().__init__()
        self._columns, self._side_by_side = columns, 0
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(22, 0, 22, 16)
        self._grid.setHorizontalSpacing(36)
        self._place(len(columns))

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """One column is enough."""
        return QSize(self._width_of(1), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Put as many side by side as fit."""
        super().resizeEvent(event)
        counts = range(len(self._columns), 1, -1)
        self._place(next((n for n in counts if self._width_of(n) <= self.width()), 1))

    def _width_of(self, count: int) -> int:
        widths = [column.sizeHint().width() for column in self._columns]
        margins = self._grid.contentsMargins()
        gaps = (count - 1) * self._grid.horizontalSpacing() + margins.left() + margins.right()
        return gaps + sum(max(widths[n::count]) for n in range(count))

    def _place(self, side_by_side: int) -> None:
        if side_by_side == self._side_by_side:
            return
        self._side_by_side = side_by_side
        for column in self._columns:
            self._grid.removeWidget(column)
        for number, column in enumerate(self._columns):
            row, place = divmod(number, side_by_side)
            self._grid.addWidget(column, row, place, Qt.AlignmentFlag.AlignTop)


def _groups(bindings: KeyBindings) -> dict[str, Lines]:
    groups: dict[str, Lines] = {
        group: [
            (", ".join(map(native, bindings.keys(c.name))), c.text)
            for c in commands
            if bindings.keys(c.name)
        ]
        for group, commands in groupby(COMMANDS, key=lambda command: command.group)
    }
    return groups | {"Mouse": _MOUSE}


def _search_field() -> QLineEdit:
    field = QLineEdit()
    field.setPlaceholderText("Search keys")
    field.setAccessibleName("Search keys")
    field.setClearButtonEnabled(True)
    field.setFixedWidth(280)
    return field


def _scrolled(body: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidgetResizable(True)
    area.setAccessibleName("All keys")
    area.setWidget(body)
    # One ground for the whole dialog.
    for part in (area.viewport(), body):
        part.setAutoFillBackground(False)
    return area

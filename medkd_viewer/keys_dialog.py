"""The list of all keys."""

from __future__ import annotations

from itertools import groupby

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from medkd_viewer.commands import COMMANDS, Command
from medkd_viewer.findings.labels import section_label

_MOUSE = (
    ("Left drag", "The chosen tool; window: right is wider"),
    ("Middle drag", "Pan"),
    ("Right drag", "Zoom"),
    ("Wheel", "Next image, or zoom on a single one"),
    ("Ctrl+Wheel", "Zoom at the pointer"),
    ("Double click", "Show this pane alone"),
)
_LEFT_COLUMN = ("File", "Tools", "Maps", "Help", "Mouse")


class KeysDialog(QDialog):
    """Every command with its key, and what the mouse does."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("All keys")
        groups = {
            group: [_line(command) for command in commands if command.keys]
            for group, commands in groupby(COMMANDS, key=lambda command: command.group)
        }
        groups["Mouse"] = list(_MOUSE)
        columns = QHBoxLayout(self)
        columns.setContentsMargins(22, 16, 22, 22)
        columns.setSpacing(40)
        for wanted in (True, False):
            column = QVBoxLayout()
            column.setSpacing(8)
            for group, lines in groups.items():
                if (group in _LEFT_COLUMN) is wanted:
                    column.addWidget(section_label(group))
                    column.addLayout(_table(lines))
                    column.addSpacing(8)
            column.addStretch(1)
            columns.addLayout(column)


def _line(command: Command) -> tuple[str, str]:
    shown = QKeySequence(command.keys[0]).toString(QKeySequence.SequenceFormat.NativeText)
    return shown, command.text


def _table(lines: list[tuple[str, str]]) -> QGridLayout:
    grid = QGridLayout()
    grid.setVerticalSpacing(4)
    grid.setColumnMinimumWidth(0, 110)
    grid.setColumnStretch(1, 1)
    for number, (key, text) in enumerate(lines):
        name, meaning = QLabel(key), QLabel(text)
        name.setObjectName("figure")
        meaning.setObjectName("secondary")
        grid.addWidget(name, number, 0, Qt.AlignmentFlag.AlignLeft)
        grid.addWidget(meaning, number, 1)
    return grid

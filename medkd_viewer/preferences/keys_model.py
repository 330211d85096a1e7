"""The table of commands and keys, limited to what is searched for."""

from __future__ import annotations

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from medkd_viewer.commands import COMMANDS, Command
from medkd_viewer.key_bindings import KeyBindings, native

_HEADS = ("Command", "Key", "Group")
Index = QModelIndex | QPersistentModelIndex


class KeysModel(QAbstractTableModel):
    """One row for each command: its text, its keys as they are now, its group."""

    def __init__(self, bindings: KeyBindings) -> None:
        super().__init__()
        self._bindings = bindings
        self.commands: tuple[Command, ...] = COMMANDS

    def search(self, words: str) -> None:
        """Keep the commands whose text, group or key has every word."""
        self.beginResetModel()
        wanted = words.lower().split()
        self.commands = tuple(
            c for c in COMMANDS if all(word in self._searched(c) for word in wanted)
        )
        self.endResetModel()

    def keys_changed(self) -> None:
        """Show the keys of now."""
        last = self.index(len(self.commands) - 1, len(_HEADS) - 1)
        self.dataChanged.emit(self.index(0, 0), last)

    def key_words(self, command: Command) -> str:
        """Every key of a command in the words of this system."""
        return "   ".join(native(key) for key in self._bindings.keys(command.name))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        """Commands found."""
        return 0 if parent.isValid() else len(self.commands)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        """Command, key, group."""
        return len(_HEADS)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> str | None:
        """The words of a cell."""
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        command = self.commands[index.row()]
        return (command.text, self.key_words(command), command.group)[index.column()]

    def headerData(  # noqa: N802
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> str | None:
        """The heads of the columns."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return _HEADS[section]
        return None

    def _searched(self, command: Command) -> str:
        return f"{command.text} {command.group} {self.key_words(command)}".lower()

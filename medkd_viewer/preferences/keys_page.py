"""Keys: a table that can be searched, a new key for a command, and what stands against it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableView,
)

from medkd_viewer.commands import Command
from medkd_viewer.key_bindings import KeyBindings, native
from medkd_viewer.preferences.key_capture import KeyCapture
from medkd_viewer.preferences.keys_model import KeysModel
from medkd_viewer.preferences.page import Page
from medkd_viewer.settings import Settings

_ROW_HEIGHT = 30


class KeysPage(Page):
    """Changes `KeyBindings` and keeps what differs from the defaults in the settings."""

    def __init__(self, settings: Settings, bindings: KeyBindings) -> None:
        super().__init__("Keys")
        self._settings, self._bindings = settings, bindings
        self._model = KeysModel(bindings)
        self.search, self.table = _search_field(), _table(self._model)
        self.capture = KeyCapture()
        self._chosen, self.sentence = QLabel(), QLabel()
        self.remove, self.restore = QPushButton("No key"), QPushButton("Reset")
        self.take_over, self.leave = QPushButton("Take it over"), QPushButton("Leave it")
        self._asked: tuple[str, ...] = ()
        self._lay_out()
        self._connect()
        self.table.selectRow(0)

    @property
    def command(self) -> Command | None:
        """The command in hand."""
        row = self.table.currentIndex().row()
        return self._model.commands[row] if 0 <= row < len(self._model.commands) else None

    def choose(self, name: str) -> None:
        """Take a command in hand."""
        names = [command.name for command in self._model.commands]
        self.table.selectRow(names.index(name))

    def refresh(self) -> None:
        """Show the keys of now."""
        self._model.keys_changed()
        self._show_command()

    def reset(self) -> None:
        """Give every command its own keys back."""
        self._bindings.reset_all()
        self._keep()

    def _ask(self, keys: tuple[str, ...]) -> None:
        """Give keys to the command in hand, or say what stands against it."""
        command = self.command
        if command is None:
            return
        refusals = [self._bindings.refusal(command.name, key) for key in keys]
        clashes = self._bindings.clashes(command.name, keys)
        default = keys == tuple(command.keys)
        self._show_command()
        if any(refusals) and not default:
            self.sentence.setText(next(filter(None, refusals)))
        elif clashes:
            self._asked = keys
            self._show_question(" ".join(dict.fromkeys(map(str, clashes))))
        else:
            self._bind(keys)

    def _bind(self, keys: tuple[str, ...]) -> None:
        if self.command is not None:
            self._bindings.bind(self.command.name, keys)
            self._keep()

    def _keep(self) -> None:
        self._settings.keys = self._bindings.changes()
        self.refresh()
        self.changed.emit("keys")

    def _show_question(self, sentence: str) -> None:
        self.sentence.setText(sentence)
        self.take_over.show()
        self.leave.show()
        self.take_over.setFocus(Qt.FocusReason.OtherFocusReason)

    def _answer(self, *, take: bool) -> None:
        keys = self._asked
        self.capture.setFocus(Qt.FocusReason.OtherFocusReason)
        self._show_command()
        if take:
            self._bind(keys)

    def _show_command(self) -> None:
        command = self.command
        self.take_over.hide()
        self.leave.hide()
        self.sentence.setText("")
        for control in (self.capture, self.remove, self.restore):
            control.setEnabled(command is not None)
        if command is None:
            self._chosen.setText("No command has these words.")
            return
        keys = self._bindings.keys(command.name)
        words = " or ".join(map(native, keys)) or "no key"
        self._chosen.setText(f"{command.text}: {words}")
        self.remove.setEnabled(bool(keys))
        self.restore.setEnabled(not self._bindings.is_default(command.name))

    def _search(self, words: str) -> None:
        self._model.search(words)
        self.table.selectRow(0)
        self._show_command()

    def _connect(self) -> None:
        self.search.textChanged.connect(self._search)
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self._show_command())
        self.table.activated.connect(lambda _: self.capture.setFocus())
        self.capture.captured.connect(lambda key: self._ask((key,)))
        self.remove.clicked.connect(lambda: self._bind(()))
        self.restore.clicked.connect(self._ask_for_own)
        self.take_over.clicked.connect(lambda: self._answer(take=True))
        self.leave.clicked.connect(lambda: self._answer(take=False))

    def _ask_for_own(self) -> None:
        if self.command is not None:
            self._ask(self.command.keys)

    def _lay_out(self) -> None:
        self._chosen.setObjectName("figure")
        self._chosen.setWordWrap(True)
        self.sentence.setObjectName("clash")
        self.sentence.setWordWrap(True)
        self.remove.setAccessibleName("Take the key from this command")
        self.restore.setAccessibleName("Give this command its own key back")
        hand, answer = QHBoxLayout(), QHBoxLayout()
        hand.addWidget(self._chosen, 1)
        for button in (self.capture, self.remove, self.restore):
            hand.addWidget(button)
        answer.addWidget(self.sentence, 1)
        for button in (self.take_over, self.leave):
            answer.addWidget(button)
        self.column.setSpacing(12)
        self.column.addWidget(self.search)
        self.column.addWidget(self.table, 1)
        self.column.addLayout(hand)
        self.column.addLayout(answer)


def _search_field() -> QLineEdit:
    field = QLineEdit()
    field.setPlaceholderText("Search commands and keys")
    field.setAccessibleName("Search commands and keys")
    field.setClearButtonEnabled(True)
    return field


def _table(model: KeysModel) -> QTableView:
    table = QTableView()
    table.setObjectName("keysTable")
    table.setAccessibleName("Commands and their keys")
    table.setModel(model)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    # Tab leaves the table; arrows go through it.
    table.setTabKeyNavigation(False)
    table.setShowGrid(False)
    table.setWordWrap(False)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(_ROW_HEIGHT)
    heads = table.horizontalHeader()
    heads.setHighlightSections(False)
    heads.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    heads.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
    heads.resizeSection(1, 150)
    heads.resizeSection(2, 90)
    return table

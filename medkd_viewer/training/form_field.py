"""One entry of a form: its name above, its editor, and a sentence below."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QVBoxLayout, QWidget

from medkd_viewer.training.card import label


class FormField(QWidget):
    """A named entry; the sentence below says what it means, or what is wrong with it.

    Parameters
    ----------
    choices : mapping of str to str, optional
        What may be chosen, with its text for the screen; left out, anything may be written.
    other : bool
        Something that is not among the choices may be written.
    """

    changed = Signal()

    def __init__(
        self,
        name: str,
        meaning: str = "",
        choices: Mapping[str, str] | None = None,
        *,
        other: bool = False,
    ) -> None:
        super().__init__()
        self._meaning = meaning
        self.editor: QLineEdit | QComboBox = QLineEdit()
        if choices:
            self.editor = _choice(choices, other=other)
        self.sentence = label(meaning, "fieldHint", wraps=True)
        self._connect()
        head = QLabel(name)
        head.setBuddy(self.editor)
        self.editor.setAccessibleName(name)
        if isinstance(self.editor, QComboBox) and (line := self.editor.lineEdit()):
            line.setAccessibleName(name)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        for part in (head, self.editor, self.sentence):
            self._column.addWidget(part)
        self._column.addStretch(1)
        self.show_problem("")

    @property
    def value(self) -> str:
        """What was entered."""
        if isinstance(self.editor, QLineEdit):
            return self.editor.text()
        text = self.editor.currentText()
        place = self.editor.findText(text, Qt.MatchFlag.MatchFixedString)
        return str(self.editor.itemData(place)) if place >= 0 else text.strip()

    @value.setter
    def value(self, value: str) -> None:
        if isinstance(self.editor, QLineEdit):
            self.editor.setText(value)
            return
        place = self.editor.findData(value)
        if place < 0 and self.editor.isEditable():
            self.editor.setEditText(value)
            return
        self.editor.setCurrentIndex(max(place, 0))
        if self.editor.isEditable():  # what was written is not undone by the same choice
            self.editor.setEditText(self.editor.itemText(place))

    def show_problem(self, problem: str) -> None:
        """Say what is wrong; an empty sentence brings the meaning back."""
        text = f"✕ {problem}" if problem else self._meaning
        self.sentence.setText(text)
        self.sentence.setVisible(bool(text))
        self.editor.setAccessibleDescription(text)
        if self.editor.property("wrong") == bool(problem):
            return
        self.editor.setProperty("wrong", bool(problem))
        self.sentence.setObjectName("fieldProblem" if problem else "fieldHint")
        for part in (self.sentence, self.editor):
            part.style().polish(part)

    def _connect(self) -> None:
        if isinstance(self.editor, QLineEdit):
            self.editor.textChanged.connect(self.changed)
        else:
            self.editor.currentTextChanged.connect(self.changed)


def _choice(choices: Mapping[str, str], *, other: bool) -> QComboBox:
    box = QComboBox()
    box.setEditable(other)
    box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
    # Its longest text must not push the other fields out of the window.
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(8)
    for value, text in choices.items():
        box.addItem(text, value)
    return box

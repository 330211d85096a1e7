"""One entry of a form: its name above, its editor, and a sentence below."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QVBoxLayout, QWidget

from medkd_viewer.training.card import label


class FormField(QWidget):
    """A named entry; the sentence below says what it means, or what is wrong with it.

    Parameters
    ----------
    choices : mapping of str to str, optional
        What may be chosen, with its text for the screen; left out, anything may be written.
    """

    changed = Signal()

    def __init__(
        self, name: str, meaning: str = "", choices: Mapping[str, str] | None = None
    ) -> None:
        super().__init__()
        self._meaning = meaning
        self.editor: QLineEdit | QComboBox = _choice(choices) if choices else QLineEdit()
        self.sentence = label(meaning, "fieldHint", wraps=True)
        self._connect()
        head = QLabel(name)
        head.setBuddy(self.editor)
        self.editor.setAccessibleName(name)
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
        if isinstance(self.editor, QComboBox):
            return str(self.editor.currentData())
        return self.editor.text()

    @value.setter
    def value(self, value: str) -> None:
        if isinstance(self.editor, QComboBox):
            self.editor.setCurrentIndex(max(self.editor.findData(value), 0))
        else:
            self.editor.setText(value)

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
        if isinstance(self.editor, QComboBox):
            self.editor.currentIndexChanged.connect(self.changed)
        else:
            self.editor.textChanged.connect(self.changed)


def _choice(choices: Mapping[str, str]) -> QComboBox:
    box = QComboBox()
    # Its longest text must not push the other fields out of the window.
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(8)
    for value, text in choices.items():
        box.addItem(text, value)
    return box

"""A sentence in place, with the answers that it allows."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QWidget

from medkd_viewer.training.card import label


class Notice(QFrame):
    """A framed sentence: a failure, a caution or a question. Hidden while it says nothing."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("notice")
        self.text = label("", "noticeText", wraps=True)
        self._line = QHBoxLayout(self)
        self._line.setContentsMargins(12, 6, 6, 6)
        self._line.addWidget(self.text, 1)
        self.buttons: list[QPushButton] = []
        self.hide()

    def say(self, sentence: str, tone: str = "failure") -> None:
        """Show a sentence; an empty one hides the notice.

        Parameters
        ----------
        tone : str
            ``failure``, ``caution``, ``well`` or ``quiet``.
        """
        self._drop_buttons()
        self.text.setText(sentence)
        self.setAccessibleName(sentence)
        self.setProperty("tone", tone)
        self.style().polish(self)
        self.text.style().polish(self.text)
        self.setVisible(bool(sentence))

    def ask(self, question: str, yes: str, then: Callable[[], None]) -> None:
        """Ask before something that cannot be undone.

        Parameters
        ----------
        yes : str
            The button that agrees.
        then : callable
            Called once it was pressed.
        """
        self.say(question, "caution")
        self._add_button(yes, then)
        self._add_button("No", lambda: None).setFocus()

    def _add_button(self, text: str, then: Callable[[], None]) -> QPushButton:
        def press() -> None:
            self.say("")
            then()

        button = QPushButton(text)
        button.clicked.connect(press)
        self._line.addWidget(button)
        self.buttons.append(button)
        return button

    def _drop_buttons(self) -> None:
        for button in self.buttons:
            button.hide()
            button.deleteLater()
        self.buttons.clear()

"""A row of joined buttons of which one is on."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QSizePolicy, QToolButton, QWidget


class Segments(QWidget):
    """A choice among few.

    Parameters
    ----------
    name : str
        Accessible name of the whole row.
    choices : tuple of (key, text)
    optional : bool
        A second press takes the choice back.
    """

    chosen = Signal(str)
    """The key, or empty when it was taken back."""

    def __init__(
        self,
        name: str,
        choices: tuple[tuple[str, str], ...],
        *,
        optional: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self._group = QButtonGroup(self)
        self._buttons: dict[str, QToolButton] = {}
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for number, (key, text) in enumerate(choices):
            place = "first" if number == 0 else "last" if number == len(choices) - 1 else "inner"
            button = self._make_button(f"{name}: {text}", text, place)
            button.clicked.connect(lambda on, key=key: self._press(key, on))
            self._buttons[key] = button
            if not optional:
                # Within a group arrows lead on, but only where one is always on.
                self._group.addButton(button)
            layout.addWidget(button)

    def show_choice(self, key: str) -> None:
        """Mark a choice without saying so; empty marks none."""
        self._group.setExclusive(False)
        for known, button in self._buttons.items():
            button.setChecked(known == key)
        self._group.setExclusive(True)

    def _press(self, key: str, on: bool) -> None:
        self.show_choice(key if on else "")
        self.chosen.emit(key if on else "")

    @staticmethod
    def _make_button(name: str, text: str, place: str) -> QToolButton:
        button = QToolButton()
        button.setObjectName("segment")
        button.setProperty("place", place)
        button.setText(text)
        button.setAccessibleName(name)
        button.setCheckable(True)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        button.setFixedHeight(30)
        return button

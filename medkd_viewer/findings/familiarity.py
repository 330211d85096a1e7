"""Is the film like those the model learned from? Said before any number."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

_LOOKS = {
    "familiar": ("well", "✓"),
    "unusual": ("caution", "!"),
    "not applicable": ("failure", "✕"),
    "unknown": ("caution", "?"),
}


class FamiliarityBox(QLabel):
    """A coloured box with a sign and a sentence; never colour alone."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setObjectName("familiarity")
        self.setContentsMargins(12, 8, 12, 8)
        self.setAccessibleName("Familiarity")
        self.hide()

    def show_familiarity(self, familiarity: str, reason: str) -> None:
        """Show how familiar a film is, and why."""
        tone, sign = _LOOKS.get(familiarity, _LOOKS["unknown"])
        self.setProperty("tone", tone)
        self.setText(f"{sign} {_sentence(familiarity, reason)}")
        self.style().unpolish(self)
        self.style().polish(self)
        self.show()


def _sentence(familiarity: str, reason: str) -> str:
    word = familiarity.capitalize()
    if not reason:
        return word
    if reason.lower().startswith(familiarity):
        return reason[0].upper() + reason[1:]
    return f"{word}: {reason[0].lower() if reason[1:2].islower() else reason[0]}{reason[1:]}"

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
        """Show how familiar a film is, and why, in a whole sentence that begins with the word."""
        tone, sign = _LOOKS.get(familiarity, _LOOKS["unknown"])
        self.setProperty("tone", tone)
        self.setText(f"{sign} {reason or familiarity.capitalize()}")
        self.style().unpolish(self)
        self.style().polish(self)
        self.show()

"""The field over the list in which studies are searched."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget


class SearchField(QLineEdit):
    """Down leads to the list, Return to the first study found; Escape clears it, then leaves it."""

    list_asked = Signal()
    first_asked = Signal()
    left = Signal()
    """Escape was pressed with nothing to clear."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setPlaceholderText("Search studies")
        self.setAccessibleName("Search studies")
        self.setToolTip("Name, number, description; date:2026-01 and modality:CT ask for a field")
        self.setClearButtonEnabled(True)
        # What is dropped here is meant for the window, like everywhere else.
        self.setAcceptDrops(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """The keys that lead out of the field; the others are typed."""
        if event.key() == Qt.Key.Key_Down:
            self.list_asked.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.first_asked.emit()
        elif event.key() == Qt.Key.Key_Escape:
            if self.text():
                self.clear()
            else:
                self.left.emit()
        else:
            super().keyPressEvent(event)

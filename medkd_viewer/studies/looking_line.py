"""The line under the list while files are looked into."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from medkd_viewer.counting import plural

_PATIENCE_MS = 300
"""A search that is over sooner needs no line that comes and goes."""


class LookingLine(QWidget):
    """Says how far a search is, and can stop it; there only while one runs."""

    stop_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words = QLabel()
        self._words.setObjectName("secondary")
        self._words.setTextFormat(Qt.TextFormat.PlainText)
        stop = QPushButton("Stop")
        stop.setAccessibleName("Stop looking for studies")
        stop.setToolTip("Keep what was found and look no further")
        stop.clicked.connect(self.stop_asked)
        self._patience = QTimer(self, singleShot=True, interval=_PATIENCE_MS)
        self._patience.timeout.connect(self.show)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 4, 12, 0)
        layout.setSpacing(8)
        layout.addWidget(self._words, 1)
        layout.addWidget(stop)
        self.hide()

    def show_count(self, files: int | None) -> None:
        """Show how many files were looked at; None when no search runs."""
        if files is None:
            self._patience.stop()
            self.hide()
            return
        counted = f"{plural(files, 'file')} looked at"
        self._words.setText(counted if files else "Looking for studies")
        if not self.isVisible() and not self._patience.isActive():
            self._patience.start()

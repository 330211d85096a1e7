"""The place of the Train tab, which is built when it is first entered: reading starts at once."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget


class TrainRoom(QWidget):
    """Holds the Train tab once somebody has looked at it."""

    published = Signal(Path)
    status_changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.status_text = ""
        self._entered = False
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)

    def enter(self) -> None:
        """Build the tab unless it is there."""
        if self._entered:
            return
        from medkd_core.jobs.store import JobStore
        from medkd_viewer.training.train_tab import TrainTab

        self._entered = True
        tab = TrainTab(JobStore())
        tab.published.connect(self.published)
        tab.status_changed.connect(self._take_status)
        self._layout.addWidget(tab)

    def _take_status(self, text: str) -> None:
        self.status_text = text
        self.status_changed.emit(text)

"""The place of the Train tab, which is built when it is first entered: reading starts at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from medkd_core.jobs.store import JobStore
from medkd_viewer.window.regions import Region, region_of

if TYPE_CHECKING:
    from medkd_viewer.training.train_tab import TrainTab

_SMALLEST_SIZE = (850, 560)


class TrainRoom(QWidget):
    """Holds the Train tab once somebody has looked at it."""

    published = Signal(Path)
    status_changed = Signal(str)
    steps_made = Signal(QWidget)
    """The line of steps, for the bar above."""

    def __init__(self, store: JobStore, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.status_text = ""
        self._store = store
        self._tab: TrainTab | None = None
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)

    def enter(self) -> None:
        """Build the tab unless it is there."""
        if self._tab is not None:
            return
        # Its curves bring pyqtgraph, which a reader need not wait for.
        from medkd_viewer.training.train_tab import TrainTab

        self._tab = TrainTab(self._store)
        self._tab.published.connect(self.published)
        self._tab.status_changed.connect(self._take_status)
        self._layout.addWidget(_scrolled(self._tab))
        self.steps_made.emit(self._tab.take_step_bar())

    def leave(self) -> None:
        """End what the tab runs beside itself; jobs go on."""
        if self._tab is not None:
            self._tab.stop()

    def regions(self) -> list[Region]:
        """The list of runs, and the step on show."""
        return (
            [region_of(part) for part in (self._tab.run_list, self._tab.pages)] if self._tab else []
        )

    def _take_status(self, text: str) -> None:
        self.status_text = text
        self.status_changed.emit(text)


def _scrolled(tab: QWidget) -> QScrollArea:
    """The tab keeps the size that its forms need where the window is smaller."""
    tab.setMinimumSize(*_SMALLEST_SIZE)
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(tab)
    return area

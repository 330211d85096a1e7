"""Which of the folders and files that were opened before are still there."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import Thread

from PySide6.QtCore import QObject, Qt, Signal

from medkd_viewer.settings import RecentFolder


class RecentPlaces(QObject):
    """Looks for them beside the window's thread: a share that is away answers after minutes."""

    found = Signal(object)
    """Those that are there, a list of `RecentFolder`."""
    _looked = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._looked.connect(self.found, Qt.ConnectionType.QueuedConnection)

    def look_for(self, places: Sequence[RecentFolder]) -> None:
        """Look whether these are there."""
        Thread(target=self._look, args=(tuple(places),), name="recent", daemon=True).start()

    def _look(self, places: tuple[RecentFolder, ...]) -> None:
        there = [place for place in places if is_there(place.path)]
        # The window may have been closed meanwhile.
        with suppress(RuntimeError):
            self._looked.emit(there)


def is_there(path: Path) -> bool:
    """A file or folder is at a path, and may be looked at."""
    try:
        return path.exists()
    except OSError:
        return False

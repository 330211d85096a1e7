"""Which files and folders are there, asked beside the window's thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Thread

from PySide6.QtCore import QObject, Qt, Signal

Then = Callable[[list[Path]], None]


class Places(QObject):
    """Looks for files and folders: a share that is away answers after minutes."""

    _looked = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._looked.connect(_tell, Qt.ConnectionType.QueuedConnection)

    def look_for(self, paths: Sequence[Path], then: Then) -> None:
        """Look whether these are there; `then` is called, in this thread, with those that are."""
        Thread(target=self._look, args=(tuple(paths), then), name="places", daemon=True).start()

    def _look(self, paths: Sequence[Path], then: Then) -> None:
        there = [path for path in paths if _is_there(path)]
        # The window may have been closed meanwhile.
        with suppress(RuntimeError):
            self._looked.emit(there, then)


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False


def _tell(there: list[Path], then: Then) -> None:
    then(there)

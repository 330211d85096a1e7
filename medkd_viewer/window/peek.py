"""A key that toggles when it is tapped and peeks while it is held."""

from __future__ import annotations

import time

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QAction, QKeyEvent

_HELD_S = 0.35


class Peek(QObject):
    """Takes a checkable action back when its key is let go after it was held.

    Parameters
    ----------
    action : QAction
        Its own shortcuts toggle it on press.
    """

    def __init__(self, action: QAction, parent: QObject) -> None:
        super().__init__(parent)
        self._action = action
        self._since: float | None = None
        action.triggered.connect(self._note_press)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Watch for the key to be let go."""
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyRelease:
            self._take_release(event)
        return False

    def _note_press(self) -> None:
        self._since = time.monotonic()

    def _take_release(self, event: QKeyEvent) -> None:
        keys = {shortcut[0].key() for shortcut in self._action.shortcuts()}  # type: ignore[index]
        if event.key() not in keys or event.isAutoRepeat() or self._since is None:
            return
        held = time.monotonic() - self._since > _HELD_S
        if held:
            self._action.trigger()
        self._since = None

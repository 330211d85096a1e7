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

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Watch for the key to go down, to reach the action, and to be let go."""
        kind = event.type()
        if kind is QEvent.Type.Shortcut and watched is self._action:
            self._since = time.monotonic()
        elif isinstance(event, QKeyEvent) and self._is_ours(event):
            if kind is QEvent.Type.ShortcutOverride:
                # A text field may keep this press; only the action's own event counts.
                self._since = None
            elif kind is QEvent.Type.KeyRelease:
                self._let_go()
        return False

    def _is_ours(self, event: QKeyEvent) -> bool:
        keys = {shortcut[0].key() for shortcut in self._action.shortcuts()}  # type: ignore[index]
        return event.key() in keys and not event.isAutoRepeat()

    def _let_go(self) -> None:
        since, self._since = self._since, None
        if since is not None and time.monotonic() - since > _HELD_S:
            self._action.trigger()

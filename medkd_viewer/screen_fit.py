"""Keeps a window no larger than its screen, and in sight."""

from __future__ import annotations

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget


def fit_to_screen(window: QWidget) -> None:
    """Shrink and move a window until all of it, with its frame, is on a screen.

    A window that fills its screen on purpose is left alone. The frame is known only once the window
    is shown: call this again then.
    """
    if window.isMaximized() or window.isFullScreen():
        return
    screen = QGuiApplication.screenAt(window.frameGeometry().center()) or window.screen()
    room = screen.availableGeometry()
    frame = window.frameGeometry().size() - window.size()
    window.resize(window.size().boundedTo(room.size() - frame))
    placed = window.frameGeometry()
    placed.moveRight(min(placed.right(), room.right()))
    placed.moveBottom(min(placed.bottom(), room.bottom()))
    placed.moveLeft(max(placed.left(), room.left()))
    placed.moveTop(max(placed.top(), room.top()))
    window.move(placed.topLeft())

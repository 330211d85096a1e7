"""Keeps a window no larger than its screen, and in sight."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget


def fit_to_screen(window: QWidget) -> None:
    """Shrink and move a window until all of it, with its frame, is on a screen.

    A window that fills its screen on purpose is left alone.
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


def keep_on_screen(window: QWidget) -> None:
    """Fit a window that is on show to its screen, now and once its frame is known.

    The frame comes from the window manager, some time after the window is shown, but before it is
    given the focus.
    """
    fit_to_screen(window)
    once = Qt.ConnectionType.SingleShotConnection
    window.windowHandle().activeChanged.connect(lambda: fit_to_screen(window), once)

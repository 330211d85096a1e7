"""Starts the viewer, says when its window was painted and its event loop first slept, and ends."""

from __future__ import annotations

import sys
import time

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QWidget


class FirstSight(QObject):
    """Waits for the window's first paint, then for the loop to have nothing left to do."""

    def __init__(self, application: QApplication) -> None:
        super().__init__()
        self.painted = self.usable = 0.0
        self._application = application
        application.installEventFilter(self)
        application.eventDispatcher().aboutToBlock.connect(self._rest)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        if event.type() == QEvent.Type.Paint and _is_window(watched):
            self.painted = self.painted or time.monotonic()
            self._application.removeEventFilter(self)
        return False

    def _rest(self) -> None:
        if self.painted and not self.usable:
            self.usable = time.monotonic()
            self._application.quit()


def _is_window(watched: QObject) -> bool:
    return isinstance(watched, QWidget) and watched.isWindow()


def main() -> None:
    """Print the moments of the monotonic clock, which all processes share."""
    application = QApplication(["medkd-viewer"])
    sight = FirstSight(application)
    from medkd_viewer.app import main as run_viewer

    run_viewer(["--size", "1920x1080"])
    sys.stdout.write(f"{sight.painted} {sight.usable}")

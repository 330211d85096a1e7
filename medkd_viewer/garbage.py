"""Garbage is collected in the window's thread alone."""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

_EVERY_MS = 1_000


class GarbageCollection(QObject):
    """Looks for garbage when the event loop has time for it.

    Python would look for it in whichever thread happens to make objects, the one that waits for a
    decoder, say. What it finds may be Qt's, and a Qt object that dies outside the window's thread
    can leave both threads waiting for each other for ever.

    Parameters
    ----------
    parent : QObject
        Whose life it shares.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        # All that was made so far stays: looking through it for garbage would hold up a drag.
        gc.freeze()
        gc.disable()
        timer = QTimer(self, interval=_EVERY_MS)
        timer.timeout.connect(self._collect)
        timer.start()

    def _collect(self) -> None:
        """Collect the oldest generation that is due by Python's own thresholds."""
        for generation in (2, 1, 0):
            if gc.get_count()[generation] > gc.get_threshold()[generation]:
                gc.collect(generation)
                return

"""A dialog that opens within its screen."""

from __future__ import annotations

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDialog

from medkd_viewer.window.screen_fit import keep_on_screen


class FittedDialog(QDialog):
    """Is shrunk and moved, frame and all, where the screen is smaller than it would be."""

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        """Fit it in."""
        super().showEvent(event)
        keep_on_screen(self)

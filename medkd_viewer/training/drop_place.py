"""A place onto which a folder is dropped."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout

from medkd_viewer.training.card import label


class DropPlace(QFrame):
    """Takes one folder from the file manager."""

    dropped = Signal(Path)

    def __init__(self, invitation: str) -> None:
        super().__init__()
        self.setObjectName("dropPlace")
        self.setAcceptDrops(True)
        self.setMinimumHeight(96)
        text = label(invitation, wraps=True)
        text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        QVBoxLayout(self).addWidget(text)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802
        """Light up for a folder."""
        if _folder(event):
            event.acceptProposedAction()
            self._light(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:  # noqa: N802
        """Go dark again."""
        self._light(False)

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        """Hand the folder on."""
        self._light(False)
        if folder := _folder(event):
            event.acceptProposedAction()
            self.dropped.emit(folder)

    def _light(self, over: bool) -> None:
        self.setProperty("over", over)
        self.style().polish(self)


def _folder(event: QDropEvent) -> Path | None:
    paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
    return paths[0] if len(paths) == 1 and paths[0].is_dir() else None

"""The window that lists every element of the file in hand."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from medkd_core.errors import MedKDError
from medkd_core.imaging.content import FileContent
from medkd_viewer.contents.footer import research_footer
from medkd_viewer.contents.tag_table import TagTable
from medkd_viewer.decoding import Decoding
from medkd_viewer.findings.labels import headline_label, secondary_label
from medkd_viewer.reading.desk import Desk
from medkd_viewer.settings import Settings
from medkd_viewer.training.card import ElidedLabel
from medkd_viewer.window.fitted_dialog import FittedDialog

_SMALLEST_SIZE = (520, 320)


class TagsWindow(FittedDialog):
    """Stays beside the window and follows the film in hand.

    Parameters
    ----------
    decoding : Decoding
        Reads the elements outside this process.
    desk : Desk
        Says which film is in hand, and whether the patient is hidden.
    settings : Settings
        Remembers the size.
    """

    def __init__(
        self, decoding: Decoding, desk: Desk, settings: Settings, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Tags")
        self.setObjectName("contentsWindow")
        self.setMinimumSize(*_SMALLEST_SIZE)
        self._decoding, self._desk, self._settings = decoding, desk, settings
        self._path: Path | None = None
        self.title, self.file = headline_label(), ElidedLabel()
        self.table = TagTable()
        self.message = secondary_label()
        self.message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._pages = QStackedWidget()
        self._lay_out()
        self.resize(*settings.tags_size)
        desk.active_changed.connect(self.follow_film)
        desk.film_changed.connect(self.follow_film)
        desk.look.changed.connect(self._show_patient)
        self._show_patient()

    def toggle(self) -> None:
        """Open it on the film in hand, or close it."""
        if self.isVisible():
            self.close()
        else:
            self.show()
            self.activateWindow()

    def follow_film(self) -> None:
        """Show the elements of the film in hand."""
        film = self._desk.active.film
        if film is None:
            self._path = None
            self._say("No film is open.")
        else:
            self.show_file(film.address.path)

    def show_file(self, path: Path) -> None:
        """Show the elements of a file; nothing is read while the window is closed."""
        if path == self._path or not self.isVisible():
            return
        self._path = path
        self._say("Reading the tags")
        self._decoding.content(
            path, lambda content: self._take(path, content), lambda error: self._refuse(path, error)
        )

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        """Read what was not read while the window was closed."""
        super().showEvent(event)
        self.follow_film()
        self.table.search.setFocus()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Remember the size."""
        super().resizeEvent(event)
        self._settings.tags_size = (self.width(), self.height())

    def _lay_out(self) -> None:
        self._pages.addWidget(self.table)
        self._pages.addWidget(self.message)
        head = QVBoxLayout()
        head.setContentsMargins(22, 16, 22, 12)
        head.setSpacing(4)
        head.addWidget(self.title)
        head.addWidget(self.file)
        body = QVBoxLayout()
        body.setContentsMargins(22, 0, 22, 12)
        body.addWidget(self._pages)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addLayout(body, 1)
        layout.addWidget(research_footer())

    def _take(self, path: Path, content: FileContent) -> None:
        if path == self._path:
            self.title.setText(content.title)
            self.table.show_content(content)
            if self._pages.currentWidget() is not self.table:
                self._pages.setCurrentWidget(self.table)
                # The focus that it was given while it was hidden cannot be seen.
                self.table.search.setFocus()
            self._show_patient()

    def _refuse(self, path: Path, error: MedKDError) -> None:
        if path == self._path:
            # A file's name often is a patient's, who may be hidden.
            self._say(str(error).replace(str(path), "this file"))

    def _say(self, words: str) -> None:
        self.title.setText("Tags")
        self.message.setText(words)
        self._pages.setCurrentWidget(self.message)
        self._show_patient()

    def _show_patient(self) -> None:
        hidden = self._desk.look.patient_hidden
        self.table.set_patient_hidden(hidden)
        name = "File name hidden" if hidden else self._path.name if self._path else ""
        self.file.setText(name if self._path else "")

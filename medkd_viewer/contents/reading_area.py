"""The middle of the Read tab: films, or in their place a document that has no picture."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QStackedWidget, QWidget

from medkd_core.imaging.study import Instance
from medkd_viewer.contents.text_page import TextPage
from medkd_viewer.reading.pane_grid import PaneGrid


class ReadingArea(QStackedWidget):
    """Shows the panes until a document is chosen, and again when a film is.

    Parameters
    ----------
    panes : PaneGrid
    page : TextPage
    """

    def __init__(self, panes: PaneGrid, page: TextPage, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._panes, self.page = panes, page
        self.addWidget(panes)
        self.addWidget(page)

    @property
    def document(self) -> Instance | None:
        """The document in the films' place."""
        return self.page.document if self.currentWidget() is self.page else None

    def show_document(self, document: Instance) -> None:
        """Put a document in the films' place."""
        self.page.show_document(document)
        self.setCurrentWidget(self.page)

    def show_films(self) -> None:
        """Put the films back."""
        self.setCurrentWidget(self._panes)

    def toggle_tags(self) -> None:
        """Go from the document's text to its tags, or back."""
        self.page.show_view("text" if self.page.shows_tags else "tags")
        self.page.focus_first()

    def focus_first(self) -> None:
        """Put the focus on the pane in hand, or on the document."""
        if self.document is None:
            self._panes.active_pane.setFocus(Qt.FocusReason.TabFocusReason)
        else:
            self.page.focus_first()

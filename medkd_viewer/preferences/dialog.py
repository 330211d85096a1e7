"""The preferences: pages on the left, what they offer on the right."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QListWidget,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from medkd_viewer.preferences.page import Page
from medkd_viewer.window.fitted_dialog import FittedDialog

_PAGES_WIDTH = 168
_SIZE = QSize(860, 600)
_SMALLEST = QSize(480, 240)


class PreferencesDialog(FittedDialog):
    """Shows pages; what is chosen there takes effect at once.

    Parameters
    ----------
    pages : sequence of Page
    """

    changed = Signal(str)
    """Name of a setting that has another value."""

    def __init__(self, pages: Sequence[Page], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Preferences")
        self.pages = pages
        self.list, self._stack = QListWidget(), QStackedWidget()
        self.reset = QPushButton("Reset this page")
        self.cancel, self.done_button = QPushButton("Cancel"), QPushButton("Done")
        for page in pages:
            self.list.addItem(page.title)
            self._stack.addWidget(_scrolled(page))
            page.changed.connect(self.changed)
        self._lay_out()
        self._connect()
        self.list.setCurrentRow(0)
        self.setMinimumSize(_SMALLEST)
        self.resize(_SIZE)

    def show_page(self, title: str) -> None:
        """Go to a page."""
        self.list.setCurrentRow([page.title for page in self.pages].index(title))

    def refresh(self) -> None:
        """Show what is true now on every page."""
        for page in self.pages:
            page.refresh()

    def _show(self, row: int) -> None:
        page = self.pages[row]
        page.refresh()
        self._stack.setCurrentIndex(row)
        self.reset.setEnabled(page.can_reset)

    def _reset_page(self) -> None:
        self.pages[self.list.currentRow()].reset()

    def _connect(self) -> None:
        self.list.currentRowChanged.connect(self._show)
        self.reset.clicked.connect(self._reset_page)
        self.cancel.clicked.connect(self.reject)
        self.done_button.clicked.connect(self.accept)

    def _lay_out(self) -> None:
        self.list.setObjectName("pages")
        self.list.setAccessibleName("Pages of the preferences")
        self.list.setFixedWidth(_PAGES_WIDTH)
        self.done_button.setObjectName("primary")
        for button in (self.reset, self.cancel, self.done_button):
            # Enter belongs to the control in focus.
            button.setAutoDefault(False)
        foot = QWidget()
        foot.setObjectName("dialogFoot")
        foot.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        buttons = QHBoxLayout(foot)
        buttons.setContentsMargins(16, 12, 16, 12)
        buttons.addWidget(self.reset)
        buttons.addStretch(1)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.done_button)
        body = QHBoxLayout()
        body.setSpacing(0)
        body.addWidget(self.list)
        body.addWidget(self._stack, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(body, 1)
        column.addWidget(foot)


def _scrolled(page: Page) -> QScrollArea:
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(page)
    return area

"""All measurements of the film in hand as a list: to read, to find, to copy and to delete."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSignalBlocker, QSize
from PySide6.QtGui import QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QListWidget,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from medkd_viewer.findings.labels import secondary_label
from medkd_viewer.measuring.measuring import Measuring

_SIZE = QSize(400, 380)
_MARGIN, _BELOW_BARS = 22, 96
_NOTHING = "Nothing is measured on this film."


class MeasurementsWindow(QDialog):
    """Stays beside the window and follows the film in hand; what is chosen here is chosen there.

    Parameters
    ----------
    measuring : Measuring
    """

    def __init__(self, measuring: Measuring, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Measurements")
        self.setObjectName("contentsWindow")
        self.resize(_SIZE)
        self._measuring = measuring
        self._nothing = secondary_label(_NOTHING)
        self.list = QListWidget()
        self.list.setObjectName("measurementList")
        self.list.setAccessibleName("Measurements of this film")
        self.list.setWordWrap(True)
        self.list.setSpacing(2)
        self.list.currentRowChanged.connect(self._choose)
        self.copy = _button("Copy", measuring.copy)
        self.delete = _button("Delete", measuring.delete)
        self.delete_all = _button("Delete all", measuring.delete_all)
        self._lay_out()
        QShortcut(QKeySequence.StandardKey.Delete, self.list, measuring.delete)
        QShortcut(QKeySequence.StandardKey.Copy, self.list, measuring.copy)
        measuring.changed.connect(self._follow)

    def toggle(self) -> None:
        """Open it on the film in hand, or close it."""
        if self.isVisible():
            self.close()
            return
        if (parent := self.parentWidget()) is not None:
            # Over what is said of the film, not over the film; some desktops decide otherwise.
            home = parent.frameGeometry()
            self.move(home.right() - self.width() - _MARGIN, home.top() + _BELOW_BARS)
        self.show()
        self.activateWindow()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        """Show what was measured while it was closed."""
        super().showEvent(event)
        self._follow()
        self.list.setFocus()

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.copy)
        buttons.addStretch(1)
        buttons.addWidget(self.delete)
        buttons.addWidget(self.delete_all)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(12)
        layout.addWidget(self._nothing)
        layout.addWidget(self.list, 1)
        layout.addLayout(buttons)

    def _follow(self) -> None:
        if not self.isVisible():
            return
        lines, sheet = self._measuring.lines(), self._measuring.sheet
        chosen = sheet.chosen if sheet is not None else None
        # What is shown here was chosen on the film; it must not be chosen anew.
        with QSignalBlocker(self.list):
            if lines != [self.list.item(row).text() for row in range(self.list.count())]:
                self.list.clear()
                self.list.addItems(lines)
            self.list.setCurrentRow(-1 if chosen is None else chosen)
        self._nothing.setVisible(not lines)
        self.delete.setEnabled(chosen is not None)
        for button in (self.copy, self.delete_all):
            button.setEnabled(bool(lines))

    def _choose(self, row: int) -> None:
        sheet = self._measuring.sheet
        if sheet is not None and row >= 0:
            sheet.choose(row)


def _button(text: str, then: Callable[[], None]) -> QPushButton:
    button = QPushButton(text)
    button.setAutoDefault(False)
    button.clicked.connect(then)
    return button

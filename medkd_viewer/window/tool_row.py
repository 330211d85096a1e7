"""One line of tools; what does not fit goes into a menu at its end."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QMenu, QSizePolicy, QToolButton, QWidget

from medkd_viewer.window.menus import MenuButton

BUTTON = 32
_GAP = 4
_LINE_ROOM = 13
_LINE_HEIGHT = 20
_FEWEST = 3


class ToolRow(QWidget):
    """Groups of buttons with a thin line between them.

    Parameters
    ----------
    groups : sequence of sequence of QToolButton
        From the one that is kept longest when room is short. A button has an action, or is a
        `MenuButton`.
    """

    def __init__(self, groups: Sequence[Sequence[QToolButton]]) -> None:
        super().__init__()
        self.setObjectName("tools")
        self._groups = groups
        self._lines = [_upright_line(self) for _ in groups[1:]]
        self._hidden: list[QToolButton] = []
        self.buttons = [button for group in groups for button in group]
        self.more = MenuButton("More tools", QMenu(), "more", parent=self)
        self.more.opens.aboutToShow.connect(self._fill_menu)
        self.more.resize(BUTTON, BUTTON)
        for button in self.buttons:
            button.setParent(self)
        QWidget.setTabOrder(self.buttons[-1], self.more)
        self.setFixedHeight(BUTTON)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._arrange()

    def sizeHint(self) -> QSize:  # noqa: N802
        """Room for all tools."""
        wide = sum(button.width() + _GAP for button in self.buttons) - _GAP
        return QSize(wide + _LINE_ROOM * len(self._lines), BUTTON)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Room for the first few tools and the menu of the others."""
        first = sum(button.width() + _GAP for button in self.buttons[:_FEWEST])
        return QSize(first + BUTTON, BUTTON)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Show what fits."""
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        everything = self.sizeHint().width() <= self.width()
        room = self.width() if everything else self.width() - BUTTON
        x, self._hidden = 0, []
        for number, group in enumerate(self._groups):
            if number:
                line = self._lines[number - 1]
                fits = x + _LINE_ROOM + group[0].width() <= room and not self._hidden
                line.setVisible(fits)
                line.move(x + (_LINE_ROOM - _GAP) // 2, (BUTTON - _LINE_HEIGHT) // 2)
                x += _LINE_ROOM
            for button in group:
                x = self._place(button, x, room)
        self.more.move(max(0, min(x, room)), 0)
        self.more.setVisible(bool(self._hidden))

    def _place(self, button: QToolButton, x: int, room: int) -> int:
        fits = x + button.width() <= room and not self._hidden
        button.setVisible(fits)
        if not fits:
            self._hidden.append(button)
            return x
        button.move(x, 0)
        return x + button.width() + _GAP

    def _fill_menu(self) -> None:
        menu = self.more.opens
        menu.clear()
        for button in self._hidden:
            if isinstance(button, MenuButton):
                menu.addMenu(button.opens)
            else:
                menu.addAction(button.defaultAction())


def _upright_line(parent: QWidget) -> QFrame:
    line = QFrame(parent)
    line.setObjectName("barLine")
    line.setFixedSize(1, _LINE_HEIGHT)
    return line

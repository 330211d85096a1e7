"""The menus of the window: all commands in one, and the short ones behind single buttons."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import groupby

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from medkd_viewer.commands import COMMANDS
from medkd_viewer.theme import ICON_SIZE, icon

Actions = dict[str, QAction]

_LINE_AFTER = {
    "open_model",
    "search",
    "preferences",
    "tool_heart_ratio",
    "redo",
    "window_9",
    "reset",
    "flip_vertical",
    "hide_patient",
    "last_image",
    "cine",
    "previous_study",
    "contours",
    "layout_one_and_four",
    "link",
    "next_region",
    "film_alone",
    "log_folder",
}


class MenuButton(QToolButton):
    """Opens a menu below itself.

    The menu is not the button's own in Qt's sense: the keys of panes would be heard while such a
    button had the focus.

    Parameters
    ----------
    name : str
        Says it to the screen reader, and on pointing.
    menu : QMenu
    picture : str
        Name of its icon.
    key : str
        Opens the menu; empty for none.
    """

    def __init__(
        self,
        name: str,
        menu: QMenu,
        picture: str,
        key: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.opens = menu
        menu.setParent(self, menu.windowFlags())
        menu.setTitle(name)
        self._picture = picture
        self.setAccessibleName(name)
        self.setAccessibleDescription("Opens a menu")
        self.setToolTip(f"{name} ({key})" if key else name)
        if key:
            self.setShortcut(key)
        self.setIconSize(QSize(ICON_SIZE, ICON_SIZE))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.draw()
        self.clicked.connect(self._open)

    def draw(self, picture: str = "") -> None:
        """Draw the icon, in the colours of now; another one if it is named."""
        self._picture = picture or self._picture
        self.setIcon(icon(self._picture))

    def _open(self) -> None:
        self.opens.popup(self.mapToGlobal(self.rect().bottomLeft()))


def main_menu(actions: Actions) -> QMenu:
    """Every command, by its group."""
    menu = QMenu()
    for group, commands in groupby(COMMANDS, key=lambda command: command.group):
        fill(menu.addMenu(group), actions, (command.name for command in commands))
    return menu


def menu_of(actions: Actions, *groups: str, only: Callable[[str], bool] = bool) -> QMenu:
    """The commands of some groups that are wanted, in one menu."""
    menu = QMenu()
    wanted = (c.name for c in COMMANDS if c.group in groups and only(c.name))
    fill(menu, actions, wanted)
    return menu


def fill(menu: QMenu, actions: Actions, names: Iterable[str]) -> None:
    """Put commands into a menu, a line after those that end a part."""
    for name in names:
        menu.addAction(actions[name])
        if name in _LINE_AFTER:
            menu.addSeparator()
    menu.setSeparatorsCollapsible(True)

"""What can be done with a row of the list, as a menu."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QMenu, QWidget

Deed = tuple[str, Callable[[], object]]
"""What the menu says, and what is done then."""


def row_menu(parent: QWidget, groups: list[list[Deed]]) -> QMenu:
    """A menu of some groups with lines between them."""
    menu = QMenu(parent)
    for group in groups:
        if menu.actions():
            menu.addSeparator()
        for words, deed in group:
            menu.addAction(words).triggered.connect(lambda checked=False, deed=deed: deed())
    return menu

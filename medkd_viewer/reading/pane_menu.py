"""What a pane's context menu offers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from medkd_viewer.reading.links import Linked, Links
from medkd_viewer.reading.pane import FilmPane
from medkd_viewer.reading.state import ReadingState


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several things of which one is on."""

    text: str
    is_on: bool
    then: Callable[[], object]


def pane_menu(
    parent: QWidget,
    pane: FilmPane,
    contents: Sequence[Choice],
    links: Links,
    take_off: Callable[[], None] | None,
) -> QMenu:
    """The menu of a pane.

    Parameters
    ----------
    parent : QWidget
    pane : FilmPane
    contents : sequence of Choice
        What the pane may show; none where the layout says it.
    links : Links
        What follows can be chosen while they are on.
    take_off : callable or None
        Takes the film off the desk; None where it cannot be.
    """
    menu, state = QMenu(parent), pane.state
    _add_choices(menu, "Show here", contents)
    _add_choices(menu, "Window", _windows(state))
    if state.film is not None:
        menu.addAction("Fit the film to its pane", state.fit)
        menu.addAction("Film pixels one to one", pane.show_one_to_one)
    if links.is_on:
        _add_links(menu, links)
    if take_off is not None:
        menu.addSeparator()
        menu.addAction("Take this film off the desk", take_off)
    return menu


def _windows(state: ReadingState) -> list[Choice]:
    windows = state.film.windows if state.film is not None else ()
    return [Choice(name, voi is state.voi, partial(state.set_voi, voi)) for name, voi in windows]


def _add_links(menu: QMenu, links: Links) -> None:
    part = menu.addMenu("Linked")
    for what in Linked:
        action = part.addAction(what.value)
        action.setCheckable(True)
        action.setChecked(what in links.followed)
        action.toggled.connect(partial(links.follow, what))


def _add_choices(menu: QMenu, title: str, choices: Sequence[Choice]) -> None:
    if not choices:
        return
    part = menu.addMenu(title)
    group = QActionGroup(part)
    for choice in choices:
        action = part.addAction(choice.text)
        action.setCheckable(True)
        action.setChecked(choice.is_on)
        action.triggered.connect(lambda _, then=choice.then: then())
        group.addAction(action)

"""Films that follow each other: zoom, pan, window, cross-hair, and stepping through images."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from functools import partial

from PySide6.QtCore import QObject, Signal

from medkd_viewer.reading.desk import Desk
from medkd_viewer.reading.film import Film
from medkd_viewer.reading.shared_window import may_share_a_window, shared_window
from medkd_viewer.reading.state import ReadingState
from medkd_viewer.reading.viewport import (
    LARGEST_ZOOM,
    SMALLEST_ZOOM,
    Point,
    Viewport,
    whole_film,
)


class Linked(StrEnum):
    """What may follow."""

    ZOOM = "Zoom"
    PAN = "Pan"
    WINDOW = "Window"
    CROSS_HAIR = "Cross-hair"
    IMAGES = "Images of a series"


class Links(QObject):
    """While linked, what the hand does to one film of the desk is done to the others.

    One film in several places shows the same pixel everywhere. Different films follow by the share
    of their size, keep the distance that the reader gave them, and zoom by the same factor; turns
    and mirrors stay each film's own.

    Attributes
    ----------
    is_on : bool
    followed : set of Linked
        What follows while the link is on; all of it at first.
    """

    changed = Signal()

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self.is_on = False
        self.followed = set(Linked)
        self._is_following = False
        self._seen = {state: (state.viewport, state.voi, state.inverted) for state in desk.places}
        for state in desk.places:
            state.film_changed.connect(partial(self._see, state))
            state.view_changed.connect(partial(self._tell, state, self._follow_view))
            state.window_changed.connect(partial(self._tell, state, self._follow_window))
            state.cursor_moved.connect(partial(self._tell, state, self._follow_cursor))
            state.step_asked.connect(partial(self._step, state))

    def set_linked(self, linked: bool) -> None:
        """Let films follow each other, or go their own ways."""
        if linked != self.is_on:
            self.is_on = linked
            self.changed.emit()

    def follow(self, what: Linked, on: bool) -> None:
        """Let something follow while the link is on, or not."""
        self.followed = self.followed | {what} if on else self.followed - {what}
        self.changed.emit()

    def _see(self, state: ReadingState) -> None:
        self._seen[state] = (state.viewport, state.voi, state.inverted)

    def _tell(
        self, leader: ReadingState, follow: Callable[[ReadingState, ReadingState], None]
    ) -> None:
        if self.is_on and not self._is_following:
            with self._following():
                for state in self._desk.laid:
                    if state is not leader and leader.film is not None:
                        follow(leader, state)
                        self._see(state)
        self._see(leader)

    def _step(self, leader: ReadingState, by: int) -> None:
        if not self.is_on or Linked.IMAGES not in self.followed or self._is_following:
            return
        by = _possible_steps(leader, by)
        if by == 0:
            return
        with self._following():
            for state in self._desk.laid:
                if state is not leader and state.film is not None and state.film.position[1] > 1:
                    state.step_asked.emit(by)

    def _follow_view(self, leader: ReadingState, state: ReadingState) -> None:
        assert leader.film is not None and state.film is not None
        old, new = self._seen[leader][0], leader.viewport
        if _is_same(leader.film, state.film):
            followed = replace(state.viewport, center=new.center, zoom=new.zoom)
        else:
            followed = _followed(state.viewport, state.film, old, new, leader.film)
        if Linked.PAN not in self.followed:
            followed = replace(followed, center=state.viewport.center)
        if Linked.ZOOM not in self.followed:
            followed = replace(followed, zoom=state.viewport.zoom)
        state.set_viewport(followed)

    def _follow_window(self, leader: ReadingState, state: ReadingState) -> None:
        assert leader.film is not None and state.film is not None
        film, its = state.film, leader.film
        if Linked.WINDOW not in self.followed or not may_share_a_window(its, film):
            return
        _, old_voi, old_inverted = self._seen[leader]
        if leader.inverted != old_inverted:
            state.invert()
        if leader.voi is not None and leader.voi is not old_voi:
            same = _is_same(its, film)
            state.set_voi(leader.voi if same else shared_window(leader.voi, its, film))

    def _follow_cursor(self, leader: ReadingState, state: ReadingState) -> None:
        assert leader.film is not None and state.film is not None
        if Linked.CROSS_HAIR in self.followed:
            state.set_cursor(_shared_place(leader.cursor, leader.film, state.film))

    @contextmanager
    def _following(self) -> Iterator[None]:
        self._is_following = True
        try:
            yield
        finally:
            self._is_following = False


def _possible_steps(state: ReadingState, by: int) -> int:
    """How far a film can be turned: at the end of its series the others wait for it."""
    if state.film is None:
        return 0
    number, images = state.film.position
    return min(max(number + by, 1), images) - number


def _is_same(one: Film, other: Film) -> bool:
    return one.address == other.address


def _followed(
    viewport: Viewport, film: Film, old: Viewport, new: Viewport, leader: Film
) -> Viewport:
    """A film's viewport after another film's was moved from old to new."""
    if _is_whole(new, leader):
        return replace(viewport, center=whole_film(*film.size).center, zoom=1.0)
    moved = [
        mine + (now - before) / its_size * my_size
        for mine, now, before, its_size, my_size in zip(
            viewport.center, new.center, old.center, leader.size, film.size, strict=True
        )
    ]
    zoom = min(max(viewport.zoom * new.zoom / old.zoom, SMALLEST_ZOOM), LARGEST_ZOOM)
    return replace(viewport, center=(moved[0], moved[1]), zoom=zoom)


def _is_whole(viewport: Viewport, film: Film) -> bool:
    return viewport.zoom == 1.0 and viewport.center == whole_film(*film.size).center


def _shared_place(place: Point | None, film: Film, other: Film) -> Point | None:
    """The place of another film that has the same share of its size."""
    if place is None:
        return None
    (column, row), (columns, rows) = place, film.size
    return column / columns * other.size[0], row / rows * other.size[1]

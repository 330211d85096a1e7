"""The films that lie on the desk: the one the networks are asked about, and others beside it."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from medkd_viewer.reading.look import Look
from medkd_viewer.reading.state import ReadingState

PLACES = 5
"""The largest layout shows one and four."""


class Desk(QObject):
    """Holds a `ReadingState` for each place, and which of them is in hand.

    Commands change the film in hand; its changes are told on by the desk's own signals.

    Attributes
    ----------
    look : Look
    primary : ReadingState
        The film that the networks are asked about.
    places : tuple of ReadingState
        The primary first; the others may hold no film.
    active : ReadingState
        The film in hand.
    pointed : ReadingState
        The film under the pointer, or the last that was.
    """

    active_changed = Signal()
    film_changed = Signal()
    view_changed = Signal()
    window_changed = Signal()
    readout_changed = Signal()
    """Another pixel, or another film, lies under the pointer."""

    def __init__(self, look: Look, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self.places = tuple(ReadingState(look, self) for _ in range(PLACES))
        self.primary = self.active = self.pointed = self.places[0]
        for state in self.places:
            self._tell_on(state)

    @property
    def laid(self) -> tuple[ReadingState, ...]:
        """The places that hold a film."""
        return tuple(state for state in self.places if state.film is not None)

    def activate(self, state: ReadingState) -> None:
        """Take another film in hand."""
        if state is not self.active:
            self.active = state
            self.active_changed.emit()

    def point_at(self, state: ReadingState) -> None:
        """The pointer has come over a film."""
        if state is not self.pointed:
            self.pointed = state
            self.readout_changed.emit()

    def _tell_on(self, state: ReadingState) -> None:
        pairs = (
            (state.film_changed, self.film_changed),
            (state.view_changed, self.view_changed),
            (state.window_changed, self.window_changed),
        )
        for heard, told in pairs:
            heard.connect(lambda told=told: told.emit() if state is self.active else None)
        for heard in (state.film_changed, state.cursor_moved):
            heard.connect(lambda: self.readout_changed.emit() if state is self.pointed else None)

"""Hangs studies on the places of the desk; each place has its own opener."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal

from medkd_core.errors import MedKDError
from medkd_core.imaging.study import Study
from medkd_viewer.decoding import Decoding
from medkd_viewer.reading.desk import Desk
from medkd_viewer.reading.state import ReadingState
from medkd_viewer.studies.film_cache import FilmCache
from medkd_viewer.studies.opener import FilmOpener


class Hanging(QObject):
    """Opens, steps through and takes off what lies on each place.

    The films of the first place are announced only: what they mean for the rest of the window is
    the reading room's business. Those of the others are shown at once.

    Attributes
    ----------
    openers : dict of ReadingState to FilmOpener
    """

    failed = Signal(object, object)
    """The `ReadingState` beside the first whose film could not be opened, and a `MedKDError`."""

    def __init__(self, desk: Desk, decoding: Decoding, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        cache = FilmCache()
        self.openers = {state: FilmOpener(decoding, self, cache) for state in desk.places}
        for state, opener in self.openers.items():
            state.step_asked.connect(opener.step)
            state.end_asked.connect(opener.step_to_end)
            if state is not desk.primary:
                opener.opened.connect(state.show_film)
                opener.failed.connect(partial(self._refuse, state))

    def hang(self, state: ReadingState, study: Study, position: int = 0) -> None:
        """Lay a study's picture on a place."""
        self.openers[state].open(study, position)

    def take_off(self, state: ReadingState) -> None:
        """Take the film off a place beside the first."""
        self.openers[state].close()
        state.show_film(None)

    def beside(self) -> tuple[ReadingState, ...]:
        """The places beside the first that hold a film or wait for one."""
        return tuple(s for s in self._desk.places[1:] if self.openers[s].study is not None)

    def place_for(self, study: Study) -> ReadingState:
        """Where to lay a study beside the first: where it lies already, a free place, the last."""
        places = self._desk.places[1:]
        for state in places:
            known = self.openers[state].study
            if known is not None and known.uid == study.uid:
                return state
        return next((s for s in places if self.openers[s].study is None), places[-1])

    def _refuse(self, state: ReadingState, study: Study, error: MedKDError) -> None:
        # The image before it would be read as the one that was asked for.
        state.show_film(None)
        self.failed.emit(state, error)

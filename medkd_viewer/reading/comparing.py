"""Two and more studies side by side: the prior beside the current one, or any beside any."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal

from medkd_core.errors import MedKDError
from medkd_core.imaging.study import Study
from medkd_viewer.reading.desk import Desk
from medkd_viewer.reading.film_view import OPENING
from medkd_viewer.reading.hanging import Hanging
from medkd_viewer.reading.layouts import FilmCell, Layout, smallest_for
from medkd_viewer.reading.pane_grid import PaneGrid
from medkd_viewer.reading.state import ReadingState
from medkd_viewer.said import told
from medkd_viewer.settings import OpenFilm
from medkd_viewer.studies.library import Library
from medkd_viewer.studies.priors import latest_prior

_HOW_ELSE = "Drag any study of the list beside this one to compare them."


class Comparing(QObject):
    """Lays studies beside the one in hand, in a layout that shows them, and takes them off again.

    Parameters
    ----------
    desk : Desk
    panes : PaneGrid
    hanging : Hanging
    library : Library
        Where priors are found.
    """

    message = Signal(object)
    """`Said` for the bottom bar."""
    changed = Signal()

    def __init__(
        self,
        desk: Desk,
        panes: PaneGrid,
        hanging: Hanging,
        library: Library,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._desk, self._panes, self._hanging, self._library = desk, panes, hanging, library
        self._with_priors = False
        self._prior_place: ReadingState | None = None
        self._layout_before: Layout | None = None
        hanging.failed.connect(self._tell_failure)

    @property
    def is_on(self) -> bool:
        """Something lies beside the first film, or will beside the next that has a prior."""
        return self._with_priors or bool(self._hanging.beside())

    def lay_beside(self, study: Study, position: int = 0) -> None:
        """Show a study's picture beside the one in hand, in a layout that has room for it."""
        self._lay(self._hanging.place_for(study), study, position)

    def compare_with_prior(self, on: bool) -> None:
        """Lay the patient's latest earlier study beside, or take off all that lies there."""
        if not on:
            self.take_all_off()
            return
        film = self._desk.primary.film
        if film is None:
            self.message.emit("Open a study to compare it with its prior.")
        elif (prior := self._prior_of(film.study)) is None:
            self.message.emit(_no_prior_words(film.study))
        else:
            self._with_priors = True
            self._lay_prior(prior)
        self.changed.emit()

    def follow(self, study: Study) -> None:
        """Another study was taken in hand: its own prior takes the place of the last one's."""
        if not self._with_priors:
            return
        prior = self._prior_of(study)
        if prior is not None:
            self._lay_prior(prior)
            return
        if self._prior_place is not None:
            # A prior of someone else must not stay beside this film.
            self._take_off(self._prior_place)
        self.message.emit(_no_prior_words(study))

    def take_off(self, state: ReadingState) -> None:
        """Take a film off its place beside the first; without its prior, no other's follows."""
        if state is self._prior_place:
            self._with_priors = False
        self._take_off(state)

    def _take_off(self, state: ReadingState) -> None:
        self._hanging.take_off(state)
        self._panes.release(state)
        if self._desk.active is state:
            self._panes.activate(self._panes.panes[0])
        if state is self._prior_place:
            self._prior_place = None
        if not self._hanging.beside() and self._layout_before is not None:
            self._panes.set_layout(self._layout_before)
            self._layout_before = None
        self.changed.emit()

    def take_all_off(self) -> None:
        """Leave the first film alone on the desk."""
        self._with_priors = False
        for state in self._hanging.beside():
            self.take_off(state)
        self.changed.emit()

    def films(self) -> list[OpenFilm | None]:
        """What lies on each place of the desk, to be laid there again another day."""
        openers = (self._hanging.openers[state] for state in self._desk.places)
        return [
            OpenFilm(study_uid=opener.study.uid, position=opener.position) if opener.study else None
            for opener in openers
        ]

    def lay_again(self, films: Sequence[OpenFilm | None]) -> None:
        """Lay beside the first film what lay there; studies that are not at hand are left out."""
        for state, film in zip(self._desk.places[1:], films[1:], strict=False):
            study = self._library.studies.get(film.study_uid) if film is not None else None
            if film is not None and study is not None:
                self._lay(state, study, film.position)

    def _lay(self, state: ReadingState, study: Study, position: int) -> None:
        films = 1 + len({*self._hanging.beside(), state})
        layout = self._panes.layout_now
        if layout.cells < films:
            self._layout_before = self._layout_before or layout
            self._panes.set_layout(smallest_for(films))
        self._panes.show_place(FilmCell(self._desk.places.index(state)), films - 1)
        self._panes.pane_of(state).explain(OPENING)
        self._hanging.hang(state, study, position)
        self.changed.emit()

    def _lay_prior(self, prior: Study) -> None:
        self._prior_place = self._prior_place or self._hanging.place_for(prior)
        self._lay(self._prior_place, prior, 0)

    def _prior_of(self, study: Study) -> Study | None:
        return latest_prior(study, self._library.studies.values())

    def _tell_failure(self, state: ReadingState, error: MedKDError) -> None:
        self._panes.pane_of(state).explain(told(error))
        self.message.emit(told(error))
        self.changed.emit()


def _no_prior_words(study: Study) -> str:
    if not study.patient_id:
        return f"The file names no patient, so no prior can be found. {_HOW_ELSE}"
    return f"No earlier study of this patient is in the list. {_HOW_ELSE}"

"""What was open when the window was closed, opened again at the next start."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from medkd_core.imaging.study import FoundStudies
from medkd_viewer.reading.layouts import Layout
from medkd_viewer.reading_room import ReadingRoom
from medkd_viewer.settings import LastSession, OpenFilm, Settings
from medkd_viewer.studies.library import images_of
from medkd_viewer.studies.places import Places

_MOST_PATHS = 64


class SessionKeeper(QObject):
    """Follows what is opened, keeps it in the settings, and opens it again.

    Kept are paths, study UIDs and places in them, and the layout; names and numbers of patients
    are not.

    Parameters
    ----------
    room : ReadingRoom
    settings : Settings
    """

    gone = Signal(str)
    """Something that was open last is not there any more; a sentence."""

    def __init__(
        self, room: ReadingRoom, settings: Settings, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._room, self._settings = room, settings
        self._places = Places(self)
        self._paths: list[Path] = []
        self._resuming: LastSession | None = None
        self._there: list[Path] | None = None
        room.intake.finished.connect(self._take_found)

    @property
    def is_resuming(self) -> bool:
        """The last session is still being opened."""
        looking_for_places = self._there is None
        return self._resuming is not None and (looking_for_places or self._room.intake.is_looking)

    def keep(self) -> None:
        """Put what is open now into the settings, but for a session that is still being opened."""
        if self.is_resuming:
            return
        holding = self._places_of_studies()
        self._settings.session = LastSession(
            paths=[path for path in self._paths if path in holding][-_MOST_PATHS:],
            films=self._room.comparing.films(),
            layout=self._room.panes.layout_now.value,
        )

    def resume(self) -> None:
        """Open what was open last; what is not there any more is told and dropped."""
        session = self._settings.session
        if session.paths:
            self._resuming, self._there = session, None
            self._room.message.emit("Looking for what was open last")
            self._places.look_for(session.paths, self._open_again)

    def _open_again(self, there: list[Path]) -> None:
        room, session = self._room, self._resuming
        assert session is not None
        self._there = there
        if not there:
            room.message.emit("")
        if gone := [path for path in session.paths if path not in there]:
            self.gone.emit(_gone_words(gone))
        # What the reader has opened meanwhile stays in hand.
        if there and not room.library.studies and not room.intake.is_looking:
            room.open_paths(there)
        else:
            self._resuming = None

    def _take_found(self, found: FoundStudies, paths: Sequence[Path]) -> None:
        if found.studies:
            self._paths = [p for p in self._paths if p not in paths] + list(paths)
        session = self._resuming
        if session is not None and self._there == list(paths):
            self._resuming = None
            self._lay(session)

    def _lay(self, session: LastSession) -> None:
        room = self._room
        if session.layout in list(Layout):
            room.panes.set_layout(Layout(session.layout))
        films = [self._at_hand(film) for film in session.films]
        first = films[0] if films else None
        if first is not None:
            room.open_study(room.library.studies[first.study_uid], first.position)
        room.comparing.lay_again(films)

    def _at_hand(self, film: OpenFilm | None) -> OpenFilm | None:
        """The film, if its study was found again and still has so many pictures."""
        study = self._room.library.studies.get(film.study_uid) if film else None
        if film is None or study is None or film.position >= len(images_of(study)):
            return None
        return film

    def _places_of_studies(self) -> set[Path]:
        """The first file of each study and every folder above it."""
        firsts = {study.instances[0].path for study in self._room.library.studies.values()}
        folders = {first.parent for first in firsts}
        return firsts | folders | {above for folder in folders for above in folder.parents}


def _gone_words(gone: Sequence[Path]) -> str:
    if len(gone) == 1:
        return f"{gone[0]} was open last and is not there any more."
    return f"{len(gone)} places that were open last are not there any more, as {gone[0]}."

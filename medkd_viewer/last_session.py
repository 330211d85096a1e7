"""What was open when the window was closed, opened again at the next start."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Qt

from medkd_core.imaging.study import FoundStudies
from medkd_viewer.reading.layouts import Layout
from medkd_viewer.reading_room import ReadingRoom
from medkd_viewer.settings import LastSession, OpenFilm, Settings
from medkd_viewer.studies.library import images_of
from medkd_viewer.studies.recent import is_there

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

    def __init__(
        self, room: ReadingRoom, settings: Settings, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._room, self._settings = room, settings
        self._paths: list[Path] = []
        self._resuming: LastSession | None = None
        room.intake.finished.connect(self._take_found)

    def keep(self) -> None:
        """Put what is open now into the settings, but for a session that is still being opened."""
        if self._resuming is not None:
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
        there = [path for path in session.paths if is_there(path)]
        gone = [path for path in session.paths if path not in there]
        if there:
            self._resuming = session
            self._room.open_paths(there)
        if gone and there:
            # Opening says what it does; this is said after it.
            self._room.study_changed.connect(
                lambda: self._room.message.emit(_gone_words(gone)),
                Qt.ConnectionType.SingleShotConnection,
            )
        elif gone:
            self._room.message.emit(_gone_words(gone))

    def _take_found(self, found: FoundStudies, paths: Sequence[Path]) -> None:
        if found.studies:
            self._paths = [p for p in self._paths if p not in paths] + list(paths)
        if self._resuming is not None:
            session, self._resuming = self._resuming, None
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

"""From paths to studies on the list: searches, what they came to, and what was opened before."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from medkd_core.imaging.study import FoundStudies
from medkd_viewer.counting import plural
from medkd_viewer.said import FileSentence, Said, told
from medkd_viewer.settings import RecentFolder, Settings
from medkd_viewer.studies.intake import Intake
from medkd_viewer.studies.library import Library
from medkd_viewer.studies.pictures import count_images
from medkd_viewer.studies.places import Places
from resources import DEMO_STUDIES


class Opening(QObject):
    """Searches what the reader wants to open and remembers it.

    Parameters
    ----------
    intake : Intake
    library : Library
    settings : Settings
    """

    began = Signal()
    failed = Signal(object)
    """Nothing can be shown; `Said`."""
    said = Signal(object)
    """`Said` for the bottom bar."""
    listed = Signal()
    """The list of what was opened before has changed."""

    def __init__(
        self, intake: Intake, library: Library, settings: Settings, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._intake, self._library, self._settings = intake, library, settings
        self._places = Places(self)
        intake.finished.connect(self._take_found)
        intake.failed.connect(lambda error: self.failed.emit(told(error)))
        self._list_recent()

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Search files and folders."""
        self.began.emit()
        self.said.emit("Looking for studies")
        self._intake.look_into(paths)

    def open_recent(self, path: Path) -> None:
        """Open what was opened before, or say that it has gone."""
        self.said.emit("Looking for studies")
        self._places.look_for([path], partial(self._open_recent, path))

    def forget(self, path: Path) -> None:
        """List something that was opened before no more."""
        self._settings.forget_folder(path)
        self._list_recent()

    def _open_recent(self, path: Path, there: list[Path]) -> None:
        if there:
            self.open_paths(there)
        else:
            self.forget(path)
            gone = f"{path} is not there any more; it was taken off the list."
            self.said.emit(FileSentence(gone, path))

    def _list_recent(self) -> None:
        paths = [folder.path for folder in self._settings.recent_folders]
        self._places.look_for(paths, self._show_recent)

    def _show_recent(self, there: list[Path]) -> None:
        recent = self._settings.recent_folders
        self._library.folders = [folder for folder in recent if folder.path in there]
        self.listed.emit()

    def _take_found(self, found: FoundStudies, paths: Sequence[Path]) -> None:
        if len(paths) == 1 and paths[0] != DEMO_STUDIES and found.studies:
            images = sum(map(count_images, found.studies))
            folder = RecentFolder(path=paths[0], studies=len(found.studies), images=images)
            self._settings.keep_folder(folder)
            self._list_recent()
        self.listed.emit()
        if found.studies:
            self.said.emit(_found_words(found))
        else:
            self.failed.emit(_nothing_words(found, paths))


def _nothing_words(found: FoundStudies, paths: Sequence[Path]) -> Said:
    if found.refused:
        path, reason = found.refused[0].path, found.refused[0].reason.rstrip(".")
    else:
        path, reason = paths[0], "no picture was found there"
    return FileSentence(f"{path}: {reason}.", path)


def _found_words(found: FoundStudies) -> str:
    studies, refused = len(found.studies), len(found.refused)
    words = f"{plural(studies, 'study', 'studies')} found"
    if not refused:
        return words
    return f"{words}, {plural(refused, 'file')} not opened"

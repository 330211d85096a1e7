"""Searches through files and folders into the library, shown while they run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from medkd_core.errors import MedKDError
from medkd_core.imaging.study import FoundStudies, Study
from medkd_viewer.decoding import Decoding
from medkd_viewer.studies.library import Library
from medkd_viewer.studies.pictures import count_images


@dataclass(eq=False)
class _Search:
    """One search that runs."""

    paths: tuple[Path, ...]
    stop: Callable[[], None] | None = None
    files: int = 0
    opened_first: bool = False
    left_out: set[str] = field(default_factory=set)


class Intake(QObject):
    """Puts studies on the list while they are still being found.

    Parameters
    ----------
    decoding : Decoding
    library : Library
    """

    first_found = Signal(object)
    """The first `Study` of a search that has pictures, at once; else the first, at its end."""
    grown = Signal()
    """The library has more than before."""
    finished = Signal(object, object)
    """All `FoundStudies` of a search and the paths it went through."""
    failed = Signal(object)
    """A search could not be made; a `MedKDError`."""
    counted = Signal(object)
    """How many files were looked at; None when no search runs any more."""

    def __init__(self, decoding: Decoding, library: Library, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._decoding, self._library = decoding, library
        self._running: list[_Search] = []

    @property
    def is_looking(self) -> bool:
        """A search runs."""
        return bool(self._running)

    def look_into(self, paths: Sequence[Path]) -> None:
        """Search these, beside whatever is being searched already."""
        search = _Search(tuple(paths))
        self._running.append(search)
        self._count()
        search.stop = self._decoding.search(
            search.paths,
            lambda found: self._finish(search, found),
            lambda error: self._fail(search, error),
            lambda found: self._take(search, found),
        )

    def stop(self) -> None:
        """Look no further; what was found stays."""
        for search in self._running:
            if search.stop is not None:
                search.stop()
        self._running.clear()
        self._count()

    def leave_out(self, uids: Sequence[str]) -> None:
        """Do not list these studies again when a search that runs finds more of them."""
        for search in self._running:
            search.left_out.update(uids)

    def _take(self, search: _Search, found: FoundStudies) -> None:
        search.files += len(found.refused) + sum(len(s.instances) for s in found.studies)
        self._add(search, found)
        self._count()

    def _add(self, search: _Search, found: FoundStudies) -> None:
        studies = tuple(study for study in found.studies if study.uid not in search.left_out)
        self._library.add(FoundStudies(studies, found.refused))
        self.grown.emit()
        self._open_first(search, [study for study in studies if count_images(study)])

    def _open_first(self, search: _Search, studies: Sequence[Study]) -> None:
        """Pictures at once; documents only when there is nothing else."""
        first = next((s for s in studies if s.uid in self._library.studies), None)
        if first is not None and not search.opened_first:
            search.opened_first = True
            self.first_found.emit(self._library.studies[first.uid])

    def _finish(self, search: _Search, found: FoundStudies) -> None:
        if search in self._running:
            self._add(search, found)
            self._open_first(search, found.studies)
            self._running.remove(search)
            self._count()
            self.finished.emit(found, search.paths)

    def _fail(self, search: _Search, error: MedKDError) -> None:
        if search in self._running:
            self._running.remove(search)
            self._count()
            self.failed.emit(error)

    def _count(self) -> None:
        files = sum(search.files for search in self._running)
        self.counted.emit(files if self._running else None)

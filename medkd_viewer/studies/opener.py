"""Opens the films of a study, one at a time; the one asked for last is the one that is shown."""

from __future__ import annotations

from concurrent.futures import Future

from PySide6.QtCore import QObject, Signal

from medkd_core.imaging.frame import Frame
from medkd_core.imaging.study import Study
from medkd_viewer.decoding import Decoding
from medkd_viewer.findings.results import BoundedCache
from medkd_viewer.reading.film import Film, FilmAddress
from medkd_viewer.studies.library import images_of

_FILMS_KEPT = 8


class FilmOpener(QObject):
    """Decodes what is asked for and keeps the films seen last."""

    opening = Signal(object)
    """The `Study` whose film is being decoded."""
    opened = Signal(object)
    """The `Film`."""
    failed = Signal(object, str)
    """The `Study` and a sentence."""

    def __init__(self, decoding: Decoding, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._decoding = decoding
        self._films: BoundedCache[Film] = BoundedCache(_FILMS_KEPT)
        self._wanted: FilmAddress | None = None
        self._decoding_now: Future[Frame] | None = None
        self.study: Study | None = None
        self.position = 0

    def open(self, study: Study, position: int = 0) -> None:
        """Open a study's picture by its place in the reading order, from 0."""
        if self._decoding_now is not None:
            # Films that were stepped over need not be decoded.
            self._decoding_now.cancel()
        images = images_of(study)
        self.study, self.position = study, position
        if not images:
            self._wanted = None
            self.failed.emit(study, "There are no pictures in this study.")
            return
        image = images[position]
        address = FilmAddress(image.instance.path, image.frame)
        self._wanted = address
        known = self._films.get(address)
        if known is not None:
            self.opened.emit(known)
            return
        self.opening.emit(study)
        numbers = (position + 1, len(images))

        def take(frame: Frame) -> None:
            film = Film(frame, study, image.instance, address, numbers)
            self._films.put(address, film)
            if self._wanted == address:
                self.opened.emit(film)

        def refuse(reason: str) -> None:
            if self._wanted == address:
                self.failed.emit(study, reason)

        self._decoding_now = self._decoding.decode(address.path, address.frame, take, refuse)

    def step(self, by: int) -> None:
        """Go to the next (1) or previous (-1) picture of the study; stay at its ends."""
        if self.study is None:
            return
        position = self.position + by
        if 0 <= position < len(images_of(self.study)):
            self.open(self.study, position)

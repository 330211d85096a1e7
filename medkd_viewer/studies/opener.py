"""Opens the films of a study, one at a time; the one asked for last is the one that is shown."""

from __future__ import annotations

from concurrent.futures import Future

from PySide6.QtCore import QObject, Signal

from medkd_core.errors import MedKDError, UnreadableFileError
from medkd_core.imaging.frame import Frame
from medkd_core.imaging.study import Study
from medkd_viewer.decoding import Decoding
from medkd_viewer.reading.film import Film, FilmAddress
from medkd_viewer.studies.film_cache import FilmCache
from medkd_viewer.studies.pictures import Image, Images, images_of, stack_at

_MOST_AHEAD = 12


class FilmOpener(QObject):
    """Decodes what is asked for and, while nothing is, the films that come next.

    Parameters
    ----------
    decoding : Decoding
    cache : FilmCache, optional
        Films that are kept; several openers may share it.

    Attributes
    ----------
    study : Study or None
    position : int
        Which of the study's pictures was asked for last, from 0.
    stack : range
        The pictures that a step goes through.
    """

    opening = Signal(object)
    """The `Study` whose film is being decoded."""
    opened = Signal(object)
    """The `Film`."""
    failed = Signal(object, object)
    """The `Study` and a `MedKDError`."""

    def __init__(
        self, decoding: Decoding, parent: QObject | None = None, cache: FilmCache | None = None
    ) -> None:
        super().__init__(parent)
        self._decoding = decoding
        self._cache = cache or FilmCache()
        self._wanted: FilmAddress | None = None
        self._decoded_now: dict[FilmAddress, Future[Frame]] = {}
        self._refused: set[FilmAddress] = set()
        self._images: Images = Images(())
        self._direction = 1
        self.study: Study | None = None
        self.position = 0
        self.stack = range(0)

    @property
    def is_busy(self) -> bool:
        """The film that was asked for is not there yet."""
        return self._wanted is not None

    def open(self, study: Study, position: int = 0) -> None:
        """Open a study's picture by its place in the reading order, from 0."""
        self._take_study(study, position)
        if not self._images:
            self._wanted = None
            self._drop_others(None)
            because = "there are no pictures in this study"
            self.failed.emit(study, UnreadableFileError("Cannot show it", because=because))
            return
        address = _address(self._images[self.position])
        self._drop_others(address)
        self._wanted = address
        known = self._cache.get(address)
        if known is not None:
            self._show(known)
            return
        self.opening.emit(study)
        self._decode(self.position)

    def renew(self, study: Study) -> None:
        """Take in that more of the study in hand was found; the picture in hand stays."""
        if not self._images or self.study is study:
            return
        image = self._images[self.position]
        self.study, self._images = study, images_of(study)
        self.position = self._images.position_of(image)
        self.stack = stack_at(study, self.position)
        film = self._cache.get(_address(image))
        if film is not None:
            film.study, film.position = study, self._numbers()

    def close(self) -> None:
        """Forget the study; what is still being decoded is not shown."""
        self._drop_others(None)
        self.study = self._wanted = None
        self.stack = range(0)

    def step(self, by: int) -> None:
        """Go `by` pictures onwards, or back; stay at the ends of the stack."""
        if self.study is not None and self.stack:
            self._go(min(max(self.position + by, self.stack[0]), self.stack[-1]), by)

    def step_around(self, by: int) -> None:
        """Go `by` pictures onwards, from the last to the first."""
        if self.study is not None and self.stack:
            self._go(self.stack[(self.position - self.stack[0] + by) % len(self.stack)], by)

    def step_to_end(self, end: int) -> None:
        """Go to the first (-1) or last (1) picture of the stack."""
        if self.study is not None and self.stack:
            self._go(self.stack[-1 if end > 0 else 0], -end)

    def _go(self, position: int, direction: int) -> None:
        """Open a picture; the hand will probably go on in a direction from there."""
        if self.study is not None and position != self.position:
            self._direction = 1 if direction > 0 else -1
            self.open(self.study, position)

    def _take_study(self, study: Study, position: int) -> None:
        if study is not self.study:
            self.study, self._images = study, images_of(study)
            self._refused.clear()
            self.stack = range(0)
        self.position = min(position, max(len(self._images) - 1, 0))
        if self.position not in self.stack:
            self.stack = stack_at(study, self.position)

    def _drop_others(self, address: FilmAddress | None) -> None:
        # Films that were stepped over need not be decoded.
        for other, future in list(self._decoded_now.items()):
            if other != address and future.cancel():
                del self._decoded_now[other]

    def _decode(self, position: int) -> None:
        study, image, stack = self.study, self._images[position], self.stack
        address = _address(image)
        assert study is not None
        if address in self._decoded_now:
            return

        def take(frame: Frame) -> None:
            self._decoded_now.pop(address, None)
            numbers = (position - stack.start + 1, len(stack))
            film = Film(frame, study, image.instance, address, numbers)
            self._cache.put(film)
            if self._wanted == address:
                self._show(film)
            else:
                self._look_ahead(film)

        def refuse(error: MedKDError) -> None:
            self._decoded_now.pop(address, None)
            self._refused.add(address)
            if self._wanted == address:
                self._wanted = None
                self.failed.emit(study, error)

        self._decoded_now[address] = self._decoding.decode(
            address.path, address.frame, take, refuse
        )

    def _show(self, film: Film) -> None:
        self._wanted = None
        numbers = self._numbers()
        if self.study is not None and (film.study is not self.study or film.position != numbers):
            # More of the study was found since.
            film = Film(film.frame, self.study, film.instance, film.address, numbers)
            self._cache.put(film)
        self.opened.emit(film)
        self._look_ahead(film)

    def _numbers(self) -> tuple[int, int]:
        return self.position - self.stack.start + 1, len(self.stack)

    def _look_ahead(self, film: Film) -> None:
        """While nothing else is decoded, decode what the hand will ask for if it goes on."""
        if self._decoded_now or self.is_busy or len(self.stack) < 2:
            return
        most = min(_MOST_AHEAD, self._cache.room_for(film) // 2, len(self.stack) - 1)
        for n in range(1, most + 1):
            onwards = self.position - self.stack.start + n * self._direction
            position = self.stack[onwards % len(self.stack)]
            address = _address(self._images[position])
            if address not in self._cache and address not in self._refused:
                self._decode(position)
                return


def _address(image: Image) -> FilmAddress:
    return FilmAddress(image.instance.path, image.frame)

"""Small pictures of what the list has in sight, made one at a time so that films come first."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

import cv2
import numpy as np
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QImage

from medkd_core.imaging.display.chain import display_bytes
from medkd_core.imaging.display.windows import default_voi
from medkd_core.imaging.frame import Frame, Photometric
from medkd_viewer.decoding import Decoding
from medkd_viewer.findings.results import BoundedCache
from medkd_viewer.reading.film import Film, pixel_aspect
from medkd_viewer.reading.painting import film_image
from medkd_viewer.reading.sampling import Sampler, visible_part
from medkd_viewer.reading.viewport import PaneGeometry, whole_film
from medkd_viewer.studies.opener import FilmOpener
from medkd_viewer.studies.pictures import Image

SIDE = 96
"""Pixels; shown at half of it, so that it stays sharp at scale 2."""

LIMIT_BYTES = 32 * 2**20
_BYTES_EACH = 4 * SIDE**2


class Thumbnails(QObject):
    """Makes the thumbnails that are in sight and keeps those that were seen last."""

    ready = Signal()
    """One more can be shown."""
    _made = Signal(object, object)

    def __init__(self, decoding: Decoding, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._decoding = decoding
        self._images: BoundedCache[QImage] = BoundedCache(LIMIT_BYTES // _BYTES_EACH)
        self._wanted: list[Image] = []
        self._busy = False
        self._opener: FilmOpener | None = None
        self._film: Film | None = None
        self._drawing = ThreadPoolExecutor(1, "thumbnail")
        self._made.connect(self._take, Qt.ConnectionType.QueuedConnection)

    def follow(self, opener: FilmOpener) -> None:
        """Let its films come first, and make their thumbnails from them."""
        self._opener = opener
        opener.opened.connect(self._take_film)
        opener.failed.connect(self._go_on)

    def get(self, image: Image) -> QImage | None:
        """The thumbnail, None while it is not made, a null image when it cannot be made."""
        return self._images.get(_key(image))

    def want(self, images: Sequence[Image]) -> None:
        """Make these, the first of them first; what was wanted before and is not now is left."""
        self._wanted = [image for image in images if self._images.get(_key(image)) is None]
        self._go_on()

    @property
    def settled(self) -> bool:
        """Everything wanted was made."""
        return not self._busy and not self._wanted

    def _go_on(self) -> None:
        film_comes_first = self._opener is not None and self._opener.is_busy
        if self._busy or not self._wanted or film_comes_first:
            return
        image = self._wanted.pop(0)
        self._busy = True
        if self._film is not None and _is_of(self._film, image):
            self._draw(image, self._film.frame)
            self._film = None
            return
        self._decoding.decode(
            image.instance.path,
            image.frame,
            lambda frame: self._draw(image, frame),
            lambda reason: self._take(image, QImage()),
            background=True,
        )

    def _take_film(self, film: Film) -> None:
        self._film = film
        self._go_on()

    def _draw(self, image: Image, frame: Frame) -> None:
        """Beside the window's thread: a large film takes longer than a picture on the screen."""

        def tell(done: Future[QImage]) -> None:
            # The window may have gone while the picture was drawn.
            with suppress(RuntimeError):
                self._made.emit(image, QImage() if done.exception() else done.result())

        self._drawing.submit(thumbnail, frame).add_done_callback(tell)

    def _take(self, image: Image, drawn: QImage) -> None:
        self._busy = False
        self._images.put(_key(image), drawn)
        self._wanted = [one for one in self._wanted if one != image]
        self.ready.emit()
        self._go_on()


def _is_of(film: Film, image: Image) -> bool:
    return (film.address.path, film.address.frame) == (image.instance.path, image.frame)


def _key(image: Image) -> tuple[str, int]:
    return str(image.instance.path), image.frame


def thumbnail(frame: Frame) -> QImage:
    """A frame as its file asks to be shown, whole, on a square `SIDE` pixels wide."""
    size = (frame.columns, frame.rows)
    geometry = PaneGeometry(
        whole_film(*size), size, (0, 0, SIDE, SIDE), pixel_aspect(frame.spacing)
    )
    part = visible_part(geometry, 1.0)
    if part.is_empty:
        return QImage()
    voi = None if frame.photometric is Photometric.RGB else default_voi(frame)
    shown = display_bytes(frame, voi, Sampler(frame.stored).sample(part))
    bottom, right = SIDE - part.height - part.top, SIDE - part.width - part.left
    framed = cv2.copyMakeBorder(
        shown, part.top, bottom, part.left, right, cv2.BORDER_CONSTANT, value=0
    )
    return film_image(np.asarray(framed, dtype=np.uint8), 1.0)

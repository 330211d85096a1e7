"""Small pictures of studies, made one at a time so that films come first."""

from __future__ import annotations

import cv2
import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from medkd_core.imaging.display import default_voi, display_bytes
from medkd_core.imaging.frame import Frame, Photometric
from medkd_core.imaging.study import Study
from medkd_viewer.decoding import Decoding
from medkd_viewer.reading.painting import film_image
from medkd_viewer.reading.sampling import Sampler, visible_part
from medkd_viewer.reading.viewport import PaneGeometry, whole_film
from medkd_viewer.studies.library import images_of

SIDE = 96
"""Pixels; shown at half of it, so that it stays sharp at scale 2."""


class Thumbnails(QObject):
    """Makes a study's thumbnail when it is first asked for."""

    ready = Signal(str)
    """The study's UID."""

    def __init__(self, decoding: Decoding, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._decoding = decoding
        self._images: dict[str, QImage] = {}
        self._wanted: dict[str, Study] = {}
        self._busy = False

    def get(self, study: Study) -> QImage | None:
        """The thumbnail, or None while it is being made or cannot be made."""
        known = self._images.get(study.uid)
        if known is None and study.uid not in self._wanted and images_of(study):
            self._wanted[study.uid] = study
            self._go_on()
        return known if known is not None and not known.isNull() else None

    def _go_on(self) -> None:
        if self._busy or not self._wanted:
            return
        study = next(reversed(self._wanted.values()))
        images = images_of(study)
        image = images[len(images) // 2]
        self._busy = True
        self._decoding.decode(
            image.instance.path,
            image.frame,
            lambda frame: self._take(study.uid, thumbnail(frame)),
            lambda reason: self._take(study.uid, QImage()),
        )

    def _take(self, study_uid: str, image: QImage) -> None:
        self._busy = False
        self._images[study_uid] = image
        self._wanted.pop(study_uid, None)
        self.ready.emit(study_uid)
        self._go_on()


def thumbnail(frame: Frame) -> QImage:
    """A frame as its file asks to be shown, whole, on a square `SIDE` pixels wide."""
    size = (frame.columns, frame.rows)
    geometry = PaneGeometry(whole_film(*size), size, (0, 0, SIDE, SIDE))
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

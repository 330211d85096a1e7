"""Asks the networks about films that are turned only once the hand rests."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer

from medkd_viewer.findings.opinion import SecondOpinion
from medkd_viewer.reading.film import Film

_REST_MS = 300


class Asking(QObject):
    """Stands between the film in hand and the networks.

    The first film is asked about at once. While further ones of its study follow fast, nothing is
    asked and no map is shown: it would be another image's.
    """

    def __init__(self, opinion: SecondOpinion, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._opinion = opinion
        self._film: Film | None = None
        self._asked: Film | None = None
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(lambda: self._ask(self._film))

    def show_film(self, film: Film | None) -> None:
        """Another film is in hand, or none."""
        before, self._film = self._film, film
        if self._rest.isActive() and _are_of_one_study(before, film):
            self._ask(None)
        else:
            self._ask(film)
        self._rest.start()

    def _ask(self, film: Film | None) -> None:
        if film is not self._asked:
            self._asked = film
            self._opinion.show_film(film)


def _are_of_one_study(one: Film | None, other: Film | None) -> bool:
    return one is not None and other is not None and one.study.uid == other.study.uid

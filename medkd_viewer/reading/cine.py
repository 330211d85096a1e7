"""Plays the images of a series, no faster than they can be decoded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from medkd_viewer.reading.desk import Desk
from medkd_viewer.reading.state import ReadingState

USUAL_RATE = 15.0
"""Images a second where the file asks for none."""
_SLOWEST, _FASTEST = 1.0, 60.0
_FASTER = 1.25


class Turner(Protocol):
    """What brings the next image of a place."""

    @property
    def is_busy(self) -> bool:
        """The image asked for last is not there yet."""
        ...

    def step_around(self, by: int) -> None:
        """Go on by so many images, from the last to the first."""
        ...


class Cine(QObject):
    """Turns the images of the film in hand, round and round, until it is stopped.

    Parameters
    ----------
    desk : Desk
    turners : mapping of ReadingState to Turner
    """

    changed = Signal()
    """It was started, stopped, or made faster or slower."""

    def __init__(
        self, desk: Desk, turners: Mapping[ReadingState, Turner], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._desk, self._turners = desk, turners
        self._playing: ReadingState | None = None
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._turn)
        desk.active_changed.connect(self.stop)

    @property
    def is_playing(self) -> bool:
        """Images follow each other."""
        return self._playing is not None

    def toggle(self) -> None:
        """Play, or pause at the image that is shown."""
        if self.is_playing:
            self.stop()
        else:
            self.play()

    def play(self) -> None:
        """Start at the image that is shown; a film of one image stays as it is."""
        state = self._desk.active
        if state.film is not None and state.film.position[1] > 1:
            self._playing = state
            self._set_rate(state.film.instance.frame_rate or USUAL_RATE)

    def stop(self) -> None:
        """Pause at the image that is shown."""
        if self._playing is not None:
            self._timer.stop()
            self._playing.show_rate(0.0)
            self._playing = None
            self.changed.emit()

    def change_pace(self, steps: int) -> None:
        """Play faster (1) or slower (-1)."""
        if self._playing is not None:
            self._set_rate(self._playing.rate * _FASTER**steps)

    def _set_rate(self, rate: float) -> None:
        assert self._playing is not None
        rate = min(max(rate, _SLOWEST), _FASTEST)
        self._playing.show_rate(rate)
        self._timer.start(round(1000 / rate))
        self.changed.emit()

    def _turn(self) -> None:
        state = self._playing
        if state is None or state.film is None or state.film.position[1] < 2:
            self.stop()
            return
        turner = self._turners[state]
        # An image that is not decoded in time is waited for, none is passed over.
        if not turner.is_busy:
            turner.step_around(1)

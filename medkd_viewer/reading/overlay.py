"""What may lie over a film and take the hand: measurements, for one."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto
from typing import Protocol

from PySide6.QtCore import QPointF, Qt, SignalInstance
from PySide6.QtGui import QPainter

from medkd_viewer.reading.annotations import Area
from medkd_viewer.reading.viewport import PaneGeometry


class Says(Enum):
    """How much a pane lets its overlays say."""

    ALL = auto()
    IN_HAND = auto()
    """The words and handles of what is in the hand, and the lines of all."""
    NOTHING = auto()
    """Lines."""


class Overlay(Protocol):
    """Something that is drawn over the film and asked first when the left button goes down.

    Places are in the pane's device-independent pixels; `geometry` leads from there to the film.
    """

    @property
    def changed(self) -> SignalInstance:
        """It looks otherwise now, and the pane must be painted anew."""
        ...

    def paint(
        self, painter: QPainter, geometry: PaneGeometry, taken: Sequence[Area], says: Says
    ) -> None:
        """Draw it over the film, under the texts, which take some of the room.

        Parameters
        ----------
        taken : sequence of Area
            Where texts stand.
        says : Says
            How much of it is put into words.
        """
        ...

    def press(self, place: QPointF, geometry: PaneGeometry) -> bool:
        """The left button goes down; True takes the drag until `release`."""
        ...

    def move(self, place: QPointF, geometry: PaneGeometry) -> None:
        """The pointer moves while the drag is taken."""
        ...

    def release(self, place: QPointF, geometry: PaneGeometry) -> None:
        """The left button goes up."""
        ...

    def hover(self, place: QPointF, geometry: PaneGeometry) -> Qt.CursorShape | None:
        """The pointer moves with no button down; the shape that it should have, if any."""
        ...

    def abandon(self) -> bool:
        """Escape was pressed: give up what is not finished; False when there was nothing."""
        ...

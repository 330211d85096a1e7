"""How a measurement comes about, point by point, whether it is dragged or clicked."""

from __future__ import annotations

from medkd_viewer.measuring.measurement import Kind, Measurement
from medkd_viewer.reading.viewport import Point

# How many points are set when a press sets one more and a drag from there sets the next.
_STROKES_BEGIN = {Kind.PROBE: (), Kind.HEART_RATIO: (0, 2)}

_HINTS = {
    Kind.LENGTH: ("drag from one end to the other", "click the other end"),
    Kind.ANGLE: (
        "drag one arm, ending at the vertex",
        "click the vertex",
        "click the end of the other arm",
    ),
    Kind.ELLIPSE: ("drag across the region", "click the opposite corner"),
    Kind.RECTANGLE: ("drag across the region", "click the opposite corner"),
    Kind.PROBE: ("click a pixel",),
    Kind.HEART_RATIO: (
        "first drag across the thorax, where it is widest inside the ribs",
        "click the other side of the thorax",
        "now drag from the right border of the heart to its left",
        "click the other border of the heart",
    ),
}


def next_step(kind: Kind, points_set: int) -> str:
    """What to do next, as a sentence for the bottom bar."""
    words = f"{kind.label}: {_HINTS[kind][points_set]}"
    straight = kind in (Kind.LENGTH, Kind.HEART_RATIO) and points_set == 0
    if straight:
        words += " · Shift keeps it straight"
    return f"{words} · Esc gives up" if points_set else words


class Drawing:
    """A measurement that is not finished.

    Parameters
    ----------
    kind : Kind
    """

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.points_set: list[Point] = []
        self._pointer: Point | None = None
        self._is_stroke = False

    @property
    def points(self) -> tuple[Point, ...]:
        """The points that are set, and the one that follows the pointer."""
        pointer = () if self._pointer is None else (self._pointer,)
        return (*self.points_set, *pointer)[: self.kind.points]

    @property
    def last(self) -> Point | None:
        """The point that was set last in this stroke: what a straight line is straight from."""
        count = len(self.points_set)
        return None if count in self._begins else self.points_set[-1]

    def press(self, place: Point) -> None:
        """The button goes down at a place of the film."""
        self._is_stroke = len(self.points_set) in self._begins
        if self._is_stroke:
            self.points_set.append(place)
        self._pointer = place

    def follow(self, place: Point) -> None:
        """The pointer moves; between two strokes there is nothing to draw towards it."""
        between = len(self.points_set) in self._begins
        self._pointer = None if between else place

    def release(self, place: Point, *, dragged: bool) -> Measurement | None:
        """The button goes up; the measurement when that was its last point."""
        self._pointer = place
        if dragged or not self._is_stroke:
            self.points_set.append(place)
            self._pointer = None
        if len(self.points_set) < self.kind.points:
            return None
        return Measurement(kind=self.kind, points=tuple(self.points_set))

    @property
    def _begins(self) -> tuple[int, ...]:
        return _STROKES_BEGIN.get(self.kind, (0,))

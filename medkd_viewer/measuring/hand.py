"""What a pointer does to a sheet: draws new measurements, takes and moves those that are there."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from medkd_core.imaging.frame import Spacing
from medkd_viewer.measuring.drawing import Drawing
from medkd_viewer.measuring.measurement import Kind, Measurement, kept_inside
from medkd_viewer.measuring.sheet import Sheet
from medkd_viewer.measuring.strokes import distance_to, grip, may_reach, on_pane, strokes
from medkd_viewer.reading.viewport import PaneGeometry, Point

REACH = 6.0
"""Device-independent pixels from which a handle or a line is taken."""
_DRAG_BEGINS = 4.0
_SMALLEST = 3.0
"""Pixels between two points below which nothing was measured: a trembling hand clicked twice."""


@dataclass(slots=True)
class Held:
    """A measurement in the hand.

    Attributes
    ----------
    position : int
        On the sheet.
    handle : int or None
        None: the whole of it.
    taken_at : (float, float)
        The place of the film where it was taken.
    before, now : Measurement
    """

    position: int
    handle: int | None
    taken_at: Point
    before: Measurement
    now: Measurement = field(init=False)

    def __post_init__(self) -> None:
        self.now = self.before


class Hand:
    """Works on one sheet; places are in the pane's device-independent pixels.

    Attributes
    ----------
    kind : Kind or None
        What a press on the bare film begins; None leaves that to other tools.
    drawing : Drawing or None
        The measurement that is not finished.
    held : Held or None
        The measurement that is being changed.
    """

    def __init__(self, sheet: Sheet, spacing: Spacing | None) -> None:
        self._sheet, self._spacing = sheet, spacing
        self.kind: Kind | None = None
        self.drawing: Drawing | None = None
        self.held: Held | None = None
        self._pressed: Point = (0.0, 0.0)

    def press(self, place: Point, geometry: PaneGeometry, *, straight: bool) -> bool:
        """The button goes down; True takes the drag."""
        self._pressed = place
        if self.drawing is None and (found := self.at(place, geometry)) is not None:
            position, handle = found
            self._sheet.choose(position)
            if handle is not None or self.kind is not None:
                before = self._sheet.measurements[position]
                self.held = Held(position, handle, geometry.to_film(*place), before)
            return self.held is not None
        if self.kind is None:
            return False
        self._sheet.choose(None)
        self.drawing = self.drawing or Drawing(self.kind)
        self.drawing.press(self._drawn_to(place, geometry, straight=straight))
        return True

    def move(self, place: Point, geometry: PaneGeometry, *, straight: bool) -> None:
        """The pointer moves, with the button down or between two clicks."""
        if self.held is not None:
            self.held.now = self._changed(self.held, place, geometry, straight=straight)
        elif self.drawing is not None:
            self.drawing.follow(self._drawn_to(place, geometry, straight=straight))

    def release(self, place: Point, geometry: PaneGeometry, *, straight: bool) -> None:
        """The button goes up."""
        dragged = math.dist(place, self._pressed) >= _DRAG_BEGINS
        if self.held is not None:
            held, self.held = self.held, None
            if dragged:
                now = self._changed(held, place, geometry, straight=straight)
                if held.handle is None or not _is_tiny(now, geometry):
                    self._sheet.replace(held.position, now)
        elif self.drawing is not None:
            target = self._drawn_to(place, geometry, straight=straight)
            if (finished := self.drawing.release(target, dragged=dragged)) is not None:
                self.drawing = None
                if not _is_tiny(finished, geometry):
                    self._sheet.add(finished)

    @property
    def is_busy(self) -> bool:
        """Something is not finished."""
        return self.drawing is not None or self.held is not None

    def give_up(self) -> bool:
        """Drop what is not finished; False when there is nothing."""
        busy = self.is_busy
        self.drawing = self.held = None
        return busy

    def at(self, place: Point, geometry: PaneGeometry) -> tuple[int, int | None] | None:
        """Position on the sheet and handle under a place; without a handle, a line is there."""
        sheet = self._sheet
        order = [i for i in reversed(range(len(sheet.measurements))) if i != sheet.chosen]
        if sheet.chosen is not None:
            order.insert(0, sheet.chosen)
        film_place = geometry.to_film(*place)
        reach = REACH / (geometry.scale * min(1.0, geometry.aspect))
        order = [i for i in order if may_reach(sheet.measurements[i], film_place, reach)]
        for position in order:
            handle = grip(sheet.measurements[position], place, geometry, REACH)
            if handle is not None:
                return position, handle
        for position in order:
            if self._lines_reach(sheet.measurements[position], place, geometry):
                return position, None
        return None

    def _lines_reach(self, measurement: Measurement, place: Point, geometry: PaneGeometry) -> bool:
        lines = strokes(measurement.kind, measurement.points, self._spacing)
        return any(distance_to(on_pane(line, geometry), place) <= REACH for line in lines)

    def _drawn_to(self, place: Point, geometry: PaneGeometry, *, straight: bool) -> Point:
        assert self.drawing is not None
        aim = geometry.to_film(*place)
        if straight and self.drawing.last is not None:
            aim = _straightened(self.drawing.kind, self.drawing.last, aim, geometry.aspect)
        return kept_inside(aim, geometry.film)

    def _changed(
        self, held: Held, place: Point, geometry: PaneGeometry, *, straight: bool
    ) -> Measurement:
        # By how far the pointer went, so that nothing jumps when a handle is taken off its middle.
        x, y = geometry.to_film(*place)
        by = x - held.taken_at[0], y - held.taken_at[1]
        if held.handle is None:
            return held.before.moved(by, geometry.film)
        x, y = held.before.handles[held.handle]
        aim = x + by[0], y + by[1]
        if straight and held.before.kind in _OTHER_END:
            other = held.before.points[_OTHER_END[held.before.kind][held.handle]]
            aim = _straightened(held.before.kind, other, aim, geometry.aspect)
        return held.before.reshaped(held.handle, kept_inside(aim, geometry.film))


# Which point a line's handle has at its other end.
_OTHER_END = {Kind.LENGTH: (1, 0), Kind.HEART_RATIO: (1, 0, 3, 2), Kind.ANGLE: (1, 0, 1)}


# Which points are the ends of one line, or opposite corners.
_LINES = {Kind.PROBE: (), Kind.ANGLE: ((0, 1), (1, 2)), Kind.HEART_RATIO: ((0, 1), (2, 3))}


def _is_tiny(measurement: Measurement, geometry: PaneGeometry) -> bool:
    places = [geometry.to_pane(*point) for point in measurement.points]
    lines = _LINES.get(measurement.kind, ((0, 1),))
    return any(math.dist(places[a], places[b]) < _SMALLEST for a, b in lines)


def _straightened(kind: Kind, start: Point, aim: Point, aspect: float) -> Point:
    """The end of an upright or level line; of an outline that is seen as high as it is wide."""
    dx, dy = aim[0] - start[0], (aim[1] - start[1]) * aspect
    if kind.is_region:
        side = max(abs(dx), abs(dy))
        return start[0] + math.copysign(side, dx), start[1] + math.copysign(side / aspect, dy)
    return (aim[0], start[1]) if abs(dx) >= abs(dy) else (start[0], aim[1])

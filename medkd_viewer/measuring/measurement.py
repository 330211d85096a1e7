"""One measurement: its kind and its points on the film, apart from any widget."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from medkd_viewer.reading.viewport import Point

_LARGEST_PLACE = 10_000_000.0

_Coordinate = Annotated[float, Field(ge=0.0, le=_LARGEST_PLACE, allow_inf_nan=False)]
_Place = tuple[_Coordinate, _Coordinate]


class Kind(StrEnum):
    """What is measured; the same names as the tools that do it."""

    LENGTH = "length"
    ANGLE = "angle"
    ELLIPSE = "ellipse"
    RECTANGLE = "rectangle"
    PROBE = "probe"
    HEART_RATIO = "heart_ratio"

    @property
    def label(self) -> str:
        """Its name for a person."""
        return "Cardiothoracic ratio" if self is Kind.HEART_RATIO else self.value.capitalize()

    @property
    def points(self) -> int:
        """How many points it has."""
        return _POINTS[self]

    @property
    def is_region(self) -> bool:
        """Two opposite corners span it, and the pixels inside are counted."""
        return self in (Kind.ELLIPSE, Kind.RECTANGLE)


_POINTS = {
    Kind.LENGTH: 2,
    Kind.ANGLE: 3,
    Kind.ELLIPSE: 2,
    Kind.RECTANGLE: 2,
    Kind.PROBE: 1,
    Kind.HEART_RATIO: 4,
}


class Measurement(BaseModel):
    """A measurement as it is kept.

    Attributes
    ----------
    kind : Kind
    points : tuple of (float, float)
        Columns and rows of the film; a pixel's centre lies at ``+ 0.5``. Length: both ends. Angle:
        end of an arm, vertex, end of the other arm. Ellipse and rectangle: two opposite corners of
        the upright box around it. Probe: a place in the pixel. Cardiothoracic ratio: both ends of
        the inner thorax, then the right and left border of the heart, in any order.
    """

    model_config = ConfigDict(frozen=True)

    kind: Kind
    points: Annotated[tuple[_Place, ...], Field(max_length=max(_POINTS.values()))]

    @model_validator(mode="after")
    def _has_its_points(self) -> Self:
        if len(self.points) != self.kind.points:
            raise ValueError(f"{self.kind} needs {self.kind.points} points")
        return self

    @property
    def handles(self) -> tuple[Point, ...]:
        """Where it can be taken to change its shape: its points, or the sides of its outline."""
        if self.kind is Kind.RECTANGLE:
            (x0, y0), (x1, y1) = self.points
            return (x0, y0), (x1, y0), (x1, y1), (x0, y1)
        if self.kind is Kind.ELLIPSE:
            (x0, y0), (x1, y1) = self.points
            x, y = (x0 + x1) / 2, (y0 + y1) / 2
            return (x, y0), (x1, y), (x, y1), (x0, y)
        return self.points

    def reshaped(self, handle: int, place: Point) -> Measurement:
        """The measurement after one of its `handles` was moved to a place of the film."""
        if not self.kind.is_region:
            points = list(self.points)
            points[handle] = place
            return Measurement(kind=self.kind, points=tuple(points))
        # Which corner's column and which corner's row follow the handle; None: stays.
        columns: tuple[int | None, ...] = (0, 1, 1, 0)
        rows: tuple[int | None, ...] = (0, 0, 1, 1)
        if self.kind is Kind.ELLIPSE:
            columns, rows = (None, 1, None, 0), (0, None, 1, None)
        corners = [list(corner) for corner in self.points]
        if (corner := columns[handle]) is not None:
            corners[corner][0] = place[0]
        if (corner := rows[handle]) is not None:
            corners[corner][1] = place[1]
        (x0, y0), (x1, y1) = corners
        return Measurement(kind=self.kind, points=((x0, y0), (x1, y1)))

    def moved(self, by: Point, film: tuple[int, int]) -> Measurement:
        """The measurement moved whole, as far as it stays on a film of columns and rows."""
        columns, rows = zip(*self.points, strict=True)
        dx = min(max(by[0], -min(columns)), film[0] - max(columns))
        dy = min(max(by[1], -min(rows)), film[1] - max(rows))
        points = tuple(kept_inside((x + dx, y + dy), film) for x, y in self.points)
        return Measurement(kind=self.kind, points=points)

    def lies_on(self, film: tuple[int, int]) -> bool:
        """Every point is on a film of columns and rows."""
        return all(x <= film[0] and y <= film[1] for x, y in self.points)


def kept_inside(place: Point, film: tuple[int, int]) -> Point:
    """The nearest place on a film of columns and rows."""
    return min(max(place[0], 0.0), float(film[0])), min(max(place[1], 0.0), float(film[1]))

"""Measurements laid out on a pane, and their painting: thin lines, dark edges, legible figures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QImage, QPainter, QPainterPath, QPen

from medkd_core.imaging.frame import Spacing
from medkd_viewer.measuring.labels import Box, Ground, label_box, leader, seen_points
from medkd_viewer.measuring.measurement import Kind, Measurement
from medkd_viewer.measuring.strokes import Line, on_pane, strokes
from medkd_viewer.reading.painting import EDGE, draw_edged_text
from medkd_viewer.reading.viewport import PaneGeometry, Point
from medkd_viewer.theme import colour, ui_font

_HANDLE = 4.0
_TICK = 5.0
_CROSS = (3.0, 8.0)
_LINE_HEIGHT = 16
_EDGE_WIDTH = 2
_MOST_CORNERS = 5


@dataclass(frozen=True, slots=True)
class Item:
    """A measurement and its words, or what is known of an unfinished one."""

    kind: Kind
    points: Sequence[Point]
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Text:
    """Words that look for a place.

    Attributes
    ----------
    words : tuple of str
        Lines, the first the most important.
    near : tuple of (float, float)
        Where they should stand.
    points : ndarray, (n, 2)
        The `seen_points` of what they tell.
    """

    words: tuple[str, ...]
    near: tuple[Point, ...]
    points: Line


@dataclass(frozen=True, slots=True)
class Label:
    """Words at their place, and a line from there to what they tell if that is not close by."""

    words: tuple[str, ...]
    box: Box
    leader: tuple[Point, Point] | None


@dataclass(frozen=True, slots=True)
class Drawn:
    """What is drawn of one measurement, in the pixels of a pane."""

    path: QPainterPath
    handles: tuple[Point, ...]
    label: Label | None


def laid_out(
    items: Sequence[Item],
    geometry: PaneGeometry,
    ratio: float,
    spacing: Spacing | None,
    taken: Sequence[Box],
    in_hand: int | None = None,
) -> list[Drawn]:
    """Put measurements on a pane, each text where it disturbs least.

    Parameters
    ----------
    ratio : float
        Device pixels for a pixel of the pane.
    spacing : Spacing or None
        Of the film's pixels.
    taken : sequence of Box
        Where other texts stand.
    in_hand : int or None
        The one whose text is shown whatever others must give way where there is no room for all.
    """
    handles = [tuple(geometry.to_pane(*h) for h in _handles(item)) for item in items]
    lines = [_lines(item, geometry, ratio, spacing) for item in items]
    points = [
        seen_points([*its_lines, *(np.array([h]) for h in its_handles)], geometry.area)
        for its_lines, its_handles in zip(lines, handles, strict=True)
    ]
    texts = [
        Text(item.words, its_handles, its_points)
        for item, its_handles, its_points in zip(items, handles, points, strict=True)
    ]
    order = list(range(len(items)))
    placed = _placed(texts, order, geometry.area, taken)
    if in_hand is not None and in_hand < len(placed) and placed[in_hand] is None:
        order.sort(key=lambda number: number != in_hand)
        placed = _placed(texts, order, geometry.area, taken)
    return [
        Drawn(_path(item.kind, its_lines, its_handles), its_handles, label)
        for item, its_lines, its_handles, label in zip(items, lines, handles, placed, strict=True)
    ]


def _placed(
    texts: Sequence[Text], order: Sequence[int], area: Box, taken: Sequence[Box]
) -> list[Label | None]:
    """A label for each text that finds a place, those that come first in an order before others."""
    nothing = np.empty((0, 2))
    everything = Ground(np.concatenate([nothing, *(text.points for text in texts)]), area)
    boxes = list(taken)
    placed: list[Label | None] = [None] * len(texts)
    for number in order:
        own = texts[number].points
        found = _fitted(texts[number], area, everything, boxes)
        if found is not None:
            words, box = found
            boxes.append(box)
            others = [text.points for text in texts if text is not texts[number]]
            line = leader(box, own, np.concatenate([nothing, *others]))
            placed[number] = Label(words, box, line)
    return placed


def _fitted(
    text: Text, area: Box, everything: Ground, taken: Sequence[Box]
) -> tuple[tuple[str, ...], Box] | None:
    """A place for all lines of a text, else for its first, if there is one."""
    for words in dict.fromkeys((text.words, text.words[:1])):
        if words:
            size, own = _text_size(words), text.points
            box = label_box(size, text.near, area, own=own, everything=everything, taken=taken)
            if box is not None:
                return words, box
    return None


def paint(painter: QPainter, drawn: Drawn, ratio: float, *, with_handles: bool) -> None:
    """Draw a measurement, all but its words.

    Parameters
    ----------
    ratio : float
        Device pixels for a pixel of the pane; the lines are one device pixel wide.
    with_handles : bool
        Show where it can be taken: it is the chosen one.
    """
    painter.setBrush(Qt.BrushStyle.NoBrush)
    handles = QPainterPath()
    for place in drawn.handles if with_handles else ():
        handles.addEllipse(QPointF(*place), _HANDLE, _HANDLE)
    for shade, width in ((EDGE, 3 / ratio), (colour("crosshair"), 1 / ratio)):
        painter.setPen(QPen(shade, width))
        painter.drawPath(drawn.path)
        painter.drawPath(handles)
    if drawn.label is not None and drawn.label.leader is not None:
        _paint_leader(painter, drawn.label.leader, ratio)


def paint_words(painter: QPainter, drawn: Drawn, ratio: float) -> None:
    """Write what a measurement says; after the lines of all, so that none crosses it."""
    if drawn.label is not None:
        image = _text_image(drawn.label.words, ratio)
        painter.drawImage(QPointF(*drawn.label.box[:2]), image)


def _paint_leader(painter: QPainter, leader: tuple[Point, Point], ratio: float) -> None:
    """Dotted, since it measures nothing."""
    start, end = (QPointF(*place) for place in leader)
    for shade, width in ((EDGE, 3 / ratio), (colour("crosshair"), 1 / ratio)):
        pen = QPen(shade, width)
        if width * ratio == 1:
            pen.setDashPattern([3.0, 2.0])
        painter.setPen(pen)
        painter.drawLine(start, end)


def _handles(item: Item) -> Sequence[Point]:
    if len(item.points) < item.kind.points:
        return item.points
    return Measurement(kind=item.kind, points=tuple(item.points)).handles


def _lines(item: Item, geometry: PaneGeometry, ratio: float, spacing: Spacing | None) -> list[Line]:
    found = [on_pane(line, geometry) for line in strokes(item.kind, item.points, spacing)]
    return [_crisp(line, ratio) if len(line) <= _MOST_CORNERS else line for line in found]


def _crisp(line: Line, ratio: float) -> Line:
    """Corners in the middle of device pixels, where a thin level line fills one row of them."""
    return np.asarray((np.floor(line * ratio) + 0.5) / ratio)


def _path(kind: Kind, lines: Sequence[Line], handles: Sequence[Point]) -> QPainterPath:
    path = QPainterPath()
    for line in lines:
        places: list[Point] = [(x, y) for x, y in line.tolist()]
        path.moveTo(*places[0])
        for x, y in places[1:]:
            path.lineTo(x, y)
        if kind in (Kind.LENGTH, Kind.HEART_RATIO):
            _add_tick(path, places[0], places[1])
            _add_tick(path, places[-1], places[-2])
    if not lines:
        _add_crosses(path, handles)
    return path


def _add_tick(path: QPainterPath, end: Point, neighbour: Point) -> None:
    """A short line across the end of a line."""
    (x, y), length = end, math.dist(end, neighbour)
    if length:
        across, down = (y - neighbour[1]) * _TICK / length, (neighbour[0] - x) * _TICK / length
        path.moveTo(x - across, y - down)
        path.lineTo(x + across, y + down)


def _add_crosses(path: QPainterPath, places: Sequence[Point]) -> None:
    """Crosses that leave their middle free: it is the pixel that is looked at."""
    near, far = _CROSS
    for x, y in places:
        for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            path.moveTo(x + dx * near, y + dy * near)
            path.lineTo(x + dx * far, y + dy * far)


def _text_size(words: tuple[str, ...]) -> tuple[float, float]:
    metrics = QFontMetricsF(ui_font(12))
    width = max(metrics.horizontalAdvance(line) for line in words)
    return width + 2 * _EDGE_WIDTH, len(words) * _LINE_HEIGHT + 2.0 * _EDGE_WIDTH


@lru_cache(maxsize=512)
def _text_image(words: tuple[str, ...], ratio: float) -> QImage:
    # Painted once: edged text is too slow to be painted anew for every step of a window drag.
    width, height = _text_size(words)
    image = QImage(
        int(width * ratio) + 1, int(height * ratio) + 1, QImage.Format.Format_ARGB32_Premultiplied
    )
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setFont(ui_font(12))
    for number, line in enumerate(words):
        place = QRectF(_EDGE_WIDTH, _EDGE_WIDTH + number * _LINE_HEIGHT, width, _LINE_HEIGHT)
        draw_edged_text(painter, place, Qt.AlignmentFlag.AlignVCenter.value, line, "crosshair")
    painter.end()
    return image

"""What is written around a film: corner texts, letters of the patient's sides, scale bar.

Nothing lies over anything else: what has no room is left out, whose film it is last of all.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from medkd_viewer.reading.corner_room import LINE_HEIGHT, Room, fitted, widest
from medkd_viewer.reading.corner_texts import CornerTexts, Lines
from medkd_viewer.reading.orientation import EdgeLetters
from medkd_viewer.reading.painting import draw_edged_text
from medkd_viewer.reading.scale_bar import BAR_WIDTH, ScaleBar, draw_scale_bar, scale_bar_boxes
from medkd_viewer.theme import ui_font

_MARGIN_X, _MARGIN_Y = 10.0, 7.0
_LETTER = 18.0
_STEP = 16.0
"""Pixels from one width of a box to the next."""
_BAR_SHARE = 0.75
"""Of the width: the most that the scale bar's label may take."""
_BAR_ENDS = 2.0 * (LINE_HEIGHT + 8)
"""Above and below a scale bar: its label hangs below, and the bar stands in the middle."""

_LEFT = Qt.AlignmentFlag.AlignLeft
_RIGHT = Qt.AlignmentFlag.AlignRight
_CENTRE = Qt.AlignmentFlag.AlignHCenter
_MIDDLE = Qt.AlignmentFlag.AlignVCenter

Area = tuple[float, float, float, float]
"""Left, top, width and height of what the film may cover, in a pane's pixels."""


@dataclass(frozen=True, slots=True)
class Annotations:
    """All that is written around one film.

    Attributes
    ----------
    texts : CornerTexts
    letters : EdgeLetters
    bar : ScaleBar or None
    film : (float, float)
        Left and right edge of the film in the pane.
    """

    texts: CornerTexts
    letters: EdgeLetters
    bar: ScaleBar | None
    film: tuple[float, float]


def longest_bar(area: Area) -> float:
    """How long a scale bar may be in an area, in pixels."""
    # One line of text above and below, and the bar's own label.
    beside_texts = area[3] - 2 * (_MARGIN_Y + LINE_HEIGHT) - _BAR_ENDS
    return min(area[3] * 0.4, beside_texts, 240.0)


@dataclass(frozen=True, slots=True)
class Written:
    """One line of text at its place."""

    place: QRectF
    flags: int
    text: str
    is_letter: bool = False

    @property
    def box(self) -> QRectF:
        """What it covers."""
        metrics = QFontMetricsF(ui_font(13, bold=True) if self.is_letter else ui_font(12))
        return metrics.boundingRect(self.place, self.flags, self.text)


@dataclass(frozen=True, slots=True)
class Page:
    """All that is written around a film, each at its place.

    Attributes
    ----------
    lines : tuple of Written
    bar : ScaleBar or None
    bar_at : (float, float)
        The bar's right edge, and its middle between top and bottom.
    """

    lines: tuple[Written, ...] = ()
    bar: ScaleBar | None = None
    bar_at: tuple[float, float] = (0.0, 0.0)

    def boxes(self) -> list[Area]:
        """What the texts and the bar cover, a little more to the sides.

        A text that grows by a figure while the window is dragged keeps its box, so that what
        stands beside it keeps its place.
        """
        found = [line.box for line in self.lines if line.text]
        if self.bar is not None:
            found += scale_bar_boxes(*self.bar_at, self.bar, QFontMetricsF(ui_font(12)))
        return [_rounded(box) for box in found]


def written(area: Area, annotations: Annotations) -> Page:
    """Give everything its place at the edges of an area."""
    left, top, width, height = area
    inner = QRectF(left + _MARGIN_X, top + _MARGIN_Y, width - 2 * _MARGIN_X, height - 2 * _MARGIN_Y)
    metrics = QFontMetricsF(ui_font(12))
    black = annotations.film[0] - inner.left(), inner.right() - annotations.film[1]
    texts = fitted(annotations.texts, Room(inner.width(), inner.height(), black), metrics)
    beside = _free_band(inner, texts.top_right, texts.bottom_right)
    bar = annotations.bar if _has_room(annotations.bar, beside, metrics) else None
    letters = _letters(inner, texts, annotations.letters, BAR_WIDTH if bar else 0.0)
    return Page((*_lines_of(inner, texts), *letters), bar, (beside.right(), beside.center().y()))


def draw_page(painter: QPainter, page: Page) -> None:
    """Paint what is written around a film."""
    for is_letter in (False, True):
        painter.setFont(ui_font(13, bold=True) if is_letter else ui_font(12))
        for line in page.lines:
            if line.is_letter is is_letter:
                draw_edged_text(painter, line.place, line.flags, line.text)
    if page.bar is not None:
        painter.setFont(ui_font(12))
        draw_scale_bar(painter, *page.bar_at, page.bar)


def _lines_of(inner: QRectF, texts: CornerTexts) -> Iterator[Written]:
    yield from _corner(inner, inner.top(), _LEFT, texts.top_left)
    yield from _corner(inner, inner.top(), _RIGHT, texts.top_right)
    for side, lines in ((_LEFT, texts.bottom_left), (_RIGHT, texts.bottom_right)):
        yield from _corner(inner, inner.bottom() - len(lines) * LINE_HEIGHT, side, lines)


def _corner(inner: QRectF, top: float, side: Qt.AlignmentFlag, lines: Lines) -> Iterator[Written]:
    for number, line in enumerate(lines):
        place = QRectF(inner.left(), top + number * LINE_HEIGHT, inner.width(), LINE_HEIGHT)
        yield Written(place, (side | _MIDDLE).value, line)


def _free_band(inner: QRectF, above: Lines, below: Lines) -> QRectF:
    """What lines leave between them."""
    return inner.adjusted(0, len(above) * LINE_HEIGHT, 0, -len(below) * LINE_HEIGHT)


def _has_room(bar: ScaleBar | None, free: QRectF, metrics: QFontMetricsF) -> bool:
    if bar is None:
        return False
    label = metrics.horizontalAdvance(bar.label)
    return label <= free.width() * _BAR_SHARE and bar.length + _BAR_ENDS <= free.height()


def _letters(
    inner: QRectF, texts: CornerTexts, letters: EdgeLetters, right_taken: float
) -> Iterator[Written]:
    above, below = (texts.top_left, texts.top_right), (texts.bottom_left, texts.bottom_right)
    free = _free_band(inner, max(above, key=len), max(below, key=len))
    row = QRectF(inner.left(), inner.center().y() - _LETTER / 2, inner.width(), _LETTER)
    if free.top() <= row.top() and row.bottom() <= free.bottom():
        yield Written(row, (_LEFT | _MIDDLE).value, letters.left, is_letter=True)
        narrower = row.adjusted(0, 0, -right_taken, 0)
        yield Written(narrower, (_RIGHT | _MIDDLE).value, letters.right, is_letter=True)
    if free.height() < 3 * _LETTER:
        return
    metrics = QFontMetricsF(ui_font(12))
    reaches = inner.width() / 2 - _LETTER
    above_taken = max(widest(lines, metrics) for lines in above) > reaches
    below_taken = max(widest(lines, metrics) for lines in below) > reaches
    upper = free.top() if above_taken else inner.top()
    lower = (free.bottom() if below_taken else inner.bottom()) - _LETTER
    for top, letter in ((upper, letters.top), (lower, letters.bottom)):
        place = QRectF(inner.left(), top, inner.width(), _LETTER)
        yield Written(place, (_CENTRE | _MIDDLE).value, letter, is_letter=True)


def _rounded(box: QRectF) -> Area:
    left = math.floor(box.left() / _STEP) * _STEP
    right = math.ceil(box.right() / _STEP) * _STEP
    return left, box.top(), right - left, box.height()

"""What is written around a film: corner texts, letters of the patient's sides, scale bar.

Nothing lies over anything else: what has no room is left out, whose film it is last of all.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from medkd_viewer.reading.corner_texts import CornerTexts, Lines
from medkd_viewer.reading.orientation import EdgeLetters
from medkd_viewer.reading.painting import draw_edged_text
from medkd_viewer.reading.scale_bar import ScaleBar, draw_scale_bar
from medkd_viewer.theme import ui_font

LINE_HEIGHT = 17
_MARGIN_X, _MARGIN_Y = 10.0, 7.0
_BETWEEN = 16.0
_LETTER = 18.0
_BAR_SHARE = 0.75
"""Of the width: the most that the scale bar's label may take."""
_ROWS_BETWEEN = 5
"""Lines of film that must be left between the upper and the lower texts."""

_LEFT = Qt.AlignmentFlag.AlignLeft
_RIGHT = Qt.AlignmentFlag.AlignRight
_CENTRE = Qt.AlignmentFlag.AlignHCenter
_MIDDLE = Qt.AlignmentFlag.AlignVCenter

Area = tuple[float, float, float, float]
"""Left, top, width and height of what the film may cover, in a pane's pixels."""


@dataclass(frozen=True, slots=True)
class Annotations:
    """All that is written around one film."""

    texts: CornerTexts
    letters: EdgeLetters
    bar: ScaleBar | None


def longest_bar(area: Area) -> float:
    """How long a scale bar may be in an area, in pixels."""
    return min(area[3] * 0.4, 240.0)


def draw_annotations(painter: QPainter, area: Area, annotations: Annotations) -> None:
    """Paint them at the edges of an area."""
    left, top, width, height = area
    inner = QRectF(left + _MARGIN_X, top + _MARGIN_Y, width - 2 * _MARGIN_X, height - 2 * _MARGIN_Y)
    font = ui_font(12)
    texts = fitted(annotations.texts, inner.width(), inner.height(), QFontMetricsF(font))
    painter.setFont(font)
    _draw_texts(painter, inner, texts)
    free = _free_band(inner, texts)
    bar_width = _draw_bar(painter, free, annotations.bar)
    painter.setFont(ui_font(13, bold=True))
    _draw_letters(painter, inner, texts, annotations.letters, bar_width)


def fitted(texts: CornerTexts, width: float, height: float, metrics: QFontMetricsF) -> CornerTexts:
    """The texts that have room in a width and height, shortened where that helps."""
    rows = int(height // LINE_HEIGHT)
    top_left, top_right = _side_by_side(texts.top_left, texts.top_right, width, metrics)
    bottom_left, bottom_right = _side_by_side(texts.bottom_left, texts.bottom_right, width, metrics)
    top = max(len(top_left), len(top_right))
    if rows < top + max(len(bottom_left), len(bottom_right)) + _ROWS_BETWEEN:
        bottom_left = bottom_right = ()
    return CornerTexts(top_left[:rows], top_right[:rows], bottom_left, bottom_right)


def _side_by_side(
    left: Lines, right: Lines, width: float, metrics: QFontMetricsF
) -> tuple[Lines, Lines]:
    if _widest(left, metrics) + _BETWEEN + _widest(right, metrics) > width:
        right = ()
    shortened = (metrics.elidedText(line, Qt.TextElideMode.ElideRight, width) for line in left)
    return tuple(shortened), right


def _widest(lines: Lines, metrics: QFontMetricsF) -> float:
    return max((metrics.horizontalAdvance(line) for line in lines), default=0.0)


def _draw_texts(painter: QPainter, inner: QRectF, texts: CornerTexts) -> None:
    _draw_lines(painter, inner, inner.top(), _LEFT, texts.top_left)
    _draw_lines(painter, inner, inner.top(), _RIGHT, texts.top_right)
    for side, lines in ((_LEFT, texts.bottom_left), (_RIGHT, texts.bottom_right)):
        _draw_lines(painter, inner, inner.bottom() - len(lines) * LINE_HEIGHT, side, lines)


def _draw_lines(
    painter: QPainter, inner: QRectF, top: float, side: Qt.AlignmentFlag, lines: Lines
) -> None:
    for number, line in enumerate(lines):
        place = QRectF(inner.left(), top + number * LINE_HEIGHT, inner.width(), LINE_HEIGHT)
        draw_edged_text(painter, place, (side | _MIDDLE).value, line)


def _free_band(inner: QRectF, texts: CornerTexts) -> QRectF:
    """What the texts leave between them."""
    above = max(len(texts.top_left), len(texts.top_right)) * LINE_HEIGHT
    below = max(len(texts.bottom_left), len(texts.bottom_right)) * LINE_HEIGHT
    return inner.adjusted(0, above, 0, -below)


def _draw_bar(painter: QPainter, free: QRectF, bar: ScaleBar | None) -> float:
    """Paint the bar at the right edge; gives the width that it takes there."""
    if bar is None:
        return 0.0
    label = QFontMetricsF(painter.font()).horizontalAdvance(bar.label)
    # The label hangs below a bar that stands in the middle.
    needed = bar.length + 2 * (LINE_HEIGHT + 8)
    if label > free.width() * _BAR_SHARE or needed > free.height():
        return 0.0
    return draw_scale_bar(painter, free.right(), free.center().y(), bar)


def _draw_letters(
    painter: QPainter, inner: QRectF, texts: CornerTexts, letters: EdgeLetters, right_taken: float
) -> None:
    free = _free_band(inner, texts)
    row = QRectF(inner.left(), inner.center().y() - _LETTER / 2, inner.width(), _LETTER)
    if free.top() <= row.top() and row.bottom() <= free.bottom():
        draw_edged_text(painter, row, (_LEFT | _MIDDLE).value, letters.left)
        narrower = row.adjusted(0, 0, -right_taken, 0)
        draw_edged_text(painter, narrower, (_RIGHT | _MIDDLE).value, letters.right)
    if free.height() < 3 * _LETTER:
        return
    metrics = QFontMetricsF(ui_font(12))
    reaches = inner.width() / 2 - _LETTER
    above_taken = _widest((*texts.top_left, *texts.top_right), metrics) > reaches
    below_taken = _widest((*texts.bottom_left, *texts.bottom_right), metrics) > reaches
    upper = free.top() if above_taken else inner.top()
    lower = (free.bottom() if below_taken else inner.bottom()) - _LETTER
    for top, letter in ((upper, letters.top), (lower, letters.bottom)):
        place = QRectF(inner.left(), top, inner.width(), _LETTER)
        draw_edged_text(painter, place, (_CENTRE | _MIDDLE).value, letter)

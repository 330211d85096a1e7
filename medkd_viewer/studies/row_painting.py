"""How the rows of the list are painted, and how high they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

from PySide6.QtCore import QPoint, QPointF, QRect, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QImage, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from medkd_viewer.studies.faces import Face, Faces, reason_sentence
from medkd_viewer.studies.library import Sign
from medkd_viewer.studies.pictures import Image
from medkd_viewer.studies.rows import (
    DocumentRow,
    FolderRow,
    RefusedRow,
    Row,
    SectionRow,
    SeriesRow,
    StudyRow,
)
from medkd_viewer.studies.study_model import Index
from medkd_viewer.theme import ICON_SIZE, colour, icon, ui_font

FOLD_WIDTH = 28
"""At the right end of a row, where a press unfolds it."""

_HEIGHTS: dict[type[Row], int] = {
    SectionRow: 30,
    StudyRow: 66,
    SeriesRow: 50,
    DocumentRow: 50,
    FolderRow: 46,
}
_PADDING = 8
_PICTURE, _PART_PICTURE = 48, 36
_WORDS_LEFT = _PADDING + _PICTURE + 10
_LINE = 18
_SIGN_ROOM = 16
_REFUSED_LINES = 8
_LEFT = Qt.AlignmentFlag.AlignLeft.value | Qt.AlignmentFlag.AlignVCenter.value
_WRAPPED = Qt.AlignmentFlag.AlignTop.value | Qt.TextFlag.TextWordWrap.value


def row_height(row: Row, width: int) -> int:
    """Height of a row in a list of some width, in device-independent pixels."""
    if isinstance(row, RefusedRow):
        return 26 + _wrapped_height(reason_sentence(row.refusal), width - 2 * _PADDING) + 6
    return _HEIGHTS[type(row)]


class RowPainter(QStyledItemDelegate):
    """Paints a row of the list.

    Parameters
    ----------
    faces : Faces
        What a row says.
    thumbnail : callable
        Gives a picture's thumbnail, None while there is none, null when there never will be.
    """

    def __init__(self, faces: Faces, thumbnail: Callable[[Image], QImage | None]) -> None:
        super().__init__()
        self._faces, self._thumbnail = faces, thumbnail

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802
        """As high as the row's kind needs."""
        row = index.data(Qt.ItemDataRole.UserRole)
        return QSize(0, row_height(row, option.rect.width()))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Ground, picture, words, signs."""
        row: Row = index.data(Qt.ItemDataRole.UserRole)
        face = self._faces.of(row)
        box: QRect = option.rect
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        _paint_ground(painter, box, option.state)
        match row:
            case SectionRow():
                _paint_section(painter, box, face.title)
            case RefusedRow():
                _paint_refused(painter, box, face)
            case FolderRow():
                _paint_words(painter, box.adjusted(_PADDING, 5, -_PADDING, 0), face)
            case _:
                self._paint_pictured(painter, box, row, face)
        if face.unfolded is not None:
            _paint_fold(painter, box, row, unfolded=face.unfolded)
        painter.restore()

    def _paint_pictured(self, painter: QPainter, box: QRect, row: Row, face: Face) -> None:
        side = _PICTURE if isinstance(row, StudyRow) else _PART_PICTURE
        left = box.left() + _WORDS_LEFT - 10 - side
        picture = QRect(left, box.top() + (box.height() - side) // 2, side, side)
        if face.image is None:
            _paint_document(painter, picture)
        else:
            self._paint_thumbnail(painter, picture, face.image)
        top = (box.height() - (1 + len(face.lines)) * _LINE) // 2
        words = box.adjusted(_WORDS_LEFT, top, -_PADDING, 0)
        _paint_words(painter, words, face)
        last = words.top() + len(face.lines) * _LINE + _LINE // 2
        _paint_sign(painter, QPoint(box.right() - 13, last), face.sign)
        if face.shown:
            _paint_shown(painter, box)

    def _paint_thumbnail(self, painter: QPainter, place: QRect, image: Image) -> None:
        drawn = self._thumbnail(image)
        if drawn is not None and not drawn.isNull():
            painter.drawImage(place, drawn)
            return
        painter.fillRect(place, colour("black"))
        if drawn is not None:
            _paint_icon(painter, place, "caution")


def _paint_ground(painter: QPainter, box: QRect, state: QStyle.StateFlag) -> None:
    shade = None
    if state & QStyle.StateFlag.State_Selected:
        shade = "raised"
    elif state & QStyle.StateFlag.State_MouseOver:
        shade = "bar"
    if shade is not None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour(shade))
        painter.drawRoundedRect(box, 6, 6)
    if state & QStyle.StateFlag.State_HasFocus:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour("blue"), 1))
        painter.drawRoundedRect(box.toRectF().adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)


def _paint_section(painter: QPainter, box: QRect, title: str) -> None:
    font = ui_font(11)
    font.setLetterSpacing(QFont.SpacingType.AbsoluteSpacing, 0.8)
    painter.setFont(font)
    painter.setPen(colour("third"))
    painter.drawText(box.adjusted(_PADDING, 4, -_PADDING, 0), _LEFT, title.upper())


def _paint_words(painter: QPainter, box: QRect, face: Face) -> None:
    for number, line in enumerate(((face.title,), *face.lines)):
        font = ui_font(13 if number == 0 else 12)
        painter.setFont(font)
        painter.setPen(colour("text" if number == 0 else "second"))
        folds = number == 0 and face.unfolded is not None
        signed = number == len(face.lines) and face.sign is not Sign.NONE
        width = box.width() - (_SIGN_ROOM if folds or signed else 0)
        place = QRect(box.left(), box.top() + number * _LINE, width, _LINE)
        painter.drawText(place, _LEFT, fitted(QFontMetrics(font), line, width))


def fitted(metrics: QFontMetrics, wordings: Sequence[str], width: int) -> str:
    """The first wording that has room, or the last, shortened."""
    for words in wordings:
        if metrics.horizontalAdvance(words) <= width:
            return words
    return metrics.elidedText(wordings[-1], Qt.TextElideMode.ElideRight, width)


def _paint_refused(painter: QPainter, box: QRect, face: Face) -> None:
    words = box.adjusted(_PADDING, 6, -_PADDING, -6)
    _paint_words(painter, words, Face(face.title))
    painter.setFont(ui_font(12))
    painter.setPen(colour("failure"))
    painter.drawText(words.adjusted(0, 20, 0, 0), _WRAPPED, face.lines[0][0])


def _paint_document(painter: QPainter, place: QRect) -> None:
    painter.setPen(QPen(colour("line"), 1))
    painter.setBrush(colour("field"))
    painter.drawRoundedRect(place.toRectF().adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
    _paint_icon(painter, place, "document")


def _paint_icon(painter: QPainter, place: QRect, name: str) -> None:
    sign = QRect(0, 0, ICON_SIZE, ICON_SIZE)
    sign.moveCenter(place.center())
    icon(name).paint(painter, sign)


def _paint_sign(painter: QPainter, middle: QPoint, sign: Sign) -> None:
    if sign is Sign.NONE:
        return
    shade = colour("failure" if sign is Sign.FAILURE else "caution")
    hollow = sign is Sign.HOLLOW
    painter.setPen(QPen(shade, 1.5) if hollow else Qt.PenStyle.NoPen)
    painter.setBrush(Qt.BrushStyle.NoBrush if hollow else shade)
    painter.drawEllipse(middle.toPointF(), 3.5, 3.5)


def _paint_shown(painter: QPainter, box: QRect) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour("blue"))
    painter.drawRoundedRect(box.left(), box.top() + 10, 3, box.height() - 20, 1.5, 1.5)


def _paint_fold(painter: QPainter, box: QRect, row: Row, *, unfolded: bool) -> None:
    """A chevron, down when unfolded, to the right when folded."""
    y = box.top() + (17 if isinstance(row, SectionRow) else 16)
    middle = QPointF(box.right() - 13, y)
    down = (QPointF(-4, -2), QPointF(0, 2), QPointF(4, -2))
    right = (QPointF(-2, -4), QPointF(2, 0), QPointF(-2, 4))
    pen = QPen(colour("second"), 1.5)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.drawPolyline([middle + corner for corner in (down if unfolded else right)])


@lru_cache(maxsize=4096)
def _wrapped_height(text: str, width: int) -> int:
    metrics = QFontMetrics(ui_font(12))
    height = metrics.boundingRect(QRect(0, 0, width, 10_000), _WRAPPED, text).height()
    return min(height, _REFUSED_LINES * metrics.lineSpacing())

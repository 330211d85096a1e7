"""The list of studies: rows for Qt, and how they are painted."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QImage, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from medkd_core.imaging.study import Study
from medkd_viewer.studies.library import (
    FolderRow,
    RefusedRow,
    Row,
    SectionRow,
    Sign,
    StudyRow,
    reason_sentence,
)
from medkd_viewer.theme import colour, ui_font

Index = QModelIndex | QPersistentModelIndex

_THUMBNAIL = 48
_STUDY_HEIGHT = 66
_SECTION_HEIGHT = 30
_FOLDER_HEIGHT = 46
_REFUSED_LINES = 3
_PADDING = 8
_SCROLL_BAR = 10
_LEFT = Qt.AlignmentFlag.AlignLeft.value | Qt.AlignmentFlag.AlignVCenter.value


class StudyListModel(QAbstractListModel):
    """Rows of a `Library` for a list view; `Qt.UserRole` gives the row itself."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[Row] = []

    def show_rows(self, rows: list[Row]) -> None:
        """Replace the whole list, or only its looks when the same studies stay in place."""
        if [_identity(row) for row in rows] == [_identity(row) for row in self._rows]:
            self._rows = rows
            if rows:
                self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))
            return
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def row_of(self, study_uid: str) -> int | None:
        """Where a study stands, or None."""
        for number, row in enumerate(self._rows):
            if isinstance(row, StudyRow) and row.study.uid == study_uid:
                return number
        return None

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        """How many rows."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """The row itself, or its words for a screen reader and a tooltip."""
        row = self._rows[index.row()]
        if role == Qt.ItemDataRole.UserRole:
            return row
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return row_words(row)
        if role == Qt.ItemDataRole.ToolTipRole and not isinstance(row, SectionRow):
            return row_words(row)
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Headings and refused files cannot be chosen."""
        if isinstance(self._rows[index.row()], StudyRow | FolderRow):
            return Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled
        return Qt.ItemFlag.ItemIsEnabled


def row_words(row: Row) -> str:
    """A row as one line of text."""
    match row:
        case SectionRow():
            return row.title
        case StudyRow():
            remark = row.remark if row.remark != row.state else ""
            return ", ".join(filter(None, (row.title, row.what, row.state, remark)))
        case RefusedRow():
            return f"{row.refusal.path.name}: {reason_sentence(row.refusal)}"
        case FolderRow():
            return f"{row.folder.path}, {_folder_words(row)}"


class StudyDelegate(QStyledItemDelegate):
    """Paints a row of the list.

    Parameters
    ----------
    thumbnail : callable
        Gives a study's thumbnail, or None while there is none.
    """

    def __init__(self, thumbnail: Callable[[Study], QImage | None]) -> None:
        super().__init__()
        self._thumbnail = thumbnail

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802
        """As high as the row's kind needs."""
        row = index.data(Qt.ItemDataRole.UserRole)
        match row:
            case SectionRow():
                height = _SECTION_HEIGHT
            case FolderRow():
                height = _FOLDER_HEIGHT
            case RefusedRow():
                width = option.widget.width() - 2 * _PADDING - _SCROLL_BAR
                height = 24 + _wrapped_height(reason_sentence(row.refusal), width) + _PADDING
            case _:
                height = _STUDY_HEIGHT
        return QSize(0, height)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Ground, picture, words, sign."""
        row = index.data(Qt.ItemDataRole.UserRole)
        box: QRect = option.rect
        state: QStyle.StateFlag = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        if not isinstance(row, SectionRow | RefusedRow):
            _paint_ground(painter, box, state)
        match row:
            case SectionRow():
                _paint_section(painter, box, row.title)
            case StudyRow():
                self._paint_study(painter, box, row)
            case RefusedRow():
                _paint_refused(painter, box, row)
            case FolderRow():
                _paint_words(
                    painter,
                    box.adjusted(_PADDING, 4, -_PADDING, 0),
                    row.folder.path.name + "/",
                    _folder_words(row),
                )
        painter.restore()

    def _paint_study(self, painter: QPainter, box: QRect, row: StudyRow) -> None:
        picture = QRect(box.left() + _PADDING, box.top() + 9, _THUMBNAIL, _THUMBNAIL)
        image = self._thumbnail(row.study)
        if image is None:
            painter.fillRect(picture, colour("black"))
        else:
            painter.drawImage(picture, image)
        room = 18 if row.sign else _PADDING
        words = box.adjusted(_PADDING + _THUMBNAIL + 10, 6, -room, -6)
        _paint_words(painter, words, row.title, row.what, row.state)
        _paint_sign(painter, box, row.sign)


def _paint_ground(painter: QPainter, box: QRect, state: QStyle.StateFlag) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    if state & QStyle.StateFlag.State_Selected:
        painter.setBrush(colour("raised"))
        painter.drawRoundedRect(box, 6, 6)
    elif state & QStyle.StateFlag.State_MouseOver:
        painter.setBrush(colour("bar"))
        painter.drawRoundedRect(box, 6, 6)
    if state & QStyle.StateFlag.State_HasFocus:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour("blue"), 1))
        painter.drawRoundedRect(box.adjusted(0, 0, -1, -1), 6, 6)


def _paint_section(painter: QPainter, box: QRect, title: str) -> None:
    font = ui_font(11)
    font.setLetterSpacing(font.SpacingType.AbsoluteSpacing, 0.8)
    painter.setFont(font)
    painter.setPen(colour("third"))
    painter.drawText(box.adjusted(_PADDING, 4, -_PADDING, 0), _LEFT, title.upper())


def _paint_words(painter: QPainter, box: QRect, title: str, *lines: str) -> None:
    for number, line in enumerate((title, *lines)):
        font = ui_font(13 if number == 0 else 12)
        painter.setFont(font)
        painter.setPen(colour("text" if number == 0 else "second"))
        place = QRect(box.left(), box.top() + number * 18, box.width(), 18)
        shown = QFontMetrics(font).elidedText(line, Qt.TextElideMode.ElideRight, box.width())
        painter.drawText(place, _LEFT, shown)


def _paint_refused(painter: QPainter, box: QRect, row: RefusedRow) -> None:
    words = box.adjusted(_PADDING, 4, -_PADDING, 0)
    _paint_words(painter, words, row.refusal.path.name)
    painter.setFont(ui_font(12))
    painter.setPen(colour("failure"))
    flags = Qt.AlignmentFlag.AlignTop.value | Qt.TextFlag.TextWordWrap.value
    painter.drawText(words.adjusted(0, 20, 0, 0), flags, reason_sentence(row.refusal))


def _paint_sign(painter: QPainter, box: QRect, sign: Sign) -> None:
    if sign is Sign.NONE:
        return
    shade = colour("failure" if sign is Sign.FAILURE else "caution")
    hollow = sign is Sign.HOLLOW
    painter.setPen(QPen(shade, 1.5) if hollow else Qt.PenStyle.NoPen)
    painter.setBrush(Qt.BrushStyle.NoBrush if hollow else shade)
    side = 7
    painter.drawEllipse(box.right() - 6 - side, box.center().y() - side // 2, side, side)


def _wrapped_height(text: str, width: int) -> int:
    metrics = QFontMetrics(ui_font(12))
    flags = Qt.TextFlag.TextWordWrap.value
    height = metrics.boundingRect(QRect(0, 0, width, 1000), flags, text).height()
    return min(height, _REFUSED_LINES * metrics.lineSpacing())


def _folder_words(row: FolderRow) -> str:
    return f"{row.folder.images:,} images · {row.folder.studies:,} studies"


def _identity(row: Row) -> object:
    match row:
        case StudyRow():
            return row.study.uid
        case RefusedRow():
            return row.refusal.path
        case _:
            return row

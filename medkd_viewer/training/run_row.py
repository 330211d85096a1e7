"""How one row of the list of runs is drawn."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from medkd_core.jobs.state import JobStatus
from medkd_viewer.theme import colour, ui_font
from medkd_viewer.training.runs import Group, Run

RUN_ROLE = int(Qt.ItemDataRole.UserRole) + 1
HEADING_HEIGHT = 32
ROW_HEIGHT = 52
RUNNING_ROW_HEIGHT = 62
MARGIN = 10


class RunRowDelegate(QStyledItemDelegate):
    """Draws a group's heading, or a run: title, word, note, and a line for its progress."""

    def sizeHint(  # noqa: N802
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """Rows of fixed heights."""
        content = index.data(RUN_ROLE)
        if isinstance(content, Group):
            return QSize(0, HEADING_HEIGHT)
        return QSize(0, RUNNING_ROW_HEIGHT if _shows_progress(content) else ROW_HEIGHT)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Draw a row."""
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        content = index.data(RUN_ROLE)
        if isinstance(content, Group):
            _paint_heading(painter, option.rect, content)
        elif isinstance(content, Run):
            _paint_ground(painter, option)
            _paint_run(painter, option.rect.adjusted(MARGIN, 8, -MARGIN, -6), content)
        painter.restore()


def _shows_progress(content: object) -> bool:
    return isinstance(content, Run) and content.group is Group.RUNNING


def _paint_heading(painter: QPainter, place: QRect, group: Group) -> None:
    font = ui_font(11)
    font.setLetterSpacing(QFont.SpacingType.AbsoluteSpacing, 0.8)
    painter.setFont(font)
    painter.setPen(colour("third"))
    below = place.adjusted(MARGIN - 2, 0, 0, -6)
    painter.drawText(below, Qt.AlignmentFlag.AlignBottom, group.value.upper())


def _paint_ground(painter: QPainter, option: QStyleOptionViewItem) -> None:
    selected = bool(option.state & QStyle.StateFlag.State_Selected)
    hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
    if not (selected or hovered):
        return
    focused = selected and bool(option.state & QStyle.StateFlag.State_HasFocus)
    ground = colour("raised" if selected else "bar")
    painter.setBrush(ground)
    painter.setPen(QPen(colour("blue") if focused else ground, 1))
    painter.drawRoundedRect(QRectF(option.rect).adjusted(0.5, 1.5, -0.5, -1.5), 6, 6)


def _paint_run(painter: QPainter, place: QRect, run: Run) -> None:
    painter.setFont(ui_font(12))
    word_width = painter.fontMetrics().horizontalAdvance(run.word)
    first = QRect(place.left(), place.top(), place.width(), 18)
    painter.setPen(colour(run.tone))
    painter.drawText(first, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, run.word)
    title = first.adjusted(0, 0, -word_width - 8, 0)
    _paint_text(painter, title, run.title, 13, "text")
    note = QRect(place.left(), place.top() + 19, place.width(), 16)
    _paint_text(painter, note, run.note, 11, "second")
    if _shows_progress(run):
        _paint_progress(painter, QRectF(place.left(), place.bottom() - 5, place.width(), 3), run)


def _paint_text(painter: QPainter, place: QRect, text: str, size: int, shade: str) -> None:
    painter.setFont(ui_font(size))
    painter.setPen(colour(shade))
    fitting = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, place.width())
    painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, fitting)


def _paint_progress(painter: QPainter, place: QRectF, run: Run) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour("line"))
    painter.drawRoundedRect(place, 1.5, 1.5)
    painter.setBrush(colour("blue" if run.status is JobStatus.RUNNING else "caution"))
    place.setWidth(place.width() * run.progress)
    painter.drawRoundedRect(place, 1.5, 1.5)

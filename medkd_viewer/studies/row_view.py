"""A list whose rows differ in height and of which only those in sight cost anything."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate

from PySide6.QtCore import (
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    Qt,
    Signal,
)
from PySide6.QtGui import QCursor, QKeyEvent, QPainter, QPaintEvent, QRegion, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListView,
    QStyle,
    QStyleOptionViewItem,
    QWidget,
)

from medkd_viewer.theme import colour, ui_font

_STEP = 22
"""Pixels that one step of the scroll bar goes; a notch of the wheel is three of them."""


class RowView(QListView):
    """Stands in for `QListView`'s own layout, which asks for every row's size at every change.

    Parameters
    ----------
    heights : callable
        Gives the height of every row for a width of the list.
    """

    sight_changed = Signal()
    """Other rows are in sight, or the rows in sight changed."""

    def __init__(
        self, heights: Callable[[int], Sequence[int]], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._heights = heights
        self._tops = [0]
        self._anchor: tuple[QPersistentModelIndex, int] | None = None
        self.empty_words = ""
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setViewportMargins(0, 0, 2, 0)
        self.setMouseTracking(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)

    def numbers_in_sight(self) -> range:
        """The rows that can be seen now."""
        self.executeDelayedItemsLayout()
        top = self.verticalOffset()
        return self._numbers_between(top, top + self.viewport().height())

    # layout

    def doItemsLayout(self) -> None:  # noqa: N802
        """Take every row's height anew; what was in sight stays where it was."""
        self._tops = [0, *accumulate(self._heights(self.viewport().width()))]
        self.updateGeometries()
        self._return_to_anchor()
        QAbstractItemView.doItemsLayout(self)
        self.sight_changed.emit()

    def updateGeometries(self) -> None:  # noqa: N802
        """Set the scroll bar to the height of all rows."""
        bar, page = self.verticalScrollBar(), self.viewport().height()
        bar.setRange(0, max(0, self._tops[-1] - page))
        bar.setPageStep(page)
        bar.setSingleStep(_STEP)
        # It keeps its place, so that rows are as wide with it as without.
        bar.setEnabled(bar.maximum() > 0)
        QAbstractItemView.updateGeometries(self)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Rows that wrap have another height at another width."""
        QAbstractItemView.resizeEvent(self, event)
        self.scheduleDelayedItemsLayout()

    def scrollContentsBy(self, dx: int, dy: int) -> None:  # noqa: N802
        """Move what is seen."""
        self.viewport().scroll(dx, dy)
        self.sight_changed.emit()

    def verticalOffset(self) -> int:  # noqa: N802
        """Pixels scrolled."""
        return self.verticalScrollBar().value()

    def horizontalOffset(self) -> int:  # noqa: N802
        """Never sideways."""
        return 0

    def visualRect(self, index: QModelIndex | QPersistentModelIndex) -> QRect:  # noqa: N802
        """Where a row is, from the upper edge of what is seen."""
        self.executeDelayedItemsLayout()
        return self._box(index.row())

    def indexAt(self, point: QPoint) -> QModelIndex:  # noqa: N802
        """The row under a point of what is seen."""
        self.executeDelayedItemsLayout()
        return self._index_at_height(point.y() + self.verticalOffset())

    def scrollTo(  # noqa: N802
        self,
        index: QModelIndex | QPersistentModelIndex,
        hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible,
    ) -> None:
        """Bring a row into sight, by the shortest way or into the middle."""
        self.executeDelayedItemsLayout()
        box, page, bar = self.visualRect(index), self.viewport().height(), self.verticalScrollBar()
        if hint == QAbstractItemView.ScrollHint.PositionAtCenter:
            bar.setValue(bar.value() + box.center().y() - page // 2)
        elif box.top() < 0:
            bar.setValue(bar.value() + box.top())
        elif box.bottom() >= page:
            bar.setValue(bar.value() + box.bottom() + 1 - page)

    # keys

    def moveCursor(  # noqa: N802
        self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier
    ) -> QModelIndex:
        """The row that a key leads to; headings are stepped over."""
        self.executeDelayedItemsLayout()
        number, last = self.currentIndex().row(), self.model().rowCount() - 1
        moves = QAbstractItemView.CursorAction
        starts = {
            moves.MoveUp: (number - 1, -1),
            moves.MovePrevious: (number - 1, -1),
            moves.MoveDown: (number + 1, 1),
            moves.MoveNext: (number + 1, 1),
            moves.MoveHome: (0, 1),
            moves.MoveEnd: (last, -1),
            moves.MovePageUp: (self._number_pages_away(number, -1), 1),
            moves.MovePageDown: (self._number_pages_away(number, 1), -1),
        }
        return self._chosen_near(*starts.get(action, (number, 1)))

    def event(self, event: QEvent) -> bool:
        """Keep letters and paging keys for the list, although the window has commands on them."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            plain = event.modifiers() in (
                Qt.KeyboardModifier.NoModifier,
                Qt.KeyboardModifier.KeypadModifier,
            )
            pages = event.key() in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)
            if plain and (pages or event.text().isalnum()):
                event.accept()
                return True
        return super().event(event)

    # what Qt asks of a view

    def setSelection(  # noqa: N802
        self, rect: QRect, command: QItemSelectionModel.SelectionFlag
    ) -> None:
        """Choose the row that a rectangle begins in."""
        self.selectionModel().select(self.indexAt(rect.topLeft()), command)

    def visualRegionForSelection(self, selection: object) -> QRegion:  # noqa: N802
        """The places of chosen rows."""
        region = QRegion()
        for index in self.selectedIndexes():
            region += self.visualRect(index)
        return region

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paint the rows in sight."""
        self.executeDelayedItemsLayout()
        painter = QPainter(self.viewport())
        try:
            self._paint_rows(painter, event.rect())
        finally:
            # Whoever holds this frame (a profiler, a traceback) must not hold the painter open.
            painter.end()
        self._drop_anchor()

    def _paint_rows(self, painter: QPainter, place: QRect) -> None:
        if self.model().rowCount() == 0:
            self._paint_emptiness(painter)
        option, top = QStyleOptionViewItem(), self.verticalOffset()
        self.initViewItemOption(option)
        plain = option.state & ~(QStyle.StateFlag.State_HasFocus | QStyle.StateFlag.State_MouseOver)
        pointed = self._pointed_number()
        for number in self._numbers_between(top + place.top(), top + place.bottom() + 1):
            index = self.model().index(number, 0)
            option.rect = self._box(number)
            option.state = plain | self._state_of(index, pointed=number == pointed)
            self.itemDelegate().paint(painter, option, index)

    def _state_of(self, index: QModelIndex, *, pointed: bool) -> QStyle.StateFlag:
        state = QStyle.StateFlag.State_None
        if self.selectionModel().isSelected(index):
            state |= QStyle.StateFlag.State_Selected
        if pointed and index.flags() & Qt.ItemFlag.ItemIsSelectable:
            state |= QStyle.StateFlag.State_MouseOver
        if self.hasFocus() and index == self.currentIndex():
            state |= QStyle.StateFlag.State_HasFocus
        return state

    def _paint_emptiness(self, painter: QPainter) -> None:
        if self.hasFocus():
            painter.setPen(colour("blue"))
            painter.drawRect(self.viewport().rect().adjusted(0, 0, -1, -1))
        painter.setFont(ui_font(12))
        painter.setPen(colour("second"))
        room = self.viewport().rect().adjusted(8, 12, -8, 0)
        flags = Qt.AlignmentFlag.AlignTop.value | Qt.TextFlag.TextWordWrap.value
        painter.drawText(room, flags, self.empty_words)

    # rows by height

    def _box(self, number: int) -> QRect:
        if not 0 <= number < len(self._tops) - 1:
            return QRect()
        top, bottom = self._tops[number], self._tops[number + 1]
        return QRect(0, top - self.verticalOffset(), self.viewport().width(), bottom - top)

    def _numbers_between(self, top: int, bottom: int) -> range:
        count = len(self._tops) - 1
        first = max(0, bisect_right(self._tops, top) - 1)
        return range(first, min(count, bisect_left(self._tops, bottom)))

    def _index_at_height(self, height: int) -> QModelIndex:
        number = bisect_right(self._tops, height) - 1
        if not 0 <= height < self._tops[-1]:
            return QModelIndex()
        return self.model().index(number, 0)

    def _chosen_near(self, number: int, step: int) -> QModelIndex:
        """The first row from one on, up or down, that can be chosen; else the row in hand."""
        while 0 <= number < self.model().rowCount():
            index = self.model().index(number, 0)
            if index.flags() & Qt.ItemFlag.ItemIsSelectable:
                return index
            number += step
        return self.currentIndex()

    def _number_pages_away(self, number: int, pages: int) -> int:
        height = self._tops[max(0, number)] + pages * self.viewport().height()
        return self._index_at_height(min(max(0, height), self._tops[-1] - 1)).row()

    def _pointed_number(self) -> int:
        if not self.viewport().underMouse():
            return -1
        return self.indexAt(self.viewport().mapFromGlobal(QCursor.pos())).row()

    def _drop_anchor(self) -> None:
        """Note the row in hand if it is in sight, or else the first in sight, and where it is."""
        index = self.currentIndex()
        if not self.viewport().rect().contains(self.visualRect(index).center()):
            index = self._index_at_height(self.verticalOffset())
        self._anchor = (QPersistentModelIndex(index), self.visualRect(index).top())

    def _return_to_anchor(self) -> None:
        if self._anchor is not None and self._anchor[0].isValid():
            row, top = self._anchor
            self.verticalScrollBar().setValue(self._tops[row.row()] - top)

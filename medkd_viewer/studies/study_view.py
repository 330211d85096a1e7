"""The list of studies under the hand: choosing, folding, closing, copying, menus."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QKeySequence, QMouseEvent
from PySide6.QtWidgets import QAbstractItemView, QWidget

from medkd_viewer.studies.row_painting import FOLD_WIDTH, row_height
from medkd_viewer.studies.row_view import RowView
from medkd_viewer.studies.rows import DocumentRow, Outline, SectionRow, SeriesRow
from medkd_viewer.studies.study_model import StudyListModel


class StudyView(RowView):
    """Says by its signals what a reader does with a row; every signal carries the row.

    Parameters
    ----------
    model : StudyListModel
    outline : Outline
        Tells what is unfolded.
    """

    chosen = Signal(object)
    fold_asked = Signal(object, bool)
    """Unfold (True) or fold a row."""
    close_asked = Signal(object)
    copy_asked = Signal(object)
    menu_asked = Signal(object, QPoint)
    """At a place on the screen."""

    def __init__(
        self, model: StudyListModel, outline: Outline, parent: QWidget | None = None
    ) -> None:
        super().__init__(lambda width: [row_height(row, width) for row in model.rows], parent)
        self._outline = outline
        self._rows = model
        self._folding = False
        self.setModel(model)
        self.setAccessibleName("Studies")
        self.setAccessibleDescription(
            "Right unfolds a study, Enter opens, Delete closes, letters find a patient"
        )
        # A click leaves the keys with the film; Tab and F6 bring them here.
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.clicked.connect(self._choose)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Keys for the row in hand; the others move or search."""
        index = self.currentIndex()
        if not index.isValid():
            super().keyPressEvent(event)
        elif event.matches(QKeySequence.StandardKey.Copy):
            self.copy_asked.emit(self._rows.rows[index.row()])
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._choose(index)
        elif event.key() == Qt.Key.Key_Delete:
            self.close_asked.emit(self._rows.rows[index.row()])
        elif event.key() in (Qt.Key.Key_Right, Qt.Key.Key_Left):
            self._go_sideways(index, inwards=event.key() == Qt.Key.Key_Right)
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """A press on the chevron unfolds and opens nothing."""
        index = self.indexAt(event.position().toPoint())
        left = event.button() == Qt.MouseButton.LeftButton
        self._folding = left and self._is_on_fold(index, event.position().x())
        if self._folding:
            self._fold(index, unfolded=not self._outline.unfolded(self._rows.rows[index.row()]))
        else:
            super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """The second press of two fast ones is a press like the first."""
        self.mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """What began on the chevron chooses no row."""
        if not self._folding:
            super().mouseReleaseEvent(event)
        self._folding = False

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802
        """A menu for the row under the pointer, or for the one in hand when a key asks."""
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        index = self.currentIndex() if by_key else self.indexAt(event.pos())
        if not index.isValid():
            return
        place = self.visualRect(index).center() if by_key else event.pos()
        self.menu_asked.emit(self._rows.rows[index.row()], self.viewport().mapToGlobal(place))

    def _choose(self, index: QModelIndex) -> None:
        row = self._rows.rows[index.row()]
        if isinstance(row, SectionRow):
            self._fold(index, unfolded=not self._outline.unfolded(row))
        else:
            self.chosen.emit(row)

    def _go_sideways(self, index: QModelIndex, *, inwards: bool) -> None:
        row = self._rows.rows[index.row()]
        unfolded = self._outline.unfolded(row)
        if unfolded is not None and unfolded != inwards:
            self._fold(index, unfolded=inwards)
        elif unfolded and inwards:
            self.setCurrentIndex(self._rows.index(index.row() + 1))
        elif isinstance(row, SeriesRow | DocumentRow) and not inwards:
            number = self._rows.number_of(row.study.uid)
            if number is not None:
                self.setCurrentIndex(self._rows.index(number))

    def _fold(self, index: QModelIndex, *, unfolded: bool) -> None:
        row = self._rows.rows[index.row()]
        if self._outline.unfolded(row) is not None:
            self.fold_asked.emit(row, unfolded)

    def _is_on_fold(self, index: QModelIndex, x: float) -> bool:
        if not index.isValid() or x < self.viewport().width() - FOLD_WIDTH:
            return False
        return self._outline.unfolded(self._rows.rows[index.row()]) is not None

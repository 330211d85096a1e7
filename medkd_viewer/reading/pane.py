"""A pane: a film that hears mouse, wheel, keys and drops."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from medkd_viewer.reading.dropped_study import dropped_study
from medkd_viewer.reading.film_view import INVITATION, FilmView
from medkd_viewer.reading.gestures import Gestures
from medkd_viewer.reading.overlay import Overlay
from medkd_viewer.reading.state import ReadingState
from medkd_viewer.reading.viewport import PaneGeometry


class FilmPane(FilmView):
    """Hands what it hears to the overlays first, then to the film.

    Parameters
    ----------
    state : ReadingState
    invitation : str
        What is written while there is no film.
    """

    activated = Signal()
    pointed = Signal()
    """The pointer moves over the pane."""
    maximise_asked = Signal()
    menu_asked = Signal(QPoint)
    """The context menu is wanted at a place of the screen."""
    study_dropped = Signal(object)
    """A `DroppedStudy`."""

    def __init__(
        self,
        state: ReadingState,
        parent: QWidget | None = None,
        *,
        invitation: str = INVITATION,
    ) -> None:
        super().__init__(state, parent, invitation=invitation)
        self._gestures = Gestures(state)
        self._holder: Overlay | None = None
        self._pointer: QPointF | None = None
        for signal in (state.film_changed, state.view_changed):
            signal.connect(self._point_again)
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Start a drag; the pane becomes the one in use."""
        self.activated.emit()
        # Another button that goes down while an overlay holds the left one means nothing.
        if self._holder is None and not self._takes(event):
            self._gestures.press(event.position(), event.buttons())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Drag, or move the cross-hair."""
        self._pointer = event.position()
        self.pointed.emit()
        geometry = self.geometry_now()
        if geometry is None:
            return
        self._let_go_unheard(event)
        if self._holder is not None:
            self._holder.move(event.position(), geometry)
            self._gestures.point_at(event.position(), geometry)
            return
        if not event.buttons():
            self._hover(event.position(), geometry)
        self._gestures.move(event.position(), event.buttons(), geometry)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """End a drag that an overlay has taken; a right click that dragged nothing asks a menu."""
        geometry = self.geometry_now()
        if self._holder is not None:
            if event.button() is Qt.MouseButton.LeftButton:
                if geometry is not None:
                    self._holder.release(event.position(), geometry)
                self._holder = None
            return
        alone = event.button() is Qt.MouseButton.RightButton and not event.buttons()
        if alone and not self._gestures.has_dragged:
            self.menu_asked.emit(event.globalPosition().toPoint())

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802
        """The menu key; a right button is still busy zooming until it is let go."""
        if event.reason() is QContextMenuEvent.Reason.Keyboard:
            self.menu_asked.emit(self.mapToGlobal(self.rect().center()))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Show this pane alone, or all again; an overlay takes it for another press."""
        if self._holder is not None:
            return
        if not self._takes(event) and event.button() is Qt.MouseButton.LeftButton:
            self.maximise_asked.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        """Next image, or zoom at the pointer."""
        geometry, angle = self.geometry_now(), event.angleDelta().y()
        if geometry is not None:
            control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
            self._gestures.wheel(event.position(), angle, geometry, control=control)
        else:
            # An image that cannot be shown does not bar the way to the next.
            self._gestures.step(angle)
        event.accept()

    def event(self, event: QEvent) -> bool:
        """Zoom by two fingers on a touchpad, besides what every widget hears."""
        if isinstance(event, QNativeGestureEvent) and self._pinch(event):
            return True
        return super().event(event)

    def _pinch(self, event: QNativeGestureEvent) -> bool:
        geometry = self.geometry_now()
        zooms = event.gestureType() is Qt.NativeGestureType.ZoomNativeGesture
        if geometry is not None and zooms:
            self._gestures.pinch(event.position(), event.value(), geometry)
        return zooms

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802
        """Take a study of the list; files are left to the window."""
        if dropped_study(event.mimeData()) is None:
            event.ignore()
            return
        self.drop_hovers = True
        self.update()
        event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:  # noqa: N802
        """The study goes elsewhere."""
        self.drop_hovers = False
        self.update()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        """A study of the list was let go here."""
        self.drop_hovers = False
        self.update()
        dropped = dropped_study(event.mimeData())
        if dropped is not None:
            event.acceptProposedAction()
            self.study_dropped.emit(dropped)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Arrows move the film, plus and minus zoom it, Escape gives up what is not finished."""
        if event.key() == Qt.Key.Key_Escape and any(o.abandon() for o in self.overlays):
            return
        geometry = self.geometry_now()
        if geometry is None or not self._gestures.key(event.key(), geometry):
            super().keyPressEvent(event)

    def _let_go_unheard(self, event: QMouseEvent) -> None:
        """A popup may have heard the left button go up in our place."""
        if self._holder is not None and not event.buttons() & Qt.MouseButton.LeftButton:
            self._holder.abandon()
            self._holder = None

    def _takes(self, event: QMouseEvent) -> bool:
        """An overlay takes the left button."""
        geometry = self.geometry_now()
        if geometry is not None and event.button() is Qt.MouseButton.LeftButton:
            place = event.position()
            self._holder = next((o for o in self.overlays if o.press(place, geometry)), None)
        return self._holder is not None

    def _point_again(self) -> None:
        """The film moves under a pointer that rests: another pixel lies there now."""
        geometry = self.geometry_now()
        if self._pointer is not None and geometry is not None:
            self._gestures.point_at(self._pointer, geometry)

    def _hover(self, place: QPointF, geometry: PaneGeometry) -> None:
        shapes = [overlay.hover(place, geometry) for overlay in self.overlays]
        shape = next((shape for shape in shapes if shape is not None), None)
        if shape is None:
            self.unsetCursor()
        else:
            self.setCursor(shape)

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        """The pane that is reached by key becomes the one in use."""
        if event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason):
            self.activated.emit()
        super().focusInEvent(event)

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802
        """Take the cross-hair away."""
        self._pointer = None
        self.state.set_cursor(None)
        super().leaveEvent(event)

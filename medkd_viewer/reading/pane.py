"""A pane that shows the film as it was acquired."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from medkd_core.imaging.display_voi import Voi
from medkd_core.imaging.frame import StoredArray
from medkd_viewer.reading.annotations import Annotations, Area, draw_annotations, longest_bar
from medkd_viewer.reading.corner_texts import corner_texts
from medkd_viewer.reading.dropped_study import dropped_study
from medkd_viewer.reading.gestures import Gestures
from medkd_viewer.reading.heads import HEAD_HEIGHT, Head, draw_head
from medkd_viewer.reading.orientation import edge_letters
from medkd_viewer.reading.overlay import Overlay
from medkd_viewer.reading.painting import draw_cross_hair, film_image
from medkd_viewer.reading.sampling import VisiblePart, visible_part
from medkd_viewer.reading.scale_bar import scale_bar
from medkd_viewer.reading.state import ReadingState
from medkd_viewer.reading.viewport import PaneGeometry
from medkd_viewer.theme import colour, ui_font

INVITATION = "Drop films or folders here, or press Ctrl+O.\nCtrl+D opens the demo studies."
INVITATION_BESIDE = "Drag a study or series here"


class FilmPane(QWidget):
    """Shows the part of the film that the linked viewport names.

    Stored values at the screen's resolution are kept until the viewport or the size changes, so
    that dragging the window only looks brightness up.
    """

    activated = Signal()
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
        super().__init__(parent)
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(96, 96)
        self.setAccessibleName("Film as acquired")
        self.state = state
        self.active = False
        self._explanation = self._invitation = invitation
        self._head: Head | None = None
        self._drop_hovers = False
        self._gestures = Gestures(state)
        self._overlays: list[Overlay] = []
        self._holder: Overlay | None = None
        self._sampled: tuple[object, StoredArray] | None = None
        self._shown: tuple[object, Voi | None, QImage] | None = None
        for signal in (state.film_changed, state.view_changed, state.window_changed):
            signal.connect(self.update)
        state.film_changed.connect(self._forget_trouble)
        state.cursor_moved.connect(self.update)
        state.rate_changed.connect(self.update)
        state.look.changed.connect(self.update)

    # geometry

    def picture_area(self) -> Area:
        """Left, top, width and height that the film may cover: what a head leaves."""
        top = 1.0 + (HEAD_HEIGHT if self.has_head else 0)
        return 1.0, top, max(1.0, self.width() - 2.0), max(1.0, self.height() - top - 1.0)

    @property
    def has_head(self) -> bool:
        """A bar over the film says what it is."""
        return self._head is not None

    def set_head(self, head: Head | None) -> None:
        """Say over the film which examination it is; None for a film that lies alone."""
        if head != self._head:
            self._head = head
            self.setAccessibleDescription(head.text if head else "")
            self.update()

    def geometry_now(self) -> PaneGeometry | None:
        """The way from film to pane, or None without a film."""
        if self.state.film is None:
            return None
        film = self.state.film
        return PaneGeometry(self.state.viewport, film.size, self.picture_area(), film.aspect)

    def show_one_to_one(self) -> None:
        """Give each pixel of the film one of the screen."""
        geometry = self.geometry_now()
        if geometry is not None:
            left, top, width, height = geometry.area
            factor = 1 / (geometry.scale * self.devicePixelRatioF())
            middle = (left + width / 2, top + height / 2)
            self.state.set_viewport(geometry.zoomed(factor, *middle))

    def explain(self, why: str) -> None:
        """Say why there is no film; seen only while there is none."""
        self._explanation = why
        self.update()

    def add_overlay(self, overlay: Overlay) -> None:
        """Draw something over the film and ask it first when the left button goes down."""
        self._overlays.append(overlay)
        overlay.changed.connect(self.update)
        self.update()

    def set_active(self, active: bool) -> None:
        """Give the pane the blue frame of the one in use."""
        self.active = active
        self.update()

    # painting

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Film, then what lies over it, then the frame."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), colour("black"))
        geometry = self.geometry_now()
        if geometry is not None:
            part = visible_part(geometry, self.devicePixelRatioF())
            if not part.is_empty:
                self._draw_film(painter, part)
                self.draw_over_film(painter, geometry, part)
            for overlay in self._overlays:
                overlay.paint(painter, geometry)
            self._draw_cursor(painter, geometry)
            self.draw_texts(painter, geometry)
        else:
            self.draw_invitation(painter)
        self._draw_frame(painter)
        painter.end()

    def draw_over_film(self, painter: QPainter, geometry: PaneGeometry, part: VisiblePart) -> None:
        """Nothing: this is the film as it was acquired."""

    def draw_texts(self, painter: QPainter, geometry: PaneGeometry) -> None:
        """Corner texts, letters of the patient's sides, scale bar, and the head if there is one."""
        if self._head is not None:
            draw_head(painter, self._head, self.width())
        film, look = self.state.film, self.state.look
        if film is None or not look.texts_visible:
            return
        area = self.picture_area()
        texts = corner_texts(
            film,
            self.state.voi,
            geometry.scale * self.devicePixelRatioF(),
            patient_hidden=look.patient_hidden,
            rate=self.state.rate,
        )
        bar = scale_bar(film.frame.spacing, geometry, longest_bar(area))
        letters = edge_letters(film, self.state.viewport)
        draw_annotations(painter, area, Annotations(texts, letters, bar))

    def draw_invitation(self, painter: QPainter) -> None:
        """Why no film is open, or what to do about it."""
        painter.setFont(ui_font(13))
        painter.setPen(colour("second"))
        room = self.rect().adjusted(22, 22, -22, -22)
        flags = Qt.AlignmentFlag.AlignCenter.value | Qt.TextFlag.TextWordWrap.value
        painter.drawText(room, flags, self._explanation)

    def frame_colour(self) -> str:
        """Of a pane that is not in use."""
        return "line"

    def _draw_film(self, painter: QPainter, part: VisiblePart) -> None:
        film, state = self.state.film, self.state
        assert film is not None
        if self._sampled is None or self._sampled[0] != (film, part):
            self._sampled = ((film, part), film.stored_part(part))
        look = (film, part, state.inverted)
        # The window by identity: tables hold arrays, which cannot be compared with ==.
        if self._shown is None or self._shown[0] != look or self._shown[1] is not state.voi:
            pixels = film.brightness(self._sampled[1], state.voi, inverted=state.inverted)
            self._shown = (look, state.voi, film_image(pixels, self.devicePixelRatioF()))
        ratio = self.devicePixelRatioF()
        painter.drawImage(QPointF(part.left / ratio, part.top / ratio), self._shown[2])

    def _draw_cursor(self, painter: QPainter, geometry: PaneGeometry) -> None:
        if self.state.cursor is not None:
            x, y = geometry.to_pane(*self.state.cursor)
            left, top, width, height = self.picture_area()
            painter.save()
            painter.setClipRect(QRectF(left, top, width, height))
            draw_cross_hair(painter, x, y)
            painter.restore()

    def _draw_frame(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        frame = colour("blue" if self.active else self.frame_colour())
        if self.active and not self.hasFocus():
            # Still the pane that commands act on, while keys go elsewhere.
            frame.setAlphaF(0.6)
        painter.setPen(QPen(frame, 1))
        painter.drawRect(QRectF(self.rect()).adjusted(0, 0, -1, -1))
        if self._drop_hovers:
            painter.setPen(QPen(colour("blue"), 2, Qt.PenStyle.DashLine))
            painter.drawRect(QRectF(self.rect()).adjusted(4, 4, -5, -5))

    def _forget_trouble(self) -> None:
        self._explanation = self._invitation

    # hands

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Start a drag; the pane becomes the one in use."""
        self.activated.emit()
        if not self._is_taken(event):
            self._gestures.press(event.position(), event.buttons())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Drag, or move the cross-hair."""
        geometry = self.geometry_now()
        if geometry is None:
            return
        if self._holder is not None:
            self._holder.move(event.position(), geometry)
            return
        if not event.buttons():
            self._hover(event.position(), geometry)
        self._gestures.move(event.position(), event.buttons(), geometry)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """End a drag that an overlay has taken; a right click that dragged nothing asks a menu."""
        geometry = self.geometry_now()
        if event.button() is Qt.MouseButton.LeftButton and self._holder is not None:
            if geometry is not None:
                self._holder.release(event.position(), geometry)
            self._holder = None
        if event.button() is Qt.MouseButton.RightButton and not self._gestures.has_dragged:
            self.menu_asked.emit(event.globalPosition().toPoint())

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802
        """The menu key; a right button is still busy zooming until it is let go."""
        if event.reason() is QContextMenuEvent.Reason.Keyboard:
            self.menu_asked.emit(self.mapToGlobal(self.rect().center()))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Show this pane alone, or all again; an overlay takes it for another press."""
        if not self._is_taken(event) and event.button() is Qt.MouseButton.LeftButton:
            self.maximise_asked.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        """Next image, or zoom at the pointer."""
        geometry = self.geometry_now()
        if geometry is not None:
            control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
            angle = event.angleDelta().y()
            self._gestures.wheel(event.position(), angle, geometry, control=control)
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
        self._drop_hovers = True
        self.update()
        event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:  # noqa: N802
        """The study goes elsewhere."""
        self._drop_hovers = False
        self.update()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        """A study of the list was let go here."""
        self._drop_hovers = False
        self.update()
        dropped = dropped_study(event.mimeData())
        if dropped is not None:
            event.acceptProposedAction()
            self.study_dropped.emit(dropped)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Arrows move the film, plus and minus zoom it, Escape gives up what is not finished."""
        if event.key() == Qt.Key.Key_Escape and any(o.abandon() for o in self._overlays):
            return
        geometry = self.geometry_now()
        if geometry is None or not self._gestures.key(event.key(), geometry):
            super().keyPressEvent(event)

    def _is_taken(self, event: QMouseEvent) -> bool:
        """An overlay holds the left button, or takes it now."""
        geometry = self.geometry_now()
        if geometry is not None and event.button() is Qt.MouseButton.LeftButton:
            place = event.position()
            self._holder = next((o for o in self._overlays if o.press(place, geometry)), None)
        return self._holder is not None

    def _hover(self, place: QPointF, geometry: PaneGeometry) -> None:
        shapes = [overlay.hover(place, geometry) for overlay in self._overlays]
        shape = next((shape for shape in shapes if shape is not None), None)
        if shape is None:
            self.unsetCursor()
        else:
            self.setCursor(shape)

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802
        """Take the cross-hair away."""
        self.state.set_cursor(None)
        super().leaveEvent(event)

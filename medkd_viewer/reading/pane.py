"""A pane that shows the film as it was acquired."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from medkd_core.imaging.frame import StoredArray
from medkd_viewer.reading.corner_texts import CornerTexts, Lines, corner_texts
from medkd_viewer.reading.film import Voi
from medkd_viewer.reading.gestures import Gestures
from medkd_viewer.reading.orientation import EdgeLetters, edge_letters
from medkd_viewer.reading.overlay import Overlay
from medkd_viewer.reading.painting import draw_cross_hair, draw_edged_text, film_image
from medkd_viewer.reading.sampling import VisiblePart, visible_part
from medkd_viewer.reading.state import ReadingState
from medkd_viewer.reading.viewport import PaneGeometry
from medkd_viewer.theme import colour, ui_font

_MARGIN = 10
_LINE_HEIGHT = 17
_WIDTH_FOR_ALL_TEXTS = 360

_INVITATION = "Drop films or folders here, or press Ctrl+O.\nCtrl+D opens the demo studies."

_TOP_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop
_TOP_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop


class FilmPane(QWidget):
    """Shows the part of the film that the linked viewport names.

    Stored values at the screen's resolution are kept until the viewport or the size changes, so
    that dragging the window only looks brightness up.
    """

    activated = Signal()
    maximise_asked = Signal()

    def __init__(self, state: ReadingState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(96, 96)
        self.setAccessibleName("Film as acquired")
        self.state = state
        self.active = False
        self._explanation = _INVITATION
        self._gestures = Gestures(state)
        self._overlays: list[Overlay] = []
        self._holder: Overlay | None = None
        self._sampled: tuple[object, StoredArray] | None = None
        self._shown: tuple[object, Voi | None, QImage] | None = None
        for signal in (state.film_changed, state.view_changed, state.window_changed):
            signal.connect(self.update)
        state.cursor_moved.connect(self.update)
        state.look.changed.connect(self.update)

    # geometry

    def picture_area(self) -> tuple[float, float, float, float]:
        """Left, top, width and height that the film may cover."""
        return 1.0, 1.0, max(1.0, self.width() - 2.0), max(1.0, self.height() - 2.0)

    def geometry_now(self) -> PaneGeometry | None:
        """The way from film to pane, or None without a film."""
        if self.state.film is None:
            return None
        return PaneGeometry(self.state.viewport, self.state.film.size, self.picture_area())

    def explain(self, why: str) -> None:
        """Say why there is no film; seen only while there is none."""
        self._explanation = why
        self.update()

    def add_overlay(self, overlay: Overlay) -> None:
        """Draw something over the film and ask it first when the left button goes down."""
        self._overlays.append(overlay)
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
        """The corner texts and the letters of the patient's sides."""
        film = self.state.film
        if film is None or not self.state.look.texts_visible:
            return
        self._draw_sides(painter, edge_letters(film, self.state.viewport))
        ratio = self.devicePixelRatioF()
        texts = corner_texts(film, self.state.voi, geometry.scale * ratio)
        if self.width() < _WIDTH_FOR_ALL_TEXTS:
            # Whose film this is stays in sight; the rest would run into each other.
            texts = CornerTexts(texts.top_left, (), (), ())
        self._draw_corners(painter, texts)

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

    def _draw_sides(self, painter: QPainter, letters: EdgeLetters) -> None:
        left, top, width, height = self.picture_area()
        painter.setFont(ui_font(13, bold=True))
        middle = QRectF(left + _MARGIN, top + height / 2 - 10, width - 2 * _MARGIN, 20)
        draw_edged_text(painter, middle, _TOP_LEFT.value, letters.left)
        draw_edged_text(painter, middle, _TOP_RIGHT.value, letters.right)

    def _draw_corners(self, painter: QPainter, texts: CornerTexts) -> None:
        left, top, width, height = self.picture_area()
        painter.setFont(ui_font(12))
        inner = QRectF(left + _MARGIN, top + 7, width - 2 * _MARGIN, height - 14)
        _draw_lines(painter, inner, inner.top(), _TOP_LEFT, texts.top_left)
        _draw_lines(painter, inner, inner.top(), _TOP_RIGHT, texts.top_right)
        for flags, lines in ((_TOP_LEFT, texts.bottom_left), (_TOP_RIGHT, texts.bottom_right)):
            _draw_lines(painter, inner, inner.bottom() - len(lines) * _LINE_HEIGHT, flags, lines)

    def _draw_frame(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour("blue" if self.active else self.frame_colour()), 1))
        painter.drawRect(QRectF(self.rect()).adjusted(0, 0, -1, -1))

    # hands

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Start a drag; the pane becomes the one in use."""
        self.activated.emit()
        geometry = self.geometry_now()
        if geometry is not None and event.button() is Qt.MouseButton.LeftButton:
            place = event.position()
            self._holder = next((o for o in self._overlays if o.press(place, geometry)), None)
        if self._holder is None:
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
            for overlay in self._overlays:
                overlay.hover(event.position(), geometry)
        self._gestures.move(event.position(), event.buttons(), geometry)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """End a drag that an overlay has taken."""
        geometry = self.geometry_now()
        if event.button() is Qt.MouseButton.LeftButton and self._holder is not None:
            if geometry is not None:
                self._holder.release(event.position(), geometry)
            self._holder = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Show this pane alone, or all again."""
        if event.button() is Qt.MouseButton.LeftButton:
            self.maximise_asked.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        """Next image, or zoom at the pointer."""
        geometry = self.geometry_now()
        if geometry is not None:
            control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
            angle = event.angleDelta().y()
            self._gestures.wheel(event.position(), angle, geometry, control=control)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Arrows move the film, plus and minus zoom it."""
        geometry = self.geometry_now()
        if geometry is None or not self._gestures.key(event.key(), geometry):
            super().keyPressEvent(event)

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802
        """Take the cross-hair away."""
        self.state.set_cursor(None)
        super().leaveEvent(event)


def _draw_lines(
    painter: QPainter, inner: QRectF, top: float, flags: Qt.AlignmentFlag, lines: Lines
) -> None:
    for number, line in enumerate(lines):
        place = QRectF(inner.left(), top + number * _LINE_HEIGHT, inner.width(), _LINE_HEIGHT)
        draw_edged_text(painter, place, flags.value, line)

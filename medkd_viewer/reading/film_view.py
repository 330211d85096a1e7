"""Paints a film as it was acquired, with what is written around it."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from medkd_core.imaging.display.voi import Voi
from medkd_core.imaging.frame import StoredArray
from medkd_viewer.reading.annotations import (
    Annotations,
    Area,
    Page,
    draw_page,
    longest_bar,
    written,
)
from medkd_viewer.reading.corner_texts import corner_texts
from medkd_viewer.reading.heads import HEAD_HEIGHT, Head, draw_head
from medkd_viewer.reading.orientation import edge_letters
from medkd_viewer.reading.overlay import Overlay, Says
from medkd_viewer.reading.painting import cross_hair_bounds, draw_cross_hair, film_image
from medkd_viewer.reading.sampling import VisiblePart, visible_part
from medkd_viewer.reading.scale_bar import scale_bar
from medkd_viewer.reading.state import ReadingState
from medkd_viewer.reading.viewport import PaneGeometry
from medkd_viewer.said import Said, shown
from medkd_viewer.theme import colour, ui_font

INVITATION = "Drop films or folders here, or press Ctrl+O.\nCtrl+D opens the demo studies."
OPENING = "Opening the study"
INVITATION_BESIDE = "Drag a study or series here"


class FilmView(QWidget):
    """Shows the part of the film that the linked viewport names.

    Stored values at the screen's resolution are kept until the viewport or the size changes, so
    that dragging the window only looks brightness up.
    """

    def __init__(
        self,
        state: ReadingState,
        parent: QWidget | None = None,
        *,
        invitation: str = INVITATION,
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(96, 96)
        self.setAccessibleName("Film as acquired")
        self.state = state
        self.active = False
        self._explanation: Said = invitation
        self._invitation = invitation
        self._head: Head | None = None
        self.drop_hovers = False
        self.overlays: list[Overlay] = []
        self._sampled: tuple[object, StoredArray] | None = None
        self._shown: tuple[object, Voi | None, QImage] | None = None
        self._cross = QRect()
        for signal in (state.film_changed, state.view_changed, state.window_changed):
            signal.connect(self.update)
        state.film_changed.connect(self._forget_trouble)
        state.cursor_moved.connect(self._move_cross)
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
            self.setAccessibleDescription(head.spoken if head else "")
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

    @property
    def explanation(self) -> str:
        """What is written where no film is."""
        return shown(self._explanation, patient_hidden=self.state.look.patient_hidden)

    def explain(self, why: Said) -> None:
        """Say why there is no film; seen only while there is none."""
        self._explanation = why
        self.update()

    def add_overlay(self, overlay: Overlay) -> None:
        """Draw something over the film and ask it first when the left button goes down."""
        self.overlays.append(overlay)
        overlay.changed.connect(self.update)
        self.update()

    @property
    def overlays_say(self) -> Says:
        """Everything: nothing else is to be seen here but the film."""
        return Says.ALL

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
            for overlay in self.overlays:
                taken = self.page(geometry).boxes()
                overlay.paint(painter, geometry, taken, self.overlays_say)
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
        draw_page(painter, self.page(geometry))

    def page(self, geometry: PaneGeometry) -> Page:
        """What is written around the film."""
        film, look = self.state.film, self.state.look
        if film is None or not look.texts_visible:
            return Page()
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
        left, _, right, _ = geometry.film_bounds()
        return written(area, Annotations(texts, letters, bar, (left, right)))

    def draw_invitation(self, painter: QPainter) -> None:
        """Why no film is open, or what to do about it."""
        painter.setFont(ui_font(13))
        painter.setPen(colour("second"))
        room = self.rect().adjusted(22, 22, -22, -22)
        flags = Qt.AlignmentFlag.AlignCenter.value | Qt.TextFlag.TextWordWrap.value
        painter.drawText(room, flags, self.explanation)

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

    def _move_cross(self) -> None:
        """Paint anew where the cross-hair was and where it goes, and nothing else."""
        geometry, cursor = self.geometry_now(), self.state.cursor
        self.update(self._cross)
        if geometry is not None and cursor is not None:
            self.update(cross_hair_bounds(*geometry.to_pane(*cursor)))

    def _draw_cursor(self, painter: QPainter, geometry: PaneGeometry) -> None:
        self._cross = QRect()
        if self.state.cursor is not None:
            x, y = geometry.to_pane(*self.state.cursor)
            self._cross = cross_hair_bounds(x, y)
            left, top, width, height = self.picture_area()
            painter.save()
            painter.setClipRect(QRectF(left, top, width, height))
            draw_cross_hair(painter, x, y)
            painter.restore()

    def _draw_frame(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        frame = QColor(colour("blue" if self.active else self.frame_colour()))
        if self.active and not self.hasFocus():
            # Still the pane that commands act on, while keys go elsewhere.
            frame.setAlphaF(0.6)
        painter.setPen(QPen(frame, 1))
        painter.drawRect(QRectF(self.rect()).adjusted(0, 0, -1, -1))
        if self.drop_hovers:
            painter.setPen(QPen(colour("blue"), 2, Qt.PenStyle.DashLine))
            painter.drawRect(QRectF(self.rect()).adjusted(4, 4, -5, -5))

    def _forget_trouble(self) -> None:
        self._explanation = self._invitation

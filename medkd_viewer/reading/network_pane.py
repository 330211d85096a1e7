"""A pane that shows what one network looked at: its map laid over the film."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QWidget

from medkd_core.explanation.colours import colour_table
from medkd_viewer.findings.results import MapStatus, NetworkMap, NetworkView
from medkd_viewer.reading.annotations import Page, Written, draw_page
from medkd_viewer.reading.heads import HEAD_HEIGHT
from medkd_viewer.reading.map_layer import (
    FloatArray,
    contour_levels,
    contours,
    filled,
)
from medkd_viewer.reading.overlay import Says
from medkd_viewer.reading.painting import (
    draw_colour_scale,
    map_image,
)
from medkd_viewer.reading.pane import FilmPane
from medkd_viewer.reading.sampling import Sampler, VisiblePart
from medkd_viewer.reading.state import ReadingState
from medkd_viewer.reading.viewport import PaneGeometry
from medkd_viewer.theme import colour, ui_font

_PROGRESS_HEIGHT = 3
_SCALE_WIDTHS = (84, 132)
"""The least and the most that the colour scale takes of the head."""
_NAME_WIDTH = 160
_PROBABILITY_WIDTH = 50
_VCENTER = Qt.AlignmentFlag.AlignVCenter

_STATUS_WORDS = {
    MapStatus.WAITING: "waiting",
    MapStatus.EMPTY: "no map for this class",
    MapStatus.FAILED: "failed",
    MapStatus.STOPPED: "stopped: the network process has ended",
}


class NetworkPane(FilmPane):
    """The film with one network's map, marked as what a machine says.

    Parameters
    ----------
    state : ReadingState
    view : NetworkView
    """

    def __init__(
        self, state: ReadingState, view: NetworkView, parent: QWidget | None = None
    ) -> None:
        super().__init__(state, parent)
        self.view = view
        self._map_sampler: tuple[NetworkMap, Sampler] | None = None
        self._map_part: tuple[object, FloatArray] | None = None
        self._map_drawn: tuple[object, QImage] | None = None
        self.show_view(view)

    def show_view(self, view: NetworkView) -> None:
        """Show another state of the network's answer."""
        self.view = view
        self.setAccessibleName(f"AI map of {view.label}")
        self.setAccessibleDescription(self.status_text())
        self.update()

    def status_text(self) -> str:
        """Why there is no map, none that is exact, or against what it is; else empty."""
        if self.view.status is MapStatus.RUNNING and self.view.map is not None:
            return "preview, being refined"
        text = _STATUS_WORDS.get(self.view.status, "")
        return ": ".join(filter(None, (text, self.view.message)))

    def map_value(self, column: float, row: float) -> float | None:
        """The map's value at a place of the film."""
        sampler = self._sampler_now()
        value = None if sampler is None else sampler.value(column, row)
        return None if value is None else float(value)

    @property
    def has_head(self) -> bool:
        """The head bar is always there: it says that a machine speaks."""
        return True

    @property
    def overlays_say(self) -> Says:
        """Little: the pane is there for the map."""
        return Says.IN_HAND if self.active else Says.NOTHING

    def frame_colour(self) -> str:
        """Violet: what a machine says looks different from what was acquired."""
        return "violet_line"

    def draw_over_film(self, painter: QPainter, geometry: PaneGeometry, part: VisiblePart) -> None:
        """The map, in the window's style."""
        style, sampler = self.state.look.style, self._sampler_now()
        if sampler is None or not style.visible:
            return
        if self._map_part is None or self._map_part[0] != (sampler, part):
            values = sampler.sample(part).astype("f4", copy=False)
            self._map_part = ((sampler, part), values)
        ratio = self.devicePixelRatioF()
        origin = QPointF(part.left / ratio, part.top / ratio)
        if style.drawing == "contours":
            self._draw_contours(painter, origin, ratio)
            return
        look = (sampler, part, style)
        if self._map_drawn is None or self._map_drawn[0] != look:
            self._map_drawn = (look, map_image(filled(self._map_part[1], style), ratio))
        painter.drawImage(origin, self._map_drawn[1])

    def draw_invitation(self, painter: QPainter) -> None:
        """Only whose pane this is: the film's pane invites."""
        self._draw_head(painter)

    def draw_texts(self, painter: QPainter, geometry: PaneGeometry) -> None:
        """Head bar with the colour scale, what is missing, and progress."""
        self._draw_head(painter)
        draw_page(painter, self.page(geometry))
        self._draw_progress(painter)

    def page(self, geometry: PaneGeometry) -> Page:
        """What is missing, at the lower edge."""
        left, top, width, height = self.picture_area()
        place = QRectF(left + 10, top, width - 20, height - 12)
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom
        status = Written(place, flags.value | Qt.TextFlag.TextWordWrap.value, self.status_text())
        return Page((status,))

    def _sampler_now(self) -> Sampler | None:
        found, film = self.view.map, self.state.film
        if found is None or film is None or found.empty:
            return None
        if self._map_sampler is None or self._map_sampler[0] is not found:
            self._map_sampler = (found, Sampler(found.overlay, film.size))
        return self._map_sampler[1]

    def _draw_contours(self, painter: QPainter, origin: QPointF, ratio: float) -> None:
        assert self._map_part is not None
        style = self.state.look.style
        table = colour_table(style.colours)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for level in contour_levels(style):
            red, green, blue = (int(c) for c in table[round(level * 255)])
            path = QPainterPath()
            for outline in contours(self._map_part[1], level):
                _add_outline(path, (outline + 0.5) / ratio)
            path.translate(origin)
            shade = colour("black").toRgb()
            for pen_colour, width in ((shade, 3.0), (shade.fromRgb(red, green, blue), 1.5)):
                pen_colour.setAlphaF(min(1.0, style.opacity + 0.35))
                painter.setPen(QPen(pen_colour, width))
                painter.drawPath(path)

    def _draw_head(self, painter: QPainter) -> None:
        head = QRectF(1, 1, self.width() - 2, HEAD_HEIGHT)
        painter.fillRect(head, colour("violet_dark"))
        tag = QRectF(9, 7, 20, 14)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour("violet"))
        painter.drawRoundedRect(tag, 3, 3)
        tag_font = ui_font(10, bold=True)
        tag_font.setItalic(True)
        painter.setFont(tag_font)
        painter.setPen(colour("violet_dark"))
        painter.drawText(tag, Qt.AlignmentFlag.AlignCenter, "AI")
        self._draw_head_texts(painter, head)
        if width := self._scale_width():
            # In the head, where it covers no side marker of the film.
            left = head.right() - _PROBABILITY_WIDTH - width
            place = QRectF(left, head.top(), width, HEAD_HEIGHT)
            draw_colour_scale(painter, place, self.state.look.style.colours)

    def _scale_width(self) -> int:
        """How wide the colour scale is; 0 where there is no map or no room."""
        has_map = self._sampler_now() is not None and self.state.look.style.visible
        least, most = _SCALE_WIDTHS
        width = min(most, self.width() - _NAME_WIDTH - _PROBABILITY_WIDTH)
        return width if self.view.is_student and has_map and width >= least else 0

    def _draw_head_texts(self, painter: QPainter, head: QRectF) -> None:
        painter.setFont(ui_font(12))
        painter.setPen(colour("violet_text"))
        probability = self.view.probability
        text = "" if probability is None else f"{probability:.2f}"
        right = head.adjusted(0, 0, -10, 0)
        painter.drawText(right, (Qt.AlignmentFlag.AlignRight | _VCENTER).value, text)
        painter.setFont(ui_font(12, bold=True))
        painter.setPen(colour("text"))
        name = f"Student · {self.view.label}" if self.view.is_student else self.view.label
        room = head.adjusted(37, 0, -_PROBABILITY_WIDTH - self._scale_width(), 0)
        metrics = painter.fontMetrics()
        if metrics.horizontalAdvance(name) > room.width():
            name = self.view.label
        shown = metrics.elidedText(name, Qt.TextElideMode.ElideRight, int(room.width()))
        painter.drawText(room, (Qt.AlignmentFlag.AlignLeft | _VCENTER).value, shown)

    def _draw_progress(self, painter: QPainter) -> None:
        if self.view.status is not MapStatus.RUNNING:
            return
        line = QRectF(1, self.height() - 1 - _PROGRESS_HEIGHT, self.width() - 2, _PROGRESS_HEIGHT)
        painter.fillRect(line, colour("violet_dark"))
        share = self.view.done / self.view.total if self.view.total else 0.02
        line.setWidth(line.width() * min(1.0, share))
        painter.fillRect(line, colour("violet"))


def _add_outline(path: QPainterPath, points: FloatArray) -> None:
    path.moveTo(*map(float, points[0]))
    for x, y in points[1:]:
        path.lineTo(float(x), float(y))
    path.closeSubpath()

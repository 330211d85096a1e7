"""What mouse, wheel and arrows do to the film, as on every reading station."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt

from medkd_viewer.reading.look import Tool
from medkd_viewer.reading.state import ReadingState
from medkd_viewer.reading.viewport import PaneGeometry

_WHEEL_NOTCH = 120
_ZOOM_A_NOTCH = 1.15
_ZOOM_A_PIXEL = 1.006
_ARROW_STEP = 40.0
_CLICK = 4.0
"""Pixels within which a press and a release are a click."""

_ARROWS = {
    Qt.Key.Key_Left: (_ARROW_STEP, 0.0),
    Qt.Key.Key_Right: (-_ARROW_STEP, 0.0),
    Qt.Key.Key_Up: (0.0, _ARROW_STEP),
    Qt.Key.Key_Down: (0.0, -_ARROW_STEP),
}
_ZOOM_KEYS = {
    Qt.Key.Key_Plus: _ZOOM_A_NOTCH,
    Qt.Key.Key_Equal: _ZOOM_A_NOTCH,
    Qt.Key.Key_Minus: 1 / _ZOOM_A_NOTCH,
}


class Gestures:
    """Left drag: the chosen tool; middle: pan; right: zoom; wheel: next image or zoom."""

    def __init__(self, state: ReadingState) -> None:
        self._state = state
        self._last = QPointF()
        self._pressed = QPointF()
        self._turned = 0
        self.has_dragged = False
        """The pointer has left the place where a button went down."""

    def press(self, place: QPointF, buttons: Qt.MouseButton) -> None:
        """Remember where a drag starts."""
        self._last = self._pressed = place
        self.has_dragged = False

    def move(self, place: QPointF, buttons: Qt.MouseButton, geometry: PaneGeometry) -> None:
        """Carry out a drag, or move the cross-hair when no button is down."""
        tool = self._tool_of(buttons)
        if tool is None:
            self.point_at(place, geometry)
            return
        if not self._is_drag(place, buttons):
            return
        dx, dy = place.x() - self._last.x(), place.y() - self._last.y()
        self._last = place
        if tool is Tool.WINDOW:
            self._state.drag_window(dx, dy)
        elif tool is Tool.PAN:
            self._state.set_viewport(geometry.panned(dx, dy))
        else:
            factor = _ZOOM_A_PIXEL ** (-dy)
            self._state.set_viewport(geometry.zoomed(factor, self._pressed.x(), self._pressed.y()))

    def point_at(self, place: QPointF, geometry: PaneGeometry) -> None:
        """Move the cross-hair to a place of the pane, or take it away beside the film."""
        column, row = geometry.to_film(place.x(), place.y())
        columns, rows = geometry.film
        inside = 0 <= column < columns and 0 <= row < rows
        self._state.set_cursor((column, row) if inside else None)

    def wheel(self, place: QPointF, angle: int, geometry: PaneGeometry, *, control: bool) -> None:
        """Next image of several, else (or with Ctrl) zoom at the pointer.

        Parameters
        ----------
        angle : int
            Eighths of a degree; upwards is positive.
        """
        film = self._state.film
        zooms = control or self._state.look.wheel_zooms
        if film is not None and film.position[1] > 1 and not zooms:
            self.step(angle)
            return
        factor = _ZOOM_A_NOTCH ** (angle / _WHEEL_NOTCH)
        self._state.set_viewport(geometry.zoomed(factor, place.x(), place.y()))

    def step(self, angle: int) -> None:
        """Go on by as many images as the wheel was turned by notches."""
        # Fine wheels and touchpads tell a notch in many small parts.
        if angle * self._turned < 0:
            self._turned = 0
        self._turned += angle
        notches = int(self._turned / _WHEEL_NOTCH)
        if notches:
            self._turned -= notches * _WHEEL_NOTCH
            self._state.step_asked.emit(-notches)

    def pinch(self, place: QPointF, spread: float, geometry: PaneGeometry) -> None:
        """Zoom where two fingers were spread by a share of their distance."""
        self._state.set_viewport(geometry.zoomed(max(1 + spread, 0.1), place.x(), place.y()))

    def key(self, key: int, geometry: PaneGeometry) -> bool:
        """Move or zoom by a key; False when the key means nothing here."""
        if key in _ARROWS:
            self._state.set_viewport(geometry.panned(*_ARROWS[Qt.Key(key)]))
            return True
        if key in _ZOOM_KEYS:
            left, top, width, height = geometry.area
            middle = (left + width / 2, top + height / 2)
            self._state.set_viewport(geometry.zoomed(_ZOOM_KEYS[Qt.Key(key)], *middle))
            return True
        return False

    def _is_drag(self, place: QPointF, buttons: Qt.MouseButton) -> bool:
        # A hand that trembles while it asks for the menu zooms nothing.
        if not self.has_dragged:
            way = place - self._pressed
            tolerance = _CLICK if buttons & Qt.MouseButton.RightButton else 0.0
            self.has_dragged = abs(way.x()) + abs(way.y()) > tolerance
        return self.has_dragged

    def _tool_of(self, buttons: Qt.MouseButton) -> Tool | None:
        if buttons & Qt.MouseButton.LeftButton:
            tool = self._state.look.tool
            return None if tool.measures else tool
        if buttons & Qt.MouseButton.MiddleButton:
            return Tool.PAN
        if buttons & Qt.MouseButton.RightButton:
            return Tool.ZOOM
        return None

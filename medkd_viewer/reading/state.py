"""One film being read: its window, viewport and cross-hair."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from medkd_core.imaging.frame import Window
from medkd_viewer.reading.film import Film, Voi, as_window, dragged_window
from medkd_viewer.reading.look import Look
from medkd_viewer.reading.viewport import Point, Viewport, whole_film


class ReadingState(QObject):
    """The one truth that every pane of a film shows; widgets change it and are told by signals.

    Parameters
    ----------
    look : Look
        What this film shares with all others on the desk.
    """

    film_changed = Signal()
    view_changed = Signal()
    window_changed = Signal()
    cursor_moved = Signal()
    step_asked = Signal(int)
    """Go to the next (1) or previous (-1) image."""

    def __init__(self, look: Look, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.film: Film | None = None
        self.viewport = Viewport((0.0, 0.0))
        self.voi: Voi | None = None
        self.inverted = False
        self.cursor: Point | None = None
        self.look = look

    def show_film(self, film: Film | None) -> None:
        """Put a film on every pane, whole and as its file asks to be windowed."""
        self.film = film
        self.set_cursor(None)
        if film is not None:
            self.viewport = whole_film(*film.size)
            self.voi = film.first_voi
        self.inverted = False
        self.film_changed.emit()

    def set_viewport(self, viewport: Viewport) -> None:
        """Show another part of the film."""
        if viewport != self.viewport:
            self.viewport = viewport
            self.view_changed.emit()

    def fit(self) -> None:
        """Show the film whole; turns and mirrors stay."""
        if self.film is not None:
            columns, rows = self.film.size
            self.set_viewport(replace(self.viewport, center=(columns / 2, rows / 2), zoom=1.0))

    def reset(self) -> None:
        """Show the film as it was opened."""
        if self.film is not None:
            self.voi = self.film.first_voi
            self.inverted = False
            self.viewport = whole_film(*self.film.size)
            self.view_changed.emit()
            self.window_changed.emit()

    def set_voi(self, voi: Voi) -> None:
        """Show the film through another window or table."""
        self.voi = voi
        self.window_changed.emit()

    def next_window(self) -> None:
        """Go to the next window or table that can be chosen, from the last to the first."""
        if self.film is None or not self.film.windows:
            return
        choices = [voi for _, voi in self.film.windows]
        # By identity: tables hold arrays, which cannot be compared with ==.
        at = next((i for i, voi in enumerate(choices) if voi is self.voi), -1)
        self.set_voi(choices[(at + 1) % len(choices)])

    def drag_window(self, dx: float, dy: float) -> None:
        """Widen and move the window by a drag in pixels."""
        if self.film is not None:
            downwards = dy if self.look.brighter_upwards else -dy
            self.set_voi(dragged_window(self.voi, dx, downwards, self._span()))

    def invert(self) -> None:
        """Exchange black and white."""
        self.inverted = not self.inverted
        self.window_changed.emit()

    def set_cursor(self, place: Point | None) -> None:
        """Move the cross-hair to a place of the film, or take it away."""
        if place != self.cursor:
            self.cursor = place
            self.cursor_moved.emit()

    def window(self) -> Window | None:
        """Centre and width that the film is shown with, or None without a film or with a table."""
        return self.voi if isinstance(self.voi, Window) else None

    def _span(self) -> float:
        assert self.film is not None
        full = float(2**self.film.frame.bits_stored)
        return as_window(self.film.first_voi, full).width

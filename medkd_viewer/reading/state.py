"""One film being read: its window, viewport and cross-hair."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from medkd_core.imaging.display.values import shows_low_as_bright
from medkd_core.imaging.display.voi import Voi
from medkd_core.imaging.frame import Window
from medkd_viewer.reading.film import Film, dragged_window
from medkd_viewer.reading.look import Look
from medkd_viewer.reading.viewport import Point, Viewport, moved_to, whole_film


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
    rate_changed = Signal()
    step_asked = Signal(int)
    """Go to the next (1) or previous (-1) image."""
    end_asked = Signal(int)
    """Go to the first (-1) or last (1) image."""

    def __init__(self, look: Look, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.film: Film | None = None
        self.viewport = Viewport((0.0, 0.0))
        self.voi: Voi | None = None
        self.inverted = False
        self.cursor: Point | None = None
        self.rate = 0.0
        self.look = look

    def show_film(self, film: Film | None) -> None:
        """Put a film on every pane.

        An image of the series that is shown keeps the reader's window, part and turn; any other
        film is shown whole and as its file asks to be windowed.
        """
        before, self.film = self.film, film
        if before is not None and film is not None and _are_of_one_series(before, film):
            if before.size != film.size:
                self.set_cursor(None)
            self.voi = _same_choice(self.voi, before, film)
            self.viewport = moved_to(self.viewport, before.size, film.size)
        else:
            self.set_cursor(None)
            self._start_afresh()
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
            self._start_afresh()
            self.view_changed.emit()
            self.window_changed.emit()

    def set_voi(self, voi: Voi) -> None:
        """Show the film through another window or table."""
        self.voi = voi
        self.window_changed.emit()

    def show_preset(self, key: int) -> bool:
        """Show the film through the preset of a number key; False when it has none for that key."""
        presets = self.film.presets if self.film is not None else ()
        preset = next((preset for preset in presets if preset.key == key), None)
        if preset is not None:
            self.set_voi(preset.voi)
        return preset is not None

    def next_window(self) -> None:
        """Go to the next window or table that can be chosen, from the last to the first."""
        if self.film is None or not self.film.windows:
            return
        choices = [voi for _, voi in self.film.windows]
        # By identity: tables hold arrays, which cannot be compared with ==.
        at = next((i for i, voi in enumerate(choices) if voi is self.voi), -1)
        self.set_voi(choices[(at + 1) % len(choices)])

    def drag_window(self, dx: float, dy: float) -> None:
        """Widen and move the window by a drag in pixels; colour has none."""
        if self.film is None or self.voi is None:
            return
        # A higher centre darkens, but where low values are shown bright it brightens.
        darkens = shows_low_as_bright(self.film.frame) is self.inverted
        raises = dy if self.look.brighter_upwards is darkens else -dy
        self.set_voi(dragged_window(self.voi, dx, raises, self.film.drag_span))

    def invert(self) -> None:
        """Exchange black and white."""
        self.inverted = not self.inverted
        self.window_changed.emit()

    def show_rate(self, rate: float) -> None:
        """Say how many images a second follow each other; 0 while the hand turns them."""
        self.rate = rate
        self.rate_changed.emit()

    def set_cursor(self, place: Point | None) -> None:
        """Move the cross-hair to a place of the film, or take it away."""
        if place != self.cursor:
            self.cursor = place
            self.cursor_moved.emit()

    def window(self) -> Window | None:
        """Centre and width that the film is shown with, or None without a film or with a table."""
        return self.voi if isinstance(self.voi, Window) else None

    def _start_afresh(self) -> None:
        self.inverted = False
        if self.film is not None:
            self.voi = self.film.first_voi
            self.viewport = whole_film(*self.film.size)


def _are_of_one_series(one: Film, other: Film) -> bool:
    if one.study.uid != other.study.uid or one.series is None or other.series is None:
        return False
    return one.series.uid == other.series.uid


def _same_choice(voi: Voi | None, before: Film, film: Film) -> Voi | None:
    """What a window or table chosen for one film is for another of its series."""
    if voi is None or voi is before.first_voi:
        return film.first_voi
    # By identity: tables hold arrays, which cannot be compared with ==.
    preset = next((preset for preset in before.presets if preset.voi is voi), None)
    if preset is not None:
        alike = (other.voi for other in film.presets if other.name == preset.name)
        return next(alike, film.first_voi)
    name = next((name for name, window in before.windows if window is voi), None)
    if name is not None:
        return dict(film.windows).get(name, film.first_voi)
    return voi if isinstance(voi, Window) else film.first_voi

"""Measurements over a film: drawn on its pane, made and changed by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QObject, QPointF, Qt, Signal
from PySide6.QtGui import QGuiApplication, QPainter

from medkd_viewer.findings.results import BoundedCache
from medkd_viewer.measuring.drawing import next_step
from medkd_viewer.measuring.hand import Hand
from medkd_viewer.measuring.ink import Drawn, Item, laid_out, paint, paint_words
from medkd_viewer.measuring.labels import Box
from medkd_viewer.measuring.measurement import Kind, Measurement
from medkd_viewer.measuring.readings import readings
from medkd_viewer.measuring.sheet import Sheet
from medkd_viewer.measuring.sheets import Sheets
from medkd_viewer.reading.film import Film
from medkd_viewer.reading.overlay import Says
from medkd_viewer.reading.state import ReadingState
from medkd_viewer.reading.viewport import PaneGeometry, Point

_PANES = 8
"""Of one film: its own, and those of the networks."""


class MeasuringOverlay(QObject):
    """An `Overlay` for the panes of one place of the desk; all films alike share a `Sheet`.

    Parameters
    ----------
    state : ReadingState
    sheets : Sheets

    Attributes
    ----------
    sheet : Sheet or None
        The measurements of the film, if there is one.
    hint : str
        What to do next, for the bottom bar; empty when the tool in hand does not measure.
    drawn : list of Drawn
        What was painted last.
    """

    changed = Signal()
    """The pane must be painted anew."""
    told = Signal()
    """The measurements, which is chosen, or the hint; not what only moves with the pointer."""

    def __init__(self, state: ReadingState, sheets: Sheets, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state, self._sheets = state, sheets
        self.sheet: Sheet | None = None
        self._hand: Hand | None = None
        self._words: dict[Measurement, tuple[str, ...]] = {}
        self._laid_out: BoundedCache[list[Drawn]] = BoundedCache(_PANES)
        self.drawn: list[Drawn] = []
        self.hint = ""
        state.film_changed.connect(self._take_film)
        state.look.changed.connect(self._take_tool)
        self._take_film()

    # what a pane asks of an overlay

    def paint(
        self, painter: QPainter, geometry: PaneGeometry, taken: Sequence[Box], says: Says
    ) -> None:
        """Draw all measurements, the one in hand with its handles."""
        if self.sheet is None:
            return
        ratio = painter.device().devicePixelRatioF()
        drawn = self.drawn = self._laid(geometry, ratio, tuple(taken), says)
        in_hand = {self.sheet.chosen, len(self.sheet.measurements)}
        if says is Says.NOTHING:
            in_hand.clear()
        for number, one in enumerate(drawn):
            paint(painter, one, ratio, with_handles=number in in_hand)
        for one in drawn:
            paint_words(painter, one, ratio)

    def press(self, place: QPointF, geometry: PaneGeometry) -> bool:
        """Take what lies there, or begin a measurement when that is the tool in hand."""
        if self._hand is None:
            return False
        taken = self._hand.press(place.toTuple(), geometry, straight=_shift_is_down())
        self._tell()
        return taken

    def move(self, place: QPointF, geometry: PaneGeometry) -> None:
        """Draw on, or change what was taken."""
        if self._hand is not None:
            self._hand.move(place.toTuple(), geometry, straight=_shift_is_down())
            self._tell()

    def release(self, place: QPointF, geometry: PaneGeometry) -> None:
        """Set a point, or put down what was taken."""
        if self._hand is not None:
            self._hand.release(place.toTuple(), geometry, straight=_shift_is_down())
            self._tell()

    def hover(self, place: QPointF, geometry: PaneGeometry) -> Qt.CursorShape | None:
        """Draw on between two clicks, and say by the pointer what a press would do."""
        hand = self._hand
        if hand is None:
            return None
        if hand.drawing is not None:
            self.move(place, geometry)
            return Qt.CursorShape.CrossCursor
        found = hand.at(place.toTuple(), geometry)
        if found is not None and found[1] is not None:
            return Qt.CursorShape.PointingHandCursor
        if hand.kind is None:
            return None
        return Qt.CursorShape.CrossCursor if found is None else Qt.CursorShape.SizeAllCursor

    def abandon(self) -> bool:
        """Give up what is not finished, else let go of what is chosen; False without either."""
        if self.give_up():
            return True
        if self.sheet is None or self.sheet.chosen is None:
            return False
        self.sheet.choose(None)
        return True

    # what the program asks for

    @property
    def is_busy(self) -> bool:
        """A measurement is not finished."""
        return self._hand is not None and self._hand.is_busy

    def give_up(self) -> bool:
        """Drop a measurement that is not finished; False when there is none."""
        dropped = self._hand is not None and self._hand.give_up()
        self._tell()
        return dropped

    def lines(self) -> list[str]:
        """Each measurement: what it is and what it says, on one or several lines."""
        film, sheet = self._state.film, self.sheet
        if film is None or sheet is None:
            return []
        return [_named(m.kind, self._words_of(m, film)) for m in sheet.measurements]

    def _take_film(self) -> None:
        if self.sheet is not None:
            self.sheet.changed.disconnect(self._take_sheet)
        film = self._state.film
        self.sheet = self._hand = None
        self._laid_out.clear()
        self._words.clear()
        if film is not None:
            self.sheet = self._sheets.of(film)
            self.sheet.changed.connect(self._take_sheet)
            self._hand = Hand(self.sheet, film.frame.spacing)
        self._take_tool()
        self.told.emit()

    def _take_tool(self) -> None:
        tool = self._state.look.tool
        kind = Kind(tool.value) if tool.measures else None
        if self._hand is not None and kind is not self._hand.kind:
            self._hand.give_up()
            self._hand.kind = kind
        self._tell()

    def _tell(self) -> None:
        self.changed.emit()
        hint = ""
        if self._hand is not None and self._hand.kind is not None:
            drawing = self._hand.drawing
            hint = next_step(self._hand.kind, len(drawing.points_set) if drawing else 0)
        if hint != self.hint:
            self.hint = hint
            self.told.emit()

    def _take_sheet(self) -> None:
        held, sheet = self._hand.held if self._hand is not None else None, self.sheet
        gone = held is not None and sheet and not sheet.holds(held.position, held.before)
        if gone:
            # Deleted or undone by key while it was in the hand.
            self.give_up()
        self.changed.emit()
        self.told.emit()

    # what is drawn

    def _laid(
        self, geometry: PaneGeometry, ratio: float, taken: tuple[Box, ...], says: Says
    ) -> list[Drawn]:
        """All measurements on a pane, and last the unfinished one; kept until one changes."""
        film, sheet, hand = self._state.film, self.sheet, self._hand
        assert film is not None and sheet is not None and hand is not None
        shown = list(sheet.measurements)
        if hand.held is not None and hand.held.position < len(shown):
            shown[hand.held.position] = hand.held.now
        unfinished = hand.drawing.points if hand.drawing is not None else ()
        key = (tuple(shown), unfinished, geometry, ratio, taken, sheet.chosen, says)
        drawn = self._laid_out.get(key)
        if drawn is None:
            self._words = {m: self._words_of(m, film) for m in shown}
            items = self._items(shown, unfinished, film)
            in_hand = len(shown) if hand.drawing is not None else sheet.chosen
            if says is not Says.ALL:
                kept = in_hand if says is Says.IN_HAND else None
                items = [i if n == kept else replace(i, words=()) for n, i in enumerate(items)]
            drawn = laid_out(items, geometry, ratio, film.frame.spacing, taken, in_hand)
            self._laid_out.put(key, drawn)
        return drawn

    def _items(
        self, shown: list[Measurement], unfinished: tuple[Point, ...], film: Film
    ) -> list[Item]:
        items = [Item(m.kind, m.points, self._words[m]) for m in shown]
        drawing = self._hand.drawing if self._hand is not None else None
        if drawing is not None:
            items.append(Item(drawing.kind, unfinished, self._words_of_unfinished(film)))
        return items

    def _words_of(self, measurement: Measurement, film: Film) -> tuple[str, ...]:
        known = self._words.get(measurement)
        return known or readings(measurement, film.frame, film.instance)

    def _words_of_unfinished(self, film: Film) -> tuple[str, ...]:
        drawing = self._hand.drawing if self._hand is not None else None
        if drawing is None or len(drawing.points) < drawing.kind.points:
            return ()
        so_far = Measurement(kind=drawing.kind, points=drawing.points)
        return readings(so_far, film.frame, film.instance)


def _named(kind: Kind, words: tuple[str, ...]) -> str:
    text = "\n".join(words)
    return text if text.startswith(kind.label) else f"{kind.label}: {text}"


def _shift_is_down() -> bool:
    return bool(QGuiApplication.keyboardModifiers() & Qt.KeyboardModifier.ShiftModifier)

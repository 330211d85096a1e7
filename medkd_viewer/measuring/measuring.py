"""Measuring on the whole desk: an overlay for every film, and what the commands do."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication

from medkd_viewer.measuring.overlay import MeasuringOverlay
from medkd_viewer.measuring.sheet import Sheet
from medkd_viewer.measuring.sheets import Sheets
from medkd_viewer.reading.desk import Desk
from medkd_viewer.reading.state import ReadingState
from medkd_viewer.studies.journal import Journal


class Measuring(QObject):
    """What the window needs to know of measurements; its deeds are done to the film in hand.

    Parameters
    ----------
    desk : Desk
    journal : Journal
        Where measurements are kept.
    """

    changed = Signal()
    """What can be deleted, undone and redone, or the hint."""

    def __init__(self, desk: Desk, journal: Journal, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        sheets = Sheets(journal, self)
        self._overlays = {state: MeasuringOverlay(state, sheets, self) for state in desk.places}
        for overlay in self._overlays.values():
            overlay.told.connect(self.changed)
        desk.active_changed.connect(self._leave_others)

    def overlay(self, state: ReadingState) -> MeasuringOverlay:
        """The overlay for the pane of a place of the desk."""
        return self._overlays[state]

    @property
    def sheet(self) -> Sheet | None:
        """The measurements of the film in hand."""
        return self._overlay.sheet

    @property
    def hint(self) -> str:
        """What to do next with the tool in hand; empty when it does not measure."""
        return self._overlay.hint

    @property
    def is_busy(self) -> bool:
        """A measurement of the film in hand is not finished."""
        return self._overlay.is_busy

    @property
    def can_undo(self) -> bool:
        """Something is unfinished, or was changed on this film."""
        return self.is_busy or (self.sheet is not None and self.sheet.can_undo)

    def delete(self) -> None:
        """Remove the chosen measurement."""
        if self.sheet is not None:
            self.sheet.remove_chosen()

    def delete_all(self) -> None:
        """Remove every measurement of the film; undo brings them back."""
        if self.sheet is not None:
            self.sheet.clear()

    def undo(self) -> None:
        """Give up an unfinished measurement, else go back one step."""
        if not self._overlay.give_up() and self.sheet is not None:
            self.sheet.undo()

    def redo(self) -> None:
        """Do again what was undone."""
        if self.sheet is not None:
            self.sheet.redo()

    def lines(self) -> list[str]:
        """Each measurement of the film in hand: what it is and what it says."""
        return self._overlay.lines()

    def copy(self) -> None:
        """Put what the chosen measurement says, or all of them, on the clipboard."""
        lines, sheet = self.lines(), self.sheet
        if sheet is not None and sheet.chosen is not None:
            lines = [lines[sheet.chosen]]
        if lines:
            QGuiApplication.clipboard().setText("\n\n".join(lines))

    def _leave_others(self) -> None:
        """What is not finished on a film that was left would wait there unseen."""
        for state, overlay in self._overlays.items():
            if state is not self._desk.active:
                overlay.give_up()
        self.changed.emit()

    @property
    def _overlay(self) -> MeasuringOverlay:
        return self._overlays[self._desk.active]

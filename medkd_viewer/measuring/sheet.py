"""The measurements of one film, which of them is chosen, and the way back."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from medkd_viewer.measuring.measurement import Measurement

Measurements = tuple[Measurement, ...]

_LONGEST_HISTORY = 200


class Sheet(QObject):
    """What every pane of a film draws; whoever measures changes it.

    Attributes
    ----------
    measurements : tuple of Measurement
        In the order in which they were made.
    chosen : int or None
        Position of the one that Delete removes.
    """

    changed = Signal()
    """Anything that is seen."""
    edited = Signal()
    """The measurements themselves, and so what is kept."""

    def __init__(self, measurements: Measurements = (), parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.measurements = measurements
        self.chosen: int | None = None
        self._before: list[Measurements] = []
        self._after: list[Measurements] = []

    @property
    def can_undo(self) -> bool:
        """There is an earlier state."""
        return bool(self._before)

    @property
    def can_redo(self) -> bool:
        """Something was undone and nothing else done since."""
        return bool(self._after)

    def holds(self, position: int, measurement: Measurement) -> bool:
        """A measurement lies at a position."""
        return measurement in self.measurements[position : position + 1]

    def add(self, measurement: Measurement) -> None:
        """Add a measurement, which becomes the chosen one."""
        self._edit((*self.measurements, measurement), len(self.measurements))

    def replace(self, position: int, measurement: Measurement) -> None:
        """Put a changed measurement in the place of another, and choose it."""
        rest = self.measurements
        self._edit((*rest[:position], measurement, *rest[position + 1 :]), position)

    def remove(self, position: int) -> None:
        """Remove one measurement."""
        self._edit(self.measurements[:position] + self.measurements[position + 1 :], None)

    def remove_chosen(self) -> None:
        """Remove the chosen measurement, if there is one."""
        if self.chosen is not None:
            self.remove(self.chosen)

    def clear(self) -> None:
        """Remove all measurements; they can be brought back."""
        self._edit((), None)

    def choose(self, position: int | None) -> None:
        """Choose a measurement, or none."""
        if position != self.chosen:
            self.chosen = position
            self.changed.emit()

    def undo(self) -> None:
        """Go back to the state before the last change."""
        if self._before:
            self._after.append(self.measurements)
            self._show(self._before.pop(), None)

    def redo(self) -> None:
        """Do again what was undone."""
        if self._after:
            self._before.append(self.measurements)
            self._show(self._after.pop(), None)

    def _edit(self, measurements: Measurements, chosen: int | None) -> None:
        if measurements == self.measurements:
            self.choose(chosen)
            return
        self._before = [*self._before, self.measurements][-_LONGEST_HISTORY:]
        self._after = []
        self._show(measurements, chosen)

    def _show(self, measurements: Measurements, chosen: int | None) -> None:
        self.measurements, self.chosen = measurements, chosen
        self.edited.emit()
        self.changed.emit()

"""Small drawn films to measure on, and a pane that shows them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from medkd_core.imaging.frame import Frame, Photometric, Spacing, SpacingBasis
from medkd_core.imaging.study import Instance, Series, Study
from medkd_viewer.measuring.overlay import MeasuringOverlay
from medkd_viewer.measuring.sheets import Sheets
from medkd_viewer.reading.film import Film, FilmAddress
from medkd_viewer.reading.look import Look
from medkd_viewer.reading.pane import FilmPane
from medkd_viewer.reading.state import ReadingState
from medkd_viewer.studies.journal import Journal

AT_DETECTOR = Spacing(0.5, 0.5, SpacingBasis.AT_DETECTOR)


def grey_frame(stored: np.ndarray | None = None, **parts: object) -> Frame:
    if stored is None:
        rows, columns = np.indices((200, 300))
        stored = (rows * 7 + columns * 3).astype("u2")
    return Frame(stored, Photometric.MONOCHROME2, 8 * stored.itemsize, **parts)


def colour_frame(stored: np.ndarray) -> Frame:
    return Frame(stored, Photometric.RGB, 8 * stored.itemsize)


def instance(view: str = "PA", modality: str = "DX", uid: str = "1.2.3") -> Instance:
    return Instance(Path("film.dcm"), uid, 1, 1, 200, 300, modality, "CHEST", view)


def film(frame: Frame, what: Instance | None = None) -> Film:
    what = what or instance()
    series = (Series("1.2", 1, what.modality, "", (what,)),)
    study = Study("1", "PHANTOM, ADA", "MK-1", "F", "061Y", "20260101", "", "", series)
    return Film(frame, study, what, FilmAddress(what.path, 0), (1, 1))


class MeasuredPane:
    """A real pane with its overlay, worked by a real mouse."""

    def __init__(self, qtbot, shown: Film, sheets: Sheets | None = None) -> None:
        self.look = Look()
        self.state = ReadingState(self.look)
        self.pane = FilmPane(self.state)
        self.overlay = MeasuringOverlay(self.state, sheets or Sheets(Journal(None)))
        self.pane.add_overlay(self.overlay)
        self.pane.resize(620, 420)
        qtbot.addWidget(self.pane)
        self.state.show_film(shown)
        self.pane.show()

    @property
    def sheet(self):
        return self.overlay.sheet

    def at(self, column: float, row: float) -> QPoint:
        x, y = self.pane.geometry_now().to_pane(column, row)
        return QPoint(round(x), round(y))

    def film_place(self, place: QPoint) -> tuple[float, float]:
        return self.pane.geometry_now().to_film(place.x(), place.y())

    def drag(self, start, end, modifier=Qt.KeyboardModifier.NoModifier) -> None:
        """Press, move and let go, at places of the film."""
        self.press(start)
        self.move(end, modifier)
        QTest.mouseRelease(self.pane, Qt.MouseButton.LeftButton, modifier, self.at(*end))

    def press(self, place) -> None:
        QTest.mousePress(self.pane, Qt.MouseButton.LeftButton, pos=self.at(*place))

    def move(self, place, modifier=Qt.KeyboardModifier.NoModifier) -> None:
        QTest.mouseMove(self.pane, self.at(*place))

    def click(self, place) -> None:
        QTest.mouseClick(self.pane, Qt.MouseButton.LeftButton, pos=self.at(*place))

    def key(self, key) -> None:
        QTest.keyClick(self.pane, key)

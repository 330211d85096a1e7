"""The value in the bottom bar is that of the pixel under the pointer, whatever moves."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtTest import QTest
from written_studies import ADA, BEN, write_slices

from medkd_viewer.measuring.readings import pixel_values


@pytest.fixture
def reading(desk, tmp_path):
    """A series in hand and another patient's film beside it, not linked."""
    write_slices(tmp_path / "ct", ADA, "20240611")
    write_slices(tmp_path / "ben", BEN, "20230101", slices=1)
    desk.window.open_paths([tmp_path])
    desk.wait(lambda: not desk.room.is_opening and len(desk.room.library.studies) == 2)
    studies = {study.date: study for study in desk.room.library.studies.values()}
    desk.room.links.set_linked(False)
    desk.room.open_study(studies["20240611"])
    desk.wait(lambda: desk.state.film is not None and desk.state.film.study.date == "20240611")
    desk.room.comparing.lay_beside(studies["20230101"])
    desk.wait(lambda: len(desk.room.desk.laid) == 2)
    return desk


def rest_on(desk, pane) -> None:
    QTest.mouseMove(pane, QPoint(pane.width() // 2, pane.height() // 2))


def said(desk) -> str:
    return desk.window.bottom_bar.place.text().replace("\u202f", "")


def value_at(state) -> str:
    column, row = (int(place) for place in state.cursor)
    (value,) = pixel_values(state.film.frame, column, row)
    return f"x {column} y {row} · {value:.0f}"


def test_value_follows_the_image_under_a_resting_pointer(reading):
    rest_on(reading, reading.panes.film_pane)
    seen = {said(reading)}
    for number in (2, 3):
        reading.state.step_asked.emit(1)
        reading.wait(lambda number=number: reading.state.film.position[0] == number)
        assert said(reading).startswith(value_at(reading.state))
        seen.add(said(reading))
    assert len(seen) == 3


def test_value_is_that_of_the_pane_under_the_pointer_and_not_of_the_one_in_hand(reading):
    beside = reading.panes.panes[1]
    reading.panes.activate(reading.panes.film_pane)
    rest_on(reading, reading.panes.film_pane)
    first = said(reading)
    rest_on(reading, beside)
    assert said(reading).startswith(value_at(beside.state))
    assert said(reading) != first
    before = said(reading)
    reading.panes.activate_next()
    reading.panes.activate_next()
    assert said(reading) == before


def test_cross_hair_stays_under_a_pointer_that_rests_while_the_film_moves(reading):
    pane = reading.panes.film_pane
    rest_on(reading, pane)
    place = pane.geometry_now().to_pane(*reading.state.cursor)
    reading.state.set_viewport(pane.geometry_now().panned(30, 10))
    assert pane.geometry_now().to_pane(*reading.state.cursor) == pytest.approx(place)
    assert said(reading).startswith(value_at(reading.state))

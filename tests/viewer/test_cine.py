from __future__ import annotations

import pytest
from films_in_memory import film_of, study_of

from medkd_viewer.reading.cine import USUAL_RATE, Cine
from medkd_viewer.reading.desk import Desk
from medkd_viewer.reading.look import Look

SERIES = study_of(images=4)


class Turner:
    """Turns the films of a place when it is asked, unless it is busy."""

    def __init__(self, state) -> None:
        self.state, self.is_busy, self.shown = state, False, 0

    def step_around(self, by: int) -> None:
        self.shown += 1
        self.state.show_film(film_of(SERIES, image=self.shown % 4))


@pytest.fixture
def desk(qapp) -> Desk:
    desk = Desk(Look())
    desk.primary.show_film(film_of(SERIES))
    return desk


@pytest.fixture
def turner(desk) -> Turner:
    return Turner(desk.primary)


@pytest.fixture
def cine(desk, turner) -> Cine:
    return Cine(desk, dict.fromkeys(desk.places, turner))


def test_images_follow_each_other_round_and_round(cine, turner, qtbot):
    cine.play()
    cine.change_pace(6)
    qtbot.waitUntil(lambda: turner.shown >= 6, timeout=5000)
    cine.stop()
    assert turner.state.rate == 0
    assert not cine.is_playing


def test_image_that_is_not_decoded_yet_is_waited_for(cine, turner, qtbot):
    turner.is_busy = True
    cine.play()
    cine.change_pace(6)
    qtbot.wait(120)
    assert turner.shown == 0
    turner.is_busy = False
    qtbot.waitUntil(lambda: turner.shown > 0, timeout=5000)


def test_file_that_asks_for_a_rate_is_played_at_it(desk, cine):
    cine.play()
    assert desk.primary.rate == USUAL_RATE
    cine.stop()
    desk.primary.show_film(film_of(SERIES, frame_rate=24.0))
    cine.play()
    assert desk.primary.rate == 24.0


def test_pace_is_changed_within_limits_while_it_plays(desk, cine):
    cine.change_pace(1)
    assert desk.primary.rate == 0
    cine.play()
    cine.change_pace(1)
    assert desk.primary.rate > USUAL_RATE
    cine.change_pace(-40)
    assert desk.primary.rate == 1.0


def test_film_of_one_image_is_not_played(desk, cine):
    desk.primary.show_film(film_of())
    cine.toggle()
    assert not cine.is_playing


def test_it_stops_when_another_film_is_taken_in_hand(desk, cine):
    cine.play()
    desk.activate(desk.places[1])
    assert not cine.is_playing
    assert desk.primary.rate == 0

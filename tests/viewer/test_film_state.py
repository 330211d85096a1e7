from __future__ import annotations

from dataclasses import replace

import pytest
from films_in_memory import film_of, study_of

from medkd_core.imaging.frame import Photometric, Window
from medkd_viewer.reading.look import Look
from medkd_viewer.reading.state import ReadingState

SERIES = study_of(images=3)


@pytest.fixture
def state(qapp) -> ReadingState:
    return ReadingState(Look())


def test_next_image_of_a_series_keeps_window_inversion_and_part(state):
    state.show_film(film_of(SERIES, image=0))
    state.set_voi(Window(40, 400))
    state.invert()
    state.set_viewport(replace(state.viewport, center=(12.0, 8.0), zoom=3.0, quarter_turns=1))
    kept = state.viewport
    state.show_film(film_of(SERIES, image=1))
    assert (state.voi, state.inverted, state.viewport) == (Window(40, 400), True, kept)


def test_window_chosen_by_name_is_the_one_of_that_name_on_the_next_image(state):
    state.show_film(film_of(SERIES, image=0))
    state.show_preset(1)
    following = film_of(SERIES, image=1)
    state.show_film(following)
    assert state.voi is next(p.voi for p in following.presets if p.key == 1)


def test_image_shown_as_acquired_leaves_each_following_one_its_own_window(state):
    state.show_film(film_of(SERIES, image=0))
    own = film_of(SERIES, image=1, voi=(Window(7, 8),))
    state.show_film(own)
    assert state.voi == Window(7, 8)


def test_other_study_starts_as_acquired(state):
    state.show_film(film_of(SERIES, image=0))
    state.set_voi(Window(40, 400))
    state.invert()
    state.set_viewport(replace(state.viewport, zoom=3.0))
    other = film_of(study_of(date="20190302"))
    state.show_film(other)
    assert (state.voi, state.inverted, state.viewport.zoom) == (other.first_voi, False, 1.0)


def test_key_without_a_preset_changes_nothing(state):
    colour = film_of(shape=(8, 8, 3), photometric=Photometric.RGB, voi=())
    state.show_film(colour)
    assert not state.show_preset(2)
    assert state.voi is None


@pytest.mark.parametrize("photometric", [Photometric.MONOCHROME1, Photometric.MONOCHROME2])
@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize("upwards", [False, True])
def test_drag_upwards_brightens_what_is_seen_unless_the_reader_wants_it_otherwise(
    state, photometric, inverted, upwards
):
    state.look.set_brighter_upwards(upwards)
    film = film_of(photometric=photometric)
    state.show_film(film)
    if inverted:
        state.invert()
    before = film.brightness(film.frame.stored, state.voi, inverted=inverted).mean()
    state.drag_window(0, -40)
    after = film.brightness(film.frame.stored, state.voi, inverted=inverted).mean()
    assert bool(after > before) is upwards


def test_colour_film_has_no_window_to_drag(state):
    state.show_film(film_of(shape=(8, 8, 3), photometric=Photometric.RGB, voi=()))
    state.drag_window(30, 30)
    assert state.voi is None

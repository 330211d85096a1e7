from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from films_in_memory import film_of, study_of

from medkd_core.imaging.frame import LookupTable, Photometric, VoiFunction, Window
from medkd_viewer.reading.desk import Desk
from medkd_viewer.reading.heads import head_of
from medkd_viewer.reading.links import Linked, Links
from medkd_viewer.reading.look import Look
from medkd_viewer.reading.viewport import PaneGeometry, flipped, turned

AREAS = [(0.0, 0.0, 400.0, 300.0), (10.0, 30.0, 250.0, 380.0)]
PRIOR = study_of(date="20190302")


@pytest.fixture
def table(qapp):
    """A desk of two films and its links, on."""
    desk = Desk(Look())
    links = Links(desk)
    links.set_linked(True)
    return desk, links


def lay(desk, *films):
    for state, film in zip(desk.places, films, strict=False):
        state.show_film(film)
    return desk.places[: len(films)]


def geometries(states):
    return [
        PaneGeometry(state.viewport, state.film.size, area)
        for state, area in zip(states, AREAS, strict=True)
    ]


def middle_of(geometry):
    left, top, width, height = geometry.area
    return geometry.to_film(left + width / 2, top + height / 2)


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("mirrored", [False, True])
def test_one_film_in_two_places_shows_the_same_pixel_however_it_is_turned(table, turns, mirrored):
    desk, _ = table
    film = film_of(shape=(40, 90))
    one, other = lay(desk, film, film)
    for _ in range(turns):
        other.set_viewport(turned(other.viewport))
    if mirrored:
        other.set_viewport(flipped(other.viewport, horizontally=True))
    here, _ = geometries((one, other))
    one.set_viewport(here.zoomed(3.0, 60.0, 220.0))
    here, there = geometries((one, other))
    assert middle_of(there) == pytest.approx(middle_of(here))
    assert other.viewport.zoom == one.viewport.zoom
    assert (other.viewport.quarter_turns, other.viewport.mirrored) != (0, False) or not (
        turns or mirrored
    )


def test_another_film_follows_by_the_share_of_its_size(table):
    desk, _ = table
    one, other = lay(desk, film_of(shape=(40, 60)), film_of(PRIOR, shape=(400, 300)))
    one.set_viewport(replace(one.viewport, center=(45.0, 10.0), zoom=2.0))
    assert other.viewport.center == pytest.approx((225.0, 100.0))
    assert other.viewport.zoom == 2.0


def test_another_film_keeps_the_distance_and_size_that_it_was_given_before(table):
    desk, links = table
    one, other = lay(desk, film_of(), film_of(PRIOR))
    links.set_linked(False)
    other.set_viewport(replace(other.viewport, center=(36.0, 22.0), zoom=1.5))
    links.set_linked(True)
    one.set_viewport(replace(one.viewport, center=(27.0, 18.0), zoom=2.0))
    assert other.viewport.center == pytest.approx((33.0, 20.0))
    assert other.viewport.zoom == pytest.approx(3.0)


def test_film_fitted_to_its_pane_fits_the_others_too(table):
    desk, links = table
    one, other = lay(desk, film_of(), film_of(PRIOR))
    links.set_linked(False)
    for state, zoom in ((one, 2.0), (other, 5.0)):
        state.set_viewport(replace(state.viewport, center=(7.0, 9.0), zoom=zoom))
    links.set_linked(True)
    one.fit()
    assert other.viewport == replace(other.viewport, center=(30.0, 20.0), zoom=1.0)


def test_cross_hair_lies_at_the_same_share_of_another_film_and_leaves_with_the_pointer(table):
    desk, _ = table
    one, other = lay(desk, film_of(shape=(40, 60)), film_of(PRIOR, shape=(400, 300)))
    one.set_cursor((15.0, 30.0))
    assert other.cursor == pytest.approx((75.0, 300.0))
    one.set_cursor(None)
    assert other.cursor is None


def test_films_that_are_not_linked_go_their_own_ways(table):
    desk, links = table
    links.set_linked(False)
    one, other = lay(desk, film_of(), film_of(PRIOR))
    before = (other.viewport, other.voi, other.inverted)
    one.set_viewport(replace(one.viewport, zoom=4.0))
    one.set_voi(Window(100, 200))
    one.invert()
    one.set_cursor((3.0, 3.0))
    assert (other.viewport, other.voi, other.inverted) == before
    assert other.cursor is None


@pytest.mark.parametrize("left_out", Linked)
def test_whatever_the_reader_leaves_out_does_not_follow(table, left_out):
    desk, links = table
    several = study_of(images=5), study_of(date="20190302", images=5)
    one, other = lay(desk, film_of(several[0]), film_of(several[1]))
    links.follow(left_out, False)
    steps = []
    other.step_asked.connect(steps.append)
    one.set_viewport(replace(one.viewport, center=(20.0, 20.0), zoom=2.0))
    one.set_voi(Window(40, 400))
    one.set_cursor((3.0, 3.0))
    one.step_asked.emit(1)
    did_not_follow = {
        Linked.ZOOM: other.viewport.zoom == 1.0,
        Linked.PAN: other.viewport.center == (30.0, 20.0),
        Linked.WINDOW: other.voi is other.film.first_voi,
        Linked.CROSS_HAIR: other.cursor is None,
        Linked.IMAGES: steps == [],
    }
    assert [what for what, is_true in did_not_follow.items() if is_true] == [left_out]


def test_window_of_one_ct_is_the_window_of_the_other(table):
    desk, _ = table
    one, other = lay(desk, film_of(), film_of(PRIOR))
    one.set_voi(Window(-600, 1500))
    assert other.window() == Window(-600, 1500)
    one.invert()
    assert other.inverted


def test_window_of_a_projection_film_moves_as_far_from_each_films_own(table):
    desk, _ = table
    own, finer = (Window(2000, 4000),), (Window(200, 400),)
    one, other = lay(
        desk,
        film_of(study_of(modality="DX"), voi=own),
        film_of(study_of(modality="DX", date="20190302"), voi=finer),
    )
    one.set_voi(Window(2500, 3000))
    assert (other.window().center, other.window().width) == pytest.approx((250, 300))


@pytest.mark.parametrize(
    "unlike",
    [
        film_of(study_of(modality="MR", date="20190302")),
        film_of(study_of(modality="DX", date="20190302")),
    ],
)
def test_window_does_not_go_to_films_of_another_kind(table, unlike):
    desk, _ = table
    one, other = lay(desk, film_of(), unlike)
    one.set_voi(Window(-600, 1500))
    assert other.voi is unlike.first_voi


RADIOGRAPHS = ["CR", "DX", "MG", "RG", "RF", "OT", "SC", ""]


@pytest.mark.parametrize("modality", RADIOGRAPHS)
def test_radiographs_share_window_and_inversion_whatever_made_them(table, modality):
    desk, _ = table
    own, finer = (Window(2000, 4000),), (Window(200, 400),)
    one, other = lay(
        desk,
        film_of(study_of(modality="DX"), voi=own),
        film_of(study_of(modality=modality, date="20190302"), voi=finer),
    )
    one.set_voi(Window(2500, 3000))
    one.invert()
    assert (other.window().center, other.window().width) == pytest.approx((250, 300))
    assert other.inverted


@pytest.mark.parametrize("leads_inverse", [False, True])
def test_film_whose_low_values_are_bright_becomes_as_bright_as_the_leader(table, leads_inverse):
    desk, _ = table
    kinds = [Photometric.MONOCHROME2, Photometric.MONOCHROME1]
    leader_kind, kind = kinds[::-1] if leads_inverse else kinds
    own = (Window(500, 1000, VoiFunction.LINEAR_EXACT),)
    films = [
        film_of(study_of(modality="DX"), voi=own, photometric=leader_kind),
        film_of(study_of(modality="DX", date="20190302"), voi=own, photometric=kind),
    ]
    one, other = lay(desk, *films)
    one.set_voi(Window(700, 600, VoiFunction.LINEAR_EXACT))
    # What holds as much brightness in both files lies at 1000 - value in the other one.
    values = np.arange(0, 1001, 50, dtype=np.uint16)[None]
    here = films[0].brightness(values, one.voi, inverted=False).astype(int)
    there = films[1].brightness(1000 - values, other.voi, inverted=False).astype(int)
    assert np.abs(here - there).max() <= 1


def test_window_that_is_a_table_is_followed_by_the_window_most_like_it(table):
    desk, _ = table
    lut = LookupTable(0, np.linspace(0, 4095, 800).astype(np.int64), 12, "Hard copy")
    one, other = lay(
        desk,
        film_of(study_of(modality="DX"), voi=(Window(500, 1000), lut)),
        film_of(study_of(modality="CR", date="20190302"), voi=(Window(500, 1000),)),
    )
    one.set_voi(lut)
    assert other.window() is not None
    assert other.window() != other.film.first_voi


def test_head_says_that_a_film_of_another_kind_keeps_its_own_window():
    film, other = film_of(), film_of(study_of(modality="DX", date="20190302"))
    assert "window not linked" in head_of(other, film, linked=True).spoken
    assert "window" not in head_of(other, film, linked=False).spoken
    assert head_of(film_of(PRIOR), film, linked=True).spoken.endswith("linked")


def test_preset_key_gives_each_film_its_own_preset(table):
    desk, _ = table
    one, other = lay(desk, film_of(), film_of(PRIOR, image=0, shape=(50, 50)))
    assert one.show_preset(1)
    assert other.voi is next(p.voi for p in other.film.presets if p.key == 1)


def test_step_through_one_series_is_a_step_through_the_other(table):
    desk, _ = table
    several = study_of(images=5), study_of(date="20190302", images=3)
    one, other, single = lay(desk, film_of(several[0]), film_of(several[1]), film_of(PRIOR))
    asked, not_asked = [], []
    other.step_asked.connect(asked.append)
    single.step_asked.connect(not_asked.append)
    one.step_asked.emit(2)
    assert (asked, not_asked) == ([2], [])


def test_film_at_the_end_of_its_series_turns_no_other(table):
    desk, _ = table
    several = study_of(images=3), study_of(date="20190302", images=9)
    one, other = lay(desk, film_of(several[0], image=1), film_of(several[1]))
    asked = []
    other.step_asked.connect(asked.append)
    one.step_asked.emit(4)
    one.show_film(film_of(several[0], image=2))
    one.step_asked.emit(1)
    assert asked == [1]

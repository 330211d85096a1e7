from __future__ import annotations

import pytest

from medkd_viewer.reading.viewport import (
    LARGEST_ZOOM,
    PaneGeometry,
    Viewport,
    flipped,
    turned,
    whole_film,
)

FILM = (300, 200)
AREA = (10.0, 20.0, 600.0, 500.0)


def geometry(viewport: Viewport) -> PaneGeometry:
    return PaneGeometry(viewport, FILM, AREA)


def test_whole_film_touches_the_edges_that_limit_it():
    left, top, right, bottom = geometry(whole_film(*FILM)).film_bounds()
    assert (left, right) == (10.0, 610.0)
    assert (top + bottom) / 2 == pytest.approx(270.0)
    assert bottom - top == pytest.approx(400.0)


def test_place_under_the_pointer_stays_while_zooming():
    before = geometry(Viewport((120.0, 80.0), zoom=1.5))
    place = before.to_film(333.0, 222.0)
    after = geometry(before.zoomed(2.5, 333.0, 222.0))
    assert after.to_pane(*place) == pytest.approx((333.0, 222.0))


def test_zoom_ends_at_its_limit():
    assert geometry(whole_film(*FILM)).zoomed(1e9, 0, 0).zoom == LARGEST_ZOOM


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("mirrored", [False, True])
def test_panning_moves_the_film_with_the_hand_however_it_is_turned(turns, mirrored):
    before = geometry(Viewport((150.0, 100.0), 2.0, turns, mirrored))
    x, y = before.to_pane(100.0, 50.0)
    after = geometry(before.panned(30.0, -12.0))
    assert after.to_pane(100.0, 50.0) == pytest.approx((x + 30.0, y - 12.0))


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("zoom", [0.25, 1.0, 30.0])
@pytest.mark.parametrize("way", [(9e4, 0.0), (0.0, -9e4), (-9e4, 9e4)])
def test_film_is_never_dragged_out_of_sight(turns, zoom, way):
    before = geometry(Viewport((150.0, 100.0), zoom, turns))
    after = geometry(before.panned(*way))
    left, top, right, bottom = after.film_bounds()
    assert min(right, 610.0) - max(left, 10.0) >= 48 - 1e-6
    assert min(bottom, 520.0) - max(top, 20.0) >= 48 - 1e-6
    assert after.panned(-way[0] / 9e4, -way[1] / 9e4) != after.viewport


def test_film_is_not_zoomed_out_of_sight_beside_it():
    narrow = geometry(Viewport((150.0, 100.0), 0.25))
    left, _, right, _ = geometry(narrow.zoomed(200.0, 600.0, 500.0)).film_bounds()
    assert left < 610.0
    assert right > 10.0


def test_linked_panes_have_the_same_place_in_their_middle_at_any_size():
    viewport = Viewport((77.0, 33.0), zoom=3.0)
    for area in ((0, 0, 100, 100), (5, 30, 900, 400)):
        middle = (area[0] + area[2] / 2, area[1] + area[3] / 2)
        assert PaneGeometry(viewport, FILM, area).to_film(*middle) == pytest.approx((77.0, 33.0))


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("horizontally", [True, False])
def test_flip_mirrors_the_screen_however_the_film_is_turned(turns, horizontally):
    viewport = Viewport((150.0, 100.0), 1.0, turns)
    x, y = geometry(viewport).to_pane(40.0, 60.0)
    moved = geometry(flipped(viewport, horizontally=horizontally)).to_pane(40.0, 60.0)
    middle_x, middle_y = 310.0, 270.0
    wanted = (2 * middle_x - x, y) if horizontally else (x, 2 * middle_y - y)
    scale = geometry(flipped(viewport, horizontally=horizontally)).scale
    assert scale == geometry(viewport).scale
    assert moved == pytest.approx(wanted)


def test_clockwise_turn_brings_the_top_of_the_film_to_the_right():
    top_x, _ = geometry(turned(whole_film(*FILM))).to_pane(150.0, 0.0)
    middle_x, _ = geometry(turned(whole_film(*FILM))).to_pane(150.0, 100.0)
    assert top_x > middle_x


@pytest.mark.parametrize("turns", range(4))
def test_film_of_oblong_pixels_stands_in_its_true_proportions(turns):
    viewport = Viewport((50.0, 25.0), quarter_turns=turns)
    oblong = PaneGeometry(viewport, (100, 50), (0.0, 0.0, 300.0, 300.0), aspect=2.0)
    left, top, right, bottom = oblong.film_bounds()
    assert (right - left, bottom - top) == pytest.approx((300.0, 300.0))
    assert oblong.to_film(*oblong.to_pane(12.0, 34.0)) == pytest.approx((12.0, 34.0))
    place = oblong.to_film(40.0, 60.0)
    zoomed = PaneGeometry(oblong.zoomed(2.0, 40.0, 60.0), (100, 50), oblong.area, aspect=2.0)
    assert zoomed.to_pane(*place) == pytest.approx((40.0, 60.0))

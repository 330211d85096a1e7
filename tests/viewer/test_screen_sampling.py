from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from medkd_viewer.reading.sampling import Sampler, visible_part
from medkd_viewer.reading.viewport import PaneGeometry, Viewport, whole_film


def part_of(shape, area, viewport=None, ratio=1.0):
    rows, columns = shape
    geometry = PaneGeometry(viewport or whole_film(columns, rows), (columns, rows), area)
    return visible_part(geometry, ratio)


def test_film_at_its_own_size_is_shown_pixel_for_pixel():
    stored = np.random.default_rng(0).integers(0, 4096, (40, 60)).astype(np.uint16)
    part = part_of(stored.shape, (0, 0, 60, 40))
    assert np.array_equal(Sampler(stored).sample(part), stored)


def test_high_resolution_screen_gets_twice_the_pixels():
    part = part_of((40, 60), (0, 0, 60, 40), ratio=2.0)
    assert (part.width, part.height) == (120, 80)


@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.int16, np.uint16, np.int32, np.float64])
def test_every_stored_type_keeps_its_type_and_range(kind):
    stored = np.full((64, 64), 100, kind)
    drawn = Sampler(stored).sample(part_of(stored.shape, (0, 0, 17, 17)))
    assert drawn.dtype == kind
    assert np.all(drawn == 100)


def test_shrunk_film_shows_mean_brightness_not_single_pixels():
    stripes = np.zeros((256, 256), np.uint8)
    stripes[:, ::2] = 200
    drawn = Sampler(stripes).sample(part_of(stripes.shape, (0, 0, 32, 32)))
    assert np.all(abs(drawn.astype(int) - 100) < 5)


def test_coarse_map_lies_where_the_film_is():
    coarse = np.zeros((4, 4), np.float32)
    coarse[1, 3] = 1.0
    sampler = Sampler(coarse, film=(400, 400))
    part = part_of((400, 400), (0, 0, 200, 200))
    rows, columns = np.unravel_index(sampler.sample(part).argmax(), (200, 200))
    assert (rows // 50, columns // 50) == (1, 3)
    assert sampler.value(350.0, 150.0) == 1.0
    assert sampler.value(401.0, 150.0) is None


def test_nothing_is_drawn_of_a_film_that_was_moved_away():
    part = part_of((40, 60), (0, 0, 60, 40), Viewport((500.0, 20.0)))
    assert part.is_empty


def test_only_the_visible_part_is_drawn_of_a_zoomed_film():
    part = part_of((400, 400), (0, 0, 100, 100), Viewport((200.0, 200.0), zoom=8.0))
    assert (part.width, part.height) == (100, 100)


@pytest.mark.parametrize("ratio", [1.0, 2.0])
@pytest.mark.parametrize("turns", range(4))
def test_film_pixels_one_to_one_are_as_sharp_in_a_pane_of_any_size(ratio, turns):
    stored = np.random.default_rng(0).integers(0, 4096, (40, 60)).astype(np.uint16)
    area = (1.0, 27.0, 81.0 / ratio, 67.0 / ratio)
    whole = PaneGeometry(replace(whole_film(60, 40), quarter_turns=turns), (60, 40), area)
    zoom = 1 / (whole.scale * ratio)
    geometry = replace(whole, viewport=replace(whole.viewport, zoom=zoom))
    drawn = Sampler(stored).sample(visible_part(geometry, ratio))
    assert np.array_equal(drawn, np.rot90(stored, -turns))


@pytest.mark.parametrize("zoom", [0.4, 1.0, 2.7, 11.3])
@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
def test_map_lies_on_the_film_to_a_part_of_a_pixel_at_every_zoom(zoom, ratio):
    ramp = np.linspace(0, 1000, 64, dtype=np.float32)
    film = np.add.outer(ramp, 2 * ramp)
    coarse = film.reshape(16, 4, 16, 4).mean(axis=(1, 3))
    geometry = PaneGeometry(Viewport((31.3, 33.1), zoom), (64, 64), (1, 27, 211, 187))
    part = visible_part(geometry, ratio)
    of_film = Sampler(film).sample(part)
    of_map = Sampler(coarse, film=(64, 64)).sample(part)
    # Both are the same plane away from the border, where each goes on with its last value.
    pixels = geometry.scale * ratio
    inside = np.ones(of_film.shape, bool)
    edge = int(4 * pixels) + 2
    if zoom <= 1:
        inside[:edge] = inside[-edge:] = inside[:, :edge] = inside[:, -edge:] = False
    slope = ramp[1] / pixels
    assert np.abs(of_film - of_map)[inside].max() < max(slope, 1.0)

import cv2
import numpy as np
import pytest

from medkd_core.errors import ExplanationError
from medkd_core.explanation.colours import COLOUR_MAPS, burn_in_caption, colour_table, colourise


@pytest.fixture
def film():
    return np.random.default_rng(0).random((40, 60)).astype(np.float32)


def grey(film):
    return np.repeat(np.rint(film * 255).astype(np.uint8)[..., None], 3, axis=2)


def test_film_is_untouched_where_the_map_is_low(film):
    np.testing.assert_array_equal(colourise(film, np.full_like(film, 0.2)), grey(film))


def test_highest_value_has_the_brightest_colour_at_full_opacity(film):
    picture = colourise(film, np.ones_like(film), opacity=1)
    assert (picture == colour_table("magma")[255]).all()


def test_no_opacity_hides_the_map(film):
    np.testing.assert_array_equal(colourise(film, np.ones_like(film), opacity=0), grey(film))


def test_map_becomes_more_opaque_as_it_rises():
    black = np.zeros((1, 9), np.float32)
    picture = colourise(black, np.linspace(0.2, 1, 9, dtype=np.float32)[None])
    assert (np.diff(picture[0, :, 0].astype(int)) > 0).all()


def test_colour_films_keep_their_colours():
    film = np.zeros((4, 4, 3), np.float32)
    film[..., 2] = 1
    assert colourise(film, np.zeros((4, 4), np.float32))[0, 0].tolist() == [0, 0, 255]


@pytest.mark.parametrize("name", COLOUR_MAPS)
def test_colours_are_red_green_blue(name):
    reversed_by_opencv = cv2.applyColorMap(np.uint8([[200]]), COLOUR_MAPS[name])[0, 0]
    assert colour_table(name)[200].tolist() == reversed_by_opencv[::-1].tolist()


def test_unknown_colour_map_is_refused_with_the_names_of_the_known(film):
    with pytest.raises(ExplanationError, match="magma, inferno"):
        colourise(film, film, "rainbow")


def test_map_of_another_size_is_refused(film):
    with pytest.raises(ExplanationError, match="the film"):
        colourise(film, film[:-1])


@pytest.mark.parametrize("level", [0, 128, 255])
@pytest.mark.parametrize("shape", [(512, 400, 3), (3000, 2500, 3), (64, 64, 3)])
def test_caption_is_seen_on_any_ground_and_leaves_the_middle_alone(level, shape):
    picture = np.full(shape, level, np.uint8)
    written = burn_in_caption(picture)
    corner = written[-shape[0] // 12 :, : shape[1] // 4]
    assert corner.min() < 50
    assert corner.max() > 150
    assert not (written != picture)[: round(shape[0] * 0.75)].any()
    assert (picture == level).all()

import numpy as np
import pytest

from medkd_core.evaluation.yardstick import agreement_yardstick


def smooth_map(seed, side):
    down, across = np.random.default_rng(seed).random(2)
    places = (np.arange(side) + 0.5) / side
    return np.exp(-((places[:, None] - down) ** 2 + (places - across) ** 2) / 0.05).astype(
        np.float32
    )


def test_maps_that_are_always_alike_leave_nothing_to_agreement():
    same = [smooth_map(0, 8)] * 5
    yardstick = agreement_yardstick(same, {"teacher": [smooth_map(0, 8)] * 5})
    assert yardstick.different_films == pytest.approx(1)
    assert yardstick.films == 5


def test_maps_that_follow_the_film_have_a_low_yardstick():
    films = range(12)
    student, coarse, fine = ([smooth_map(film, side) for film in films] for side in (8, 7, 14))
    yardstick = agreement_yardstick(student, {"a": coarse, "b": fine})
    assert yardstick.different_films < 0.6
    assert abs(yardstick.random_maps) < 0.2


def test_yardstick_is_the_same_every_time():
    maps = [smooth_map(film, 8) for film in range(4)]
    assert agreement_yardstick(maps, {"a": maps}) == agreement_yardstick(maps, {"a": maps})


@pytest.mark.parametrize("films", [0, 1])
def test_one_film_is_no_yardstick(films):
    maps = [smooth_map(film, 8) for film in range(films)]
    with pytest.raises(ValueError, match="two or more films"):
        agreement_yardstick(maps, {"a": maps})

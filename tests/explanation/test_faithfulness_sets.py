import numpy as np
import pytest

from medkd_core.explanation.faithfulness import (
    ClassFaithfulness,
    Curves,
    Score,
    mean_curves,
    summary,
)


def film(deletion, insertion, curves=None):
    scores = {"deletion": Score(*deletion), "insertion": Score(*insertion)}
    return ClassFaithfulness(0, scores, curves or {}, {})


@pytest.fixture
def films():
    values = np.random.default_rng(0).random((40, 2, 3)).round(3).tolist()
    return [film(*pair) for pair in values]


def test_means_lie_within_their_intervals(films):
    for score in summary(films).values():
        for interval in (score.of_map, score.of_random, score.of_blob, score.gain_on_random):
            assert interval.low < interval.mean < interval.high


def test_mean_is_that_of_the_films(films):
    expected = np.mean([film.scores["deletion"].of_map for film in films])
    assert summary(films)["deletion"].of_map.mean == pytest.approx(expected)


def test_interval_is_about_two_standard_errors_wide(films):
    values = [film.scores["insertion"].of_blob for film in films]
    interval = summary(films)["insertion"].of_blob
    expected = 2 * 1.96 * np.std(values) / np.sqrt(len(values))
    assert interval.high - interval.low == pytest.approx(expected, rel=0.15)


def test_gain_is_positive_where_the_map_is_better_whichever_way_the_measure_goes():
    scores = summary([film((0.1, 0.4, 0.3), (0.9, 0.4, 0.95))] * 3)
    assert scores["deletion"].gain_on_random.mean == pytest.approx(0.3)
    assert scores["deletion"].gain_on_blob.mean == pytest.approx(0.2)
    assert scores["insertion"].gain_on_random.mean == pytest.approx(0.5)
    assert scores["insertion"].gain_on_blob.mean == pytest.approx(-0.05)


def test_share_of_films_won_counts_a_tie_half():
    won, lost, tied = (film((value, 0.5, 0.5), (0, 0, 0)) for value in (0.1, 0.9, 0.5))
    assert summary([won, lost, tied, won])["deletion"].beats_random == pytest.approx(2.5 / 4)


def test_films_without_a_score_are_not_counted(films):
    nothing = ClassFaithfulness(0, {}, {}, {"deletion": "no map"})
    scores = summary([*films, nothing])
    assert scores["deletion"].films == len(films)
    assert "road" not in scores
    assert summary([nothing]) == summary([]) == {}


def test_one_film_has_an_interval_of_no_width():
    interval = summary([film((0.1, 0.2, 0.3), (0, 0, 0))])["deletion"].of_map
    assert (interval.low, interval.mean, interval.high) == (0.1, 0.1, 0.1)


def test_films_of_one_patient_are_drawn_together(films):
    alone = summary(films * 4)["deletion"].of_map
    together = summary(films * 4, groups=[str(n) for n in range(len(films))] * 4)["deletion"].of_map
    once = summary(films)["deletion"].of_map
    assert alone.high - alone.low < 0.6 * (together.high - together.low)
    assert (together.low, together.high) == pytest.approx((once.low, once.high), abs=0.01)


def test_same_seed_gives_the_same_intervals(films):
    assert summary(films, seed=4) == summary(films, seed=4)
    assert summary(films, seed=4)["deletion"].of_map != summary(films, seed=5)["deletion"].of_map


def test_mean_curve_is_taken_over_the_films_that_have_one():
    shares = np.array([0, 0.5, 1])
    low, high = ({"deletion": Curves(shares, *np.full((3, 3), value))} for value in (0.2, 0.6))
    found = mean_curves([film((0,) * 3, (0,) * 3, curves) for curves in (low, high, None)])
    np.testing.assert_allclose(found["deletion"].lines, np.full((3, 3), 0.4))


def test_curves_at_different_shares_have_no_mean():
    curves = [
        {"deletion": Curves(shares, *np.zeros((3, 3)))}
        for shares in (np.array([0, 0.5, 1]), np.array([0, 0.4, 1]))
    ]
    with pytest.raises(ValueError, match="different shares"):
        mean_curves([film((0,) * 3, (0,) * 3, one) for one in curves])

import numpy as np
import pytest
import scipy.stats

from medkd_core.explanation.agreement import agreement


def random_map(shape, seed):
    return np.random.default_rng(seed).random(shape).astype(np.float32)


def blob(shape, row, column):
    """A bump at a place given as shares of the image's height and width."""
    down, across = ((np.arange(n) + 0.5) / n for n in shape)
    return np.exp(-((down[:, None] - row) ** 2 + (across - column) ** 2) / 0.02).astype(np.float32)


def test_map_agrees_with_itself():
    one = random_map((7, 7), 0)
    found = agreement(one, one)
    assert (found.spearman, found.top_fifth_iou, found.peak_distance) == (pytest.approx(1), 1, 0)


def test_inverted_map_disagrees():
    one = random_map((8, 8), 0)
    found = agreement(one, 1 - one)
    assert found.spearman == pytest.approx(-1)
    assert found.top_fifth_iou == 0


def test_rank_correlation_is_scipys_also_with_ties():
    one, other = (np.round(random_map((9, 8), seed), 1) for seed in (1, 2))
    expected = scipy.stats.spearmanr(one.ravel(), other.ravel()).statistic
    assert agreement(one, other).spearman == pytest.approx(expected)


def test_agreement_does_not_depend_on_the_order():
    one, other = random_map((7, 7), 1), random_map((14, 14), 2)
    assert agreement(one, other) == agreement(other, one)


def test_same_place_on_different_grids_agrees():
    found = agreement(blob((7, 7), 0.5, 0.36), blob((14, 14), 0.5, 0.36))
    assert found.spearman > 0.9
    assert found.peak_distance < 0.08


def test_different_places_disagree_by_their_distance():
    found = agreement(blob((20, 20), 0.225, 0.275), blob((20, 20), 0.725, 0.275))
    assert found.top_fifth_iou < 0.1
    assert found.peak_distance == pytest.approx(0.5 / np.sqrt(2))


def test_top_fifth_covers_a_fifth():
    ramp = np.arange(100, dtype=np.float32).reshape(10, 10)
    top_moved_by_one_row = np.roll(ramp, -1, axis=0)
    assert agreement(ramp, top_moved_by_one_row).top_fifth_iou == pytest.approx(10 / 30)


def test_constant_maps_have_defined_answers():
    flat, other = np.full((7, 7), 0.5, np.float32), random_map((7, 7), 0)
    assert agreement(flat, flat).spearman == 1
    assert agreement(flat, flat).top_fifth_iou == 1
    assert agreement(flat, other).spearman == 0
    assert agreement(flat, other).top_fifth_iou == 0
    assert np.isfinite(agreement(flat, other).peak_distance)


@pytest.mark.parametrize("broken", [np.full((3, 3), np.nan), np.zeros((0, 3)), np.zeros(4)])
def test_what_is_no_map_is_refused(broken):
    with pytest.raises(ValueError, match="two-dimensional"):
        agreement(broken.astype(np.float32), random_map((7, 7), 0))

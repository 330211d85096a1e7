from dataclasses import asdict

import numpy as np
import pytest
import scipy.stats

from medkd_core.explanation.agreement import agreement, spearman, structural_similarity
from medkd_core.explanation.agreement.similarity import spearman_of_each


def random_map(shape, seed):
    return np.random.default_rng(seed).random(shape).astype(np.float32)


def blob(shape, row, column):
    """A bump at a place given as shares of the image's height and width."""
    down, across = ((np.arange(n) + 0.5) / n for n in shape)
    return np.exp(-((down[:, None] - row) ** 2 + (across - column) ** 2) / 0.02).astype(np.float32)


def test_map_agrees_with_itself():
    one = random_map((7, 7), 0)
    found = agreement(one, one)
    *similar, peaks, centroids = asdict(found).values()
    assert similar == pytest.approx([1] * 6)
    assert (peaks, centroids) == (0, 0)


def test_inverted_map_disagrees():
    one = random_map((8, 8), 0)
    found = agreement(one, 1 - one)
    assert (found.spearman, found.pearson) == (pytest.approx(-1), pytest.approx(-1))
    assert found.ssim < 0
    assert found.top_fifth_iou == 0


def test_rank_correlation_is_scipys_also_with_ties():
    one, other = (np.round(random_map((9, 8), seed), 1) for seed in (1, 2))
    expected = scipy.stats.spearmanr(one.ravel(), other.ravel()).statistic
    assert agreement(one, other).spearman == pytest.approx(expected)


def test_rank_correlation_with_each_of_several_is_that_with_each():
    one, others = np.round(random_map((9,), 0), 1), np.round(random_map((6, 9), 1), 1)
    others[3] = 0.5
    found = spearman_of_each(one, others)
    assert found.tolist() == [spearman(one, other) for other in others]
    assert found[3] == 0


def test_linear_correlation_is_scipys():
    one, other = random_map((9, 8), 1), random_map((9, 8), 2)
    expected = scipy.stats.pearsonr(one.ravel(), other.ravel()).statistic
    assert agreement(one, other).pearson == pytest.approx(expected)


def test_correlations_do_not_depend_on_unit_or_zero():
    one, other = random_map((9, 8), 1), random_map((9, 8), 2)
    expected, found = agreement(one, other), agreement(3e4 * one - 7, 1e-30 * other)
    assert (found.spearman, found.pearson) == pytest.approx(
        (expected.spearman, expected.pearson), abs=1e-6
    )


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (3, 3), (6, 8), (7, 7), (20, 31)])
def test_structural_similarity_is_the_mean_over_windows(shape):
    one, other = random_map(shape, 1), random_map(shape, 2)
    window = tuple(min(7, side) for side in shape)
    views = [
        np.lib.stride_tricks.sliding_window_view(m.astype(float), window) for m in (one, other)
    ]
    a, b = (view.reshape(-1, window[0] * window[1]) for view in views)
    free = max(a.shape[1] - 1, 1)
    covariance = ((a - a.mean(1, keepdims=True)) * (b - b.mean(1, keepdims=True))).sum(1) / free
    spread = (a.var(1) + b.var(1)) * a.shape[1] / free
    level = (2 * a.mean(1) * b.mean(1) + 1e-4) / (a.mean(1) ** 2 + b.mean(1) ** 2 + 1e-4)
    expected = (level * (2 * covariance + 9e-4) / (spread + 9e-4)).mean()
    assert structural_similarity(one, other) == pytest.approx(expected)


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


def test_smaller_tops_cover_their_share():
    ramp = np.arange(400, dtype=np.float32).reshape(20, 20)
    moved_by_one_row = np.roll(ramp, -1, axis=0)
    found = agreement(ramp, moved_by_one_row)
    assert found.top_twentieth_iou == 0
    assert found.top_tenth_iou == pytest.approx(20 / 60)


def test_centroid_weighs_what_the_peak_overlooks():
    one, other = (np.zeros((11, 11), np.float32) for _ in range(2))
    one[5, 5] = other[5, 5] = 1
    other[5, 10] = 0.5
    found = agreement(one, other)
    assert found.peak_distance == 0
    assert found.centroid_distance == pytest.approx((5 / 3) / np.hypot(11, 11))


def test_distances_are_shares_of_the_diagonal_of_an_oblong_image():
    one, other = (np.zeros((30, 40), np.float32) for _ in range(2))
    one[0, 0] = other[29, 39] = 1
    found = agreement(one, other)
    assert found.peak_distance == pytest.approx(np.hypot(29, 39) / 50)
    assert found.centroid_distance == pytest.approx(np.hypot(29, 39) / 50)


@pytest.mark.parametrize("level", [0, 0.1, 0.5, 1])
@pytest.mark.parametrize("grid", [(7, 7), (15, 4), (236, 236)])
def test_constant_maps_have_defined_answers(level, grid):
    flat, other = np.full((7, 7), level, np.float32), random_map(grid, 0)
    both = agreement(flat, np.full(grid, level, np.float32))
    assert list(asdict(both).values()) == pytest.approx([1] * 6 + [0, 0])
    one = agreement(flat, other)
    assert (one.spearman, one.pearson, one.top_fifth_iou) == (0, 0, 0)
    assert np.isfinite(list(asdict(one).values())).all()


def test_maps_of_one_cell_have_defined_answers():
    one, other = np.ones((1, 1), np.float32), random_map((5, 5), 0)
    assert np.isfinite(list(asdict(agreement(one, other)).values())).all()


@pytest.mark.parametrize("broken", [np.full((3, 3), np.nan), np.zeros((0, 3)), np.zeros(4)])
def test_what_is_no_map_is_refused(broken):
    with pytest.raises(ValueError, match="two-dimensional"):
        agreement(broken.astype(np.float32), random_map((7, 7), 0))

from dataclasses import asdict

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from medkd_core.explanation.localisation import (
    against_random,
    localisation_nulls,
    localise,
    mass_inside,
    otsu_region,
    tuned_threshold,
)

SHAPE = (20, 28)


def random_map(seed, shape=SHAPE):
    return np.random.default_rng(seed).random(shape).astype(np.float32)


def box(top=4, left=6, height=6, width=8, shape=SHAPE):
    mask = np.zeros(shape, np.bool_)
    mask[top : top + height, left : left + width] = True
    return mask


def numbers(found):
    return [value for value in asdict(found).values() if value is not None]


def test_map_that_is_the_mask_finds_it_wholly():
    mask = box()
    found = localise(mask.astype(np.float32), mask, threshold=0.5)
    assert found.mask_share == pytest.approx(48 / 560)
    assert numbers(found)[1:] == pytest.approx([1] * 10)


def test_map_that_is_everywhere_but_in_the_mask_finds_nothing():
    mask = box()
    found = localise((~mask).astype(np.float32), mask, threshold=0.5)
    assert (found.pointing, found.mass_accuracy, found.rank_accuracy, found.roc_area) == (0,) * 4
    assert (found.otsu_iou, found.otsu_dice, found.tuned_iou, found.tuned_dice) == (0,) * 4


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("steps", [2, 5, 10_000])
def test_areas_are_scikit_learns_also_with_ties(seed, steps):
    values = np.round(random_map(seed) * steps) / steps
    mask = random_map(seed + 10) > 0.8
    found = localise(values.astype(np.float32), mask)
    truth, score = mask.ravel(), values.ravel()
    assert found.average_precision == pytest.approx(average_precision_score(truth, score))
    assert found.roc_area == pytest.approx(roc_auc_score(truth, score))


def test_rank_accuracy_counts_the_highest_places_as_many_as_the_mask_has():
    values, mask = random_map(0), box()
    highest = np.argsort(-values, axis=None)[: mask.sum()]
    assert localise(values, mask).rank_accuracy == pytest.approx(mask.ravel()[highest].mean())


def test_equal_values_at_the_border_of_the_mask_count_as_expected():
    values = np.array([[1, 0.5, 0.5, 0.5, 0.5, 0]], np.float32)
    mask = np.array([[1, 1, 0, 0, 0, 1]], np.bool_)
    assert localise(values, mask).rank_accuracy == pytest.approx((1 + 2 / 4) / 3)


def test_pointing_game_forgives_a_peak_just_beside_the_mask():
    values = np.zeros((100, 100), np.float32)
    values[50, 50] = 1
    for gap, near in ((1, 1), (7, 1), (8, 0)):
        mask = box(40, 50 + gap, 20, 20, (100, 100))
        found = localise(values, mask)
        assert (found.pointing, found.pointing_near) == (0, near)


def test_mass_is_the_share_of_the_sum():
    values = np.array([[1, 2, 3, 4]], np.float32)
    assert mass_inside(values, np.array([[0, 1, 0, 1]], np.bool_)) == pytest.approx(0.6)


def test_empty_mask_has_nothing_to_find():
    empty = np.zeros(SHAPE, np.bool_)
    assert localise(random_map(0), empty) is None
    assert localisation_nulls(random_map(0), empty) is None
    assert mass_inside(random_map(0), empty) == 0


def test_full_mask_is_found_by_every_map():
    found = localise(random_map(0), np.ones(SHAPE, np.bool_), threshold=0.0)
    assert found.roc_area == 0.5
    assert found.mask_share == found.pointing == found.tuned_iou == 1
    assert found.mass_accuracy == found.rank_accuracy == found.average_precision == 1


@pytest.mark.parametrize("level", [0, 0.1, 1])
@pytest.mark.parametrize("shape", [SHAPE, (7, 7), (300, 200)])
def test_map_without_an_opinion_gets_what_chance_gives(level, shape):
    found = localise(np.full(shape, level, np.float32), box())
    by_chance = (found.pointing, found.mass_accuracy, found.rank_accuracy, found.average_precision)
    assert by_chance == pytest.approx([48 / 560] * 4)
    assert found.roc_area == pytest.approx(0.5)
    assert found.otsu_iou == found.otsu_dice == 0


def test_small_map_is_brought_to_the_mask():
    native = np.zeros((4, 4), np.float32)
    native[1, 2] = 1
    mask = box(50, 100, 50, 50, (200, 200))
    found = localise(native, mask)
    assert (found.pointing, found.mask_share) == (1, 2500 / 40_000)
    assert found.mass_accuracy == pytest.approx(9 / 16, abs=0.02)


def test_mask_of_another_size_gives_the_same_answer():
    small, large = box(), np.kron(box(), np.ones((5, 5), np.bool_))
    values = random_map(0, (7, 7))
    one, other = (localise(values, mask, threshold=0.6) for mask in (small, large))
    assert numbers(one) == pytest.approx(numbers(other), abs=0.03)


@pytest.mark.parametrize("values", [np.full(SHAPE, np.nan), -np.ones(SHAPE), np.zeros(4)])
def test_what_is_no_map_is_refused(values):
    with pytest.raises(ValueError, match="finite numbers from 0"):
        localise(values.astype(np.float32), box())


@pytest.mark.parametrize("mask", [np.ones(SHAPE), np.ones(4, np.bool_), np.ones((0, 3), np.bool_)])
def test_what_is_no_mask_is_refused(mask):
    with pytest.raises(ValueError, match="truth values"):
        localise(random_map(0), mask)


def test_otsu_parts_two_hills():
    values = np.concatenate([np.full(50, 0.2), np.full(14, 0.9)])
    values = (values + np.random.default_rng(0).normal(0, 0.03, 64)).reshape(8, 8)
    assert otsu_region(values).sum() == 14
    np.testing.assert_array_equal(otsu_region(values), otsu_region(values * 1e-3 + 5))


def test_otsu_parts_where_the_variance_between_is_largest():
    values = random_map(3) ** 3
    levels = np.linspace(values.min(), values.max(), 1000)[1:-1]
    between = [
        np.mean(values > t)
        * np.mean(values <= t)
        * np.ptp([values[values > t].mean(), values[values <= t].mean()]) ** 2
        for t in levels
    ]
    best = levels[int(np.argmax(between))]
    assert values[otsu_region(values)].min() == pytest.approx(best, abs=0.02)


def test_threshold_is_tuned_to_the_best_overlap():
    down = np.linspace(0, 1, 100, dtype=np.float32)[:, None].repeat(10, axis=1)
    masks = [down >= 0.62, down >= 0.58, np.zeros_like(down, np.bool_)]
    level = tuned_threshold([down] * 3, masks)
    assert level == pytest.approx(0.6)
    assert localise(down, down >= level, threshold=level).tuned_iou == 1


def test_threshold_cannot_be_tuned_on_empty_masks():
    with pytest.raises(ValueError, match="not empty"):
        tuned_threshold([random_map(0)], [np.zeros(SHAPE, np.bool_)])


def test_map_on_the_finding_stands_above_random_maps():
    down, across = np.mgrid[:20, :28]
    values = np.exp(-((down - 7) ** 2 + (across - 10) ** 2) / 20).astype(np.float32)
    found, nulls = localise(values, box()), localisation_nulls(values, box(), count=30)
    placed = against_random(found, nulls)
    assert len(nulls.random) == 30
    assert placed["mass_accuracy"].percentile > 95
    assert placed["average_precision"].percentile > 95
    assert "mask_share" not in placed
    assert "tuned_iou" not in placed


def test_random_maps_reach_what_chance_gives():
    mask = np.zeros(SHAPE, np.bool_)
    mask[:, :14] = True
    nulls = localisation_nulls(random_map(0), mask, count=60, seed=1)
    assert np.mean([one.mass_accuracy for one in nulls.random]) == pytest.approx(0.5, abs=0.05)
    assert np.mean([one.pointing for one in nulls.random]) == pytest.approx(0.5, abs=0.2)


def test_centre_finds_what_is_in_the_middle():
    middle = box(5, 7, 10, 14)
    assert localisation_nulls(random_map(0), middle, count=1).centre.pointing == 1


def test_nulls_of_a_constant_map_are_defined():
    flat = np.zeros((7, 7), np.float32)
    nulls = localisation_nulls(flat, box(), threshold=0.5, count=3)
    for placed in against_random(localise(flat, box(), threshold=0.5), nulls).values():
        assert (placed.percentile, placed.z) == (50, None)

from dataclasses import asdict

import numpy as np
import pytest

from medkd_core.explanation.agreement import (
    agreement,
    different_images,
    random_maps,
    standing,
    standings,
)


def random_map(shape, seed):
    return np.random.default_rng(seed).random(shape).astype(np.float32)


def smooth_map(seed, side=8):
    coarse = random_map((3, 3), seed)
    return np.kron(coarse, np.ones((side // 2, side // 2), np.float32))


def test_percentile_is_the_share_of_the_null_below():
    found = standing(0.75, [0.1, 0.2, 0.3, 0.9])
    assert (found.percentile, found.samples, found.median) == (75, 4, pytest.approx(0.25))


def test_equal_values_count_half():
    assert standing(1.0, [1.0, 1.0]).percentile == 50


def test_z_counts_standard_deviations_of_the_null():
    null = [0.0, 1.0, 2.0]
    assert standing(3.0, null).z == pytest.approx((3 - 1) / np.std(null, ddof=1))


@pytest.mark.parametrize("null", [[0.5], [0.5, 0.5, 0.5]])
def test_null_without_spread_has_no_z(null):
    assert standing(0.7, null).z is None
    assert standing(0.7, null).percentile == 100


def test_few_samples_are_said():
    assert standing(0.5, list(np.linspace(0, 1, 19))).few
    assert not standing(0.5, list(np.linspace(0, 1, 20))).few


@pytest.mark.parametrize(("observed", "null"), [(0.5, []), (0.5, [np.nan]), (np.inf, [0.5])])
def test_no_null_is_refused(observed, null):
    with pytest.raises(ValueError, match="finite"):
        standing(observed, null)


def test_networks_that_follow_the_image_stand_above_other_images():
    images = [smooth_map(seed) for seed in range(12)]
    noisy = [np.clip(m + 0.1 * random_map(m.shape, 50), 0, 1) for m in images]
    placed = standings(agreement(images[0], noisy[0]), different_images(images, noisy))
    assert placed["spearman"].percentile > 95
    assert placed["spearman"].samples == 12 * 11
    assert placed["peak_distance"].percentile < 50


def test_networks_that_always_look_at_one_place_do_not_stand_above_other_images():
    maps = [smooth_map(0)] * 5
    placed = standings(agreement(maps[0], maps[0]), different_images(maps, maps))
    assert placed["spearman"].percentile == 50
    assert placed["spearman"].z is None


def test_other_images_are_never_the_same_one():
    first = [np.eye(4, dtype=np.float32) * (i + 1) for i in range(4)]
    markers = [random_map((4, 4), i) for i in range(4)]
    own = [agreement(a, b).spearman for a, b in zip(first, markers, strict=True)]
    pairs = {round(found.spearman, 9) for found in different_images(first, markers)}
    every = {round(agreement(first[0], m).spearman, 9) for m in markers}
    assert len(different_images(first, markers)) == 12
    assert pairs == every
    assert len(own) == 4


def test_drawn_pairs_are_the_same_for_the_same_seed():
    maps = [smooth_map(seed) for seed in range(6)]
    one, again, other = (different_images(maps, maps, most=5, seed=seed) for seed in (1, 1, 2))
    assert len(one) == 5
    assert one == again
    assert one != other


@pytest.mark.parametrize(("first", "second"), [(1, 1), (0, 0), (3, 2)])
def test_too_few_images_are_refused(first, second):
    with pytest.raises(ValueError, match="two or more"):
        different_images([smooth_map(0)] * first, [smooth_map(0)] * second)


def test_random_maps_agree_with_nothing_in_particular():
    null = random_maps(smooth_map(0), smooth_map(1), count=101)
    values = [found.spearman for found in null]
    assert len(values) == 101
    assert abs(np.mean(values)) < 0.15
    assert np.std(values) > 0.1


def test_constant_maps_have_defined_nulls():
    flat = np.zeros((7, 7), np.float32)
    placed = standings(agreement(flat, smooth_map(0)), random_maps(flat, smooth_map(0), count=6))
    for found in placed.values():
        assert np.isfinite([found.observed, found.median, found.percentile]).all()
    assert asdict(placed["spearman"])["z"] is None

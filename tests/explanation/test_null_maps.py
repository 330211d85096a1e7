import numpy as np
import pytest

from medkd_core.explanation.null_maps import centre_blob, random_maps_like


def roughness(values):
    """Mean squared step between neighbours, in variances."""
    steps = (np.diff(values, axis=0) ** 2).mean() + (np.diff(values, axis=1) ** 2).mean()
    return steps / values.var()


@pytest.fixture
def bump():
    down, across = np.mgrid[:24, :31]
    return np.exp(-((down - 5) ** 2 + (across - 22) ** 2) / 60).astype(np.float32)


def test_random_maps_have_the_maps_own_values(bump):
    for drawn in random_maps_like(bump, 5, seed=0):
        np.testing.assert_array_equal(np.sort(drawn, axis=None), np.sort(bump, axis=None))


def test_random_maps_are_about_as_rough_as_the_map(bump):
    drawn = random_maps_like(bump, 30, seed=0)
    noise = np.random.default_rng(0).random(bump.shape)
    assert 1 / 3 < np.median([roughness(one) for one in drawn]) / roughness(bump) < 3
    assert roughness(noise) > 20 * roughness(bump)


def test_random_maps_peak_anywhere(bump):
    peaks = [
        np.unravel_index(one.argmax(), one.shape) for one in random_maps_like(bump, 200, seed=1)
    ]
    shares = np.array(peaks) / bump.shape
    assert (np.abs(shares.mean(axis=0) - 0.5) < 0.1).all()
    assert (shares.std(axis=0) > 0.2).all()


def test_opposite_edges_of_a_random_map_are_not_tied(bump):
    drawn = random_maps_like(bump, 200, seed=2)
    assert abs(np.corrcoef(drawn[:, 12, 0], drawn[:, 12, -1])[0, 1]) < 0.5
    assert np.corrcoef(drawn[:, 12, 0], drawn[:, 12, 1])[0, 1] > 0.9


def test_same_seed_draws_the_same_maps(bump):
    np.testing.assert_array_equal(
        random_maps_like(bump, 3, seed=4), random_maps_like(bump, 3, seed=4)
    )
    assert (random_maps_like(bump, 3, seed=4) != random_maps_like(bump, 3, seed=5)).any()


@pytest.mark.parametrize("shape", [(1, 1), (3, 3), (1, 6), (5, 8)])
def test_constant_map_gives_itself(shape):
    flat = np.full(shape, 0.3, np.float32)
    np.testing.assert_array_equal(random_maps_like(flat, 2, seed=0), [flat, flat])


@pytest.mark.parametrize("shape", [(1, 1), (7, 7), (30, 20)])
def test_blob_is_highest_in_the_middle_and_even_on_all_sides(shape):
    blob = centre_blob(shape)
    assert blob.shape == shape
    assert blob.max() == 1
    np.testing.assert_allclose(blob, blob[::-1, ::-1])
    assert np.argwhere(blob == 1).mean(axis=0) + 0.5 == pytest.approx(np.array(shape) / 2)

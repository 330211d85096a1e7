import numpy as np
import pytest

from medkd_core.explanation.faithfulness import adcc
from medkd_core.explanation.faithfulness.curves import area, step_shares
from medkd_core.explanation.faithfulness.imputation import impute
from medkd_core.explanation.faithfulness.ordering import (
    first_removed,
    pixel_order,
    with_values_of,
)


@pytest.fixture
def generator():
    return np.random.default_rng(0)


def test_average_drop_is_the_share_that_is_lost():
    assert adcc.average_drop(0.8, 0.6) == pytest.approx(0.25)
    assert adcc.average_drop(0.8, 0.9) == 0
    assert adcc.average_drop(0.0, 0.0) == 0


def test_increase_is_only_where_the_map_shows_more():
    assert (adcc.increase(0.5, 0.6), adcc.increase(0.5, 0.5)) == (1, 0)


def test_adcc_is_the_harmonic_mean_and_0_where_a_part_is():
    assert adcc.adcc(drop=0.5, coherence=1, complex_share=0.75) == pytest.approx(3 / (1 + 4 + 2))
    assert adcc.adcc(drop=1, coherence=1, complex_share=0.5) == 0


def test_coherency_of_a_map_with_itself_its_negative_and_a_flat_one():
    values = np.random.default_rng(0).random((6, 5)).astype(np.float32)
    assert adcc.coherency(values, values) == pytest.approx(1)
    assert adcc.coherency(values, 1 - values) == pytest.approx(0, abs=1e-7)
    assert adcc.coherency(values, np.full_like(values, 0.3)) is None


def test_one_pixel_is_sparse_and_has_no_entropy_a_flat_map_is_the_opposite():
    peak = np.zeros((10, 10), np.float32)
    peak[3, 4] = 1
    flat = np.full((10, 10), 0.5, np.float32)
    assert (adcc.sparseness(peak), adcc.entropy(peak)) == (pytest.approx(0.99), 0)
    assert adcc.sparseness(flat) == pytest.approx(0)
    assert adcc.entropy(flat) == pytest.approx(np.log(100))


def test_area_is_that_of_the_published_code():
    values = np.random.default_rng(0).random(9)
    published = (values.sum() - values[0] / 2 - values[-1] / 2) / 8
    assert area(step_shares(8), values) == pytest.approx(published)


def test_pixels_are_taken_from_the_highest_down(generator):
    values = np.array([[0.1, 0.9], [0.5, 0.3]], np.float32)
    assert pixel_order(values, generator).tolist() == [1, 2, 3, 0]


def test_equal_values_are_taken_from_anywhere_and_the_same_each_time():
    flat = np.zeros((40, 40), np.float32)
    first, again = (pixel_order(flat, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert abs(first[:800].mean() - 799.5) < 60


def test_what_is_removed_grows_by_what_the_order_names_next():
    few, more = first_removed(np.array([3, 0, 2, 1]), [1, 3], (2, 2))
    assert few.tolist() == [[False, False], [False, True]]
    assert more.tolist() == [[True, False], [True, True]]


def test_a_null_has_the_maps_values_in_its_own_places(generator):
    values, other = (generator.random((7, 5)).astype(np.float32) for _ in range(2))
    order = pixel_order(other, generator)
    laid = with_values_of(order, values)
    np.testing.assert_array_equal(np.sort(laid, axis=None), np.sort(values, axis=None))
    np.testing.assert_array_equal(pixel_order(laid, generator), order)


def test_missing_pixels_of_a_plane_are_found_again(generator):
    down, across = np.mgrid[:20, :24].astype(np.float32)
    plane = np.stack([down, across, 2 * down - across])
    missing = np.zeros((20, 24), np.bool_)
    missing[4:15, 3:20] = True
    filled = impute(np.where(missing, np.float32(99), plane), missing, generator, noise=0)
    np.testing.assert_allclose(filled, plane, atol=1e-4)


def test_hole_at_the_edge_takes_the_value_around_it(generator):
    flat = np.full((3, 9, 9), 2, np.float32)
    missing = np.zeros((9, 9), np.bool_)
    missing[:5, :7] = True
    np.testing.assert_allclose(impute(flat, missing, generator, noise=0), flat, atol=1e-5)


def test_noise_is_added_to_missing_pixels_only(generator):
    flat = np.full((3, 30, 30), 2, np.float32)
    missing = np.zeros((30, 30), np.bool_)
    missing[:, :20] = True
    filled = impute(flat, missing, generator, noise=0.1)
    np.testing.assert_array_equal(filled[:, ~missing], flat[:, ~missing])
    assert filled[:, missing].std() == pytest.approx(0.1, rel=0.1)


def test_nothing_missing_leaves_the_picture(generator):
    image = generator.random((3, 4, 4)).astype(np.float32)
    np.testing.assert_array_equal(impute(image, np.zeros((4, 4), np.bool_), generator), image)

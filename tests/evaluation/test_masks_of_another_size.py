"""A mask need not have its film's size."""

import numpy as np
import pytest

from medkd_core.evaluation.map_measures import Masks, mask_measures


def test_a_mask_of_another_size_measures_as_one_of_the_films_size() -> None:
    overlay = np.random.default_rng(0).random((60, 80), np.float32)
    mask = np.zeros((60, 80), bool)
    mask[20:40, 24:56] = True
    small = mask[::2, ::4]
    assert small.shape == (30, 20)
    exact = mask_measures(overlay, Masks(mask, mask), seed=1)
    fitted = mask_measures(overlay, Masks(small, small), seed=1)
    assert len(exact) == 6
    for one, other in zip(exact, fitted, strict=True):
        assert other.value == pytest.approx(one.value)


@pytest.mark.parametrize("shape", [(8, 10_000), (10_000, 8), (3000, 2000)])
def test_films_of_any_shape_are_measured_and_thin_findings_are_not_lost(
    shape: tuple[int, int],
) -> None:
    rows, columns = np.linspace(0, 1, shape[0]), np.linspace(0, 1, shape[1])
    overlay = np.minimum.outer(rows, columns).astype(np.float32)
    mask = np.zeros(shape, bool)
    mask[shape[0] // 2, shape[1] // 2] = True
    measured = mask_measures(overlay, Masks(mask, mask), seed=1)
    assert all(one.value is not None for one in measured)

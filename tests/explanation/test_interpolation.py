import numpy as np
import pytest
import torch

from medkd_core.explanation.interpolation import (
    interpolation_matrices,
    interpolation_matrix,
    on_grid,
)


@pytest.mark.parametrize("align_corners", [True, False])
@pytest.mark.parametrize(
    ("fine", "coarse"),
    [((224, 224), (7, 7)), ((236, 60), (8, 5)), ((9, 4), (1, 3)), ((3, 5), (6, 9))],
)
def test_matrices_upsample_as_torch_does(fine, coarse, align_corners):
    values = np.random.default_rng(3).normal(size=coarse).astype(np.float32)
    rows, columns = interpolation_matrices(fine, coarse, align_corners=align_corners)
    expected = torch.nn.functional.interpolate(
        torch.from_numpy(values)[None, None], fine, mode="bilinear", align_corners=align_corners
    )
    assert rows.dtype == columns.dtype == np.float32
    np.testing.assert_allclose(rows @ values @ columns.T, expected[0, 0].numpy(), atol=3e-6)


@pytest.mark.parametrize("align_corners", [True, False])
def test_weights_of_every_pixel_sum_to_one(align_corners):
    matrix = interpolation_matrix(236, 8, align_corners=align_corners)
    np.testing.assert_allclose(matrix.sum(axis=1), 1, atol=1e-6)
    assert matrix.min() >= 0


def test_one_output_with_aligned_corners_takes_the_first_value():
    assert interpolation_matrix(1, 4, align_corners=True).tolist() == [[1, 0, 0, 0]]


def test_map_on_another_grid_is_interpolated_between_the_centres_of_its_cells():
    values = np.random.default_rng(4).random((3, 5)).astype(np.float32)
    expected = torch.nn.functional.interpolate(
        torch.from_numpy(values)[None, None], (7, 11), mode="bilinear", align_corners=False
    )
    np.testing.assert_allclose(on_grid(values, (7, 11)), expected[0, 0], atol=1e-6)
    np.testing.assert_array_equal(on_grid(values, (3, 5)), values)


def test_constant_map_stays_exactly_constant_on_any_grid():
    for level in np.linspace(0, 1, 11, dtype=np.float32):
        assert np.ptp(on_grid(np.full((3, 7), level), (13, 9))) == 0

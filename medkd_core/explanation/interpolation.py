"""Bilinear up-sampling as two matrices, so that it can be done inside an engine."""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike, NDArray

FloatArray = NDArray[np.float32]


def interpolation_matrix(
    fine: int, coarse: int, *, align_corners: bool, dtype: DTypeLike = np.float32
) -> FloatArray:
    """Weights that make `fine` linearly interpolated values of `coarse` ones.

    Parameters
    ----------
    fine, coarse : int
        Numbers of output and of input values, both at least 1.
    align_corners : bool
        True: the first and last values of both grids coincide. False: both grids cover the same
        length and values sit at cell centres; beyond the outermost centre the end value is kept.
    dtype : data type, optional
        Of the matrix.

    Returns
    -------
    float32 or `dtype`, (fine, coarse), [0, 1]
        Each row sums to 1. Same convention as ``torch.nn.functional.interpolate``.
    """
    position = np.arange(fine, dtype=np.float64)
    if align_corners:
        source = position * ((coarse - 1) / max(fine - 1, 1))
    else:
        source = (position + 0.5) * (coarse / fine) - 0.5
    source = np.clip(source, 0, coarse - 1)
    lower = np.floor(source).astype(np.intp)
    upper = np.minimum(lower + 1, coarse - 1)
    fraction = source - lower
    matrix = np.zeros((fine, coarse))
    rows = np.arange(fine)
    matrix[rows, lower] = 1 - fraction
    matrix[rows, upper] += fraction
    return np.asarray(matrix, dtype)


def interpolation_matrices(
    fine: tuple[int, int],
    coarse: tuple[int, int],
    *,
    align_corners: bool,
    dtype: DTypeLike = np.float32,
) -> tuple[FloatArray, FloatArray]:
    """Matrices R (H, h) and C (W, w) so that ``R @ map @ C.T`` up-samples a map bilinearly.

    Parameters
    ----------
    fine, coarse : (int, int)
        Height and width of the full-size picture (H, W) and of the map (h, w).
    align_corners, dtype
        See `interpolation_matrix`.
    """
    return (
        interpolation_matrix(fine[0], coarse[0], align_corners=align_corners, dtype=dtype),
        interpolation_matrix(fine[1], coarse[1], align_corners=align_corners, dtype=dtype),
    )


def on_grid(values: FloatArray, grid: tuple[int, int]) -> NDArray[np.float64]:
    """A map (h, w) on another grid that covers the same image.

    Interpolated linearly between the centres of its cells. A constant map stays exactly constant,
    which the rounding of the weights would undo.

    Returns
    -------
    float64, of the grid's height and width
    """
    if values.shape == grid:
        return values.astype(np.float64)
    if not np.ptp(values):
        return np.full(grid, values.flat[0], np.float64)
    rows, columns = interpolation_matrices(
        grid, values.shape, align_corners=False, dtype=np.float64
    )
    return np.asarray(rows @ values.astype(np.float64) @ columns.T)

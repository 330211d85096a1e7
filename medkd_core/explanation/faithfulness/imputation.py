"""Filling in missing pixels from their neighbours, so that their outline does not tell of them.

Noisy linear imputation (Rong et al., ROAD, ICML 2022, arXiv:2202.00449): each missing
pixel is the weighted mean of its eight neighbours, missing or not, plus noise.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
DoubleArray = NDArray[np.float64]
IndexArray = NDArray[np.intp]

NOISE = 0.01
"""Standard deviation of the noise in normalised units, as in the paper's code."""

_STRAIGHT, _DIAGONAL = 1 / 6, 1 / 12
_NEIGHBOURS = {
    (down, across): _DIAGONAL if down and across else _STRAIGHT
    for down in (-1, 0, 1)
    for across in (-1, 0, 1)
    if down or across
}
_KNOWN, _OUTSIDE = -1, -2


def impute(
    image: FloatArray,
    missing: NDArray[np.bool_],
    generator: np.random.Generator,
    noise: float = NOISE,
) -> FloatArray:
    """Fill in the missing pixels of a picture.

    Parameters
    ----------
    image : float32, (3, H, W)
    missing : bool, (H, W)
        Not all of them.
    generator : numpy.random.Generator
        Of the noise.
    noise : float, at least 0
        Its standard deviation.

    Returns
    -------
    float32, (3, H, W)
    """
    filled = image.copy()
    if missing.any():
        values = _solution(image, missing).T
        filled[:, missing] = values + noise * generator.standard_normal(values.shape)
    return filled


def _solution(image: FloatArray, missing: NDArray[np.bool_]) -> DoubleArray:
    """Values (n, 3) of the missing pixels: each the weighted mean of its neighbours inside."""
    # Imported here: the window does not wait for it.
    from scipy.sparse import csc_matrix
    from scipy.sparse.linalg import splu

    entries, known_sum = _equations(image, missing)
    # Symmetric and diagonally dominant: no pivoting, and an ordering for symmetric matrices.
    factors = splu(
        csc_matrix(entries, shape=(len(known_sum), len(known_sum))),
        permc_spec="MMD_AT_PLUS_A",
        diag_pivot_thresh=0,
        options={"SymmetricMode": True},
    )
    return np.asarray(factors.solve(known_sum))


def _equations(
    image: FloatArray, missing: NDArray[np.bool_]
) -> tuple[tuple[DoubleArray, tuple[IndexArray, IndexArray]], DoubleArray]:
    """One equation for each missing pixel: matrix entries ((values, (row, column)), right side)."""
    count = int(missing.sum())
    number = np.pad(np.full(missing.shape, _KNOWN), 1, constant_values=_OUTSIDE)
    number[1:-1, 1:-1][missing] = np.arange(count)
    padded = np.pad(image.astype(np.float64), ((0, 0), (1, 1), (1, 1)))
    down, across = np.nonzero(number >= 0)
    weight_inside, known_sum = np.zeros(count), np.zeros((count, len(image)))
    entries = []
    for (step_down, step_across), weight in _NEIGHBOURS.items():
        place = down + step_down, across + step_across
        neighbour = number[place]
        weight_inside += weight * (neighbour != _OUTSIDE)
        known = neighbour == _KNOWN
        known_sum[known] += weight * padded[:, place[0][known], place[1][known]].T
        unknown = np.flatnonzero(neighbour >= 0)
        entries.append((np.full(unknown.size, -weight), unknown, neighbour[unknown]))
    entries.append((weight_inside, np.arange(count), np.arange(count)))
    values, row, column = (np.concatenate(part) for part in zip(*entries, strict=True))
    return (values, (row, column)), known_sum

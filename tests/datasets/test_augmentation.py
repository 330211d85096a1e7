"""Augmentation: the same for equal seeds, kind to films, and made of maps as of images."""

import cv2
import numpy as np
import pytest

from medkd_core.datasets.augmentation import (
    AugmentationKind,
    apply_change,
    augment_batch,
    draw_change,
    warp_maps,
)
from medkd_core.datasets.stain import jitter_stain

KINDS: list[AugmentationKind] = ["film", "tissue"]


def changed(square: np.ndarray, seed: int, kind: AugmentationKind) -> np.ndarray:
    return apply_change(square, draw_change(np.random.default_rng(seed), kind))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("shape", [(32, 32), (32, 32, 3)])
def test_augmented_square_keeps_type_shape_and_range(
    kind: AugmentationKind, dtype: type, shape: tuple[int, ...]
) -> None:
    white = 255 if dtype is np.uint8 else 1
    square = (np.random.default_rng(0).random(shape) * white).astype(dtype)
    after = changed(square, 1, kind)
    assert after.dtype == dtype
    assert after.shape == shape
    assert after.min() >= 0
    assert after.max() <= white
    assert not np.array_equal(after, square)


def test_what_happens_to_an_image_depends_on_seed_view_and_index_alone() -> None:
    squares = np.random.default_rng(0).integers(0, 255, (3, 24, 24), np.uint8)
    together = augment_batch(squares, [4, 5, 6], view=2, seed=7, kind="film")
    alone = augment_batch(squares[1:2], [5], view=2, seed=7, kind="film")
    another_view = augment_batch(squares[1:2], [5], view=3, seed=7, kind="film")
    another_seed = augment_batch(squares[1:2], [5], view=2, seed=8, kind="film")
    another_image = augment_batch(squares[1:2], [6], view=2, seed=7, kind="film")
    assert np.array_equal(together[1], alone[0])
    assert not np.array_equal(alone, another_view)
    assert not np.array_equal(alone, another_seed)
    assert not np.array_equal(alone, another_image)


def bright_corner(side: int = 33) -> np.ndarray:
    square = np.full((side, side), 0.3, np.float32)
    square[: side // 2, : side // 2] = 0.8
    return square


def brightest_quarter(square: np.ndarray) -> int:
    half = square.shape[0] // 2
    quarters = [
        square[:half, :half],
        square[:half, -half:],
        square[-half:, :half],
        square[-half:, -half:],
    ]
    return int(np.argmax([quarter.mean() for quarter in quarters]))


def test_films_are_never_mirrored_and_tissue_is() -> None:
    seen = {
        kind: {brightest_quarter(changed(bright_corner(), seed, kind)) for seed in range(40)}
        for kind in KINDS
    }
    assert seen["film"] == {0}
    assert seen["tissue"] == {0, 1, 2, 3}


def test_augmentation_paints_no_black_corners() -> None:
    for seed in range(20):
        assert changed(np.full((32, 32), 0.6, np.float32), seed, "film").min() > 0.25


def middle_of(weights: np.ndarray) -> np.ndarray:
    """Centre of mass, in cells from the upper left corner of the first."""
    rows, columns = np.indices(weights.shape) + 0.5
    return np.array([(rows * weights).sum(), (columns * weights).sum()]) / weights.sum()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("cells", [7, 14])
def test_a_warped_map_points_where_the_augmented_image_shows_it(
    kind: AugmentationKind, cells: int
) -> None:
    side, images = 112, 25
    rng = np.random.default_rng(cells)
    squares = np.zeros((images, side, side), np.float32)
    for square in squares:
        row, column = rng.integers(30, 82, 2)
        square[row - 4 : row + 4, column - 4 : column + 4] = 1
    area = cv2.INTER_AREA
    maps = np.stack([cv2.resize(square, (cells, cells), interpolation=area) for square in squares])
    indices = range(images)
    seen = augment_batch(squares, indices, view=1, seed=5, kind=kind)
    warped = warp_maps(maps, indices, view=1, seed=5, kind=kind)
    for image, moved in zip(seen, warped, strict=True):
        shown = middle_of(np.where(image > 0.5, image, 0)) * cells / side
        assert np.abs(middle_of(moved) - shown).max() < 0.5


def test_a_warped_map_keeps_its_shape_and_range() -> None:
    maps = np.random.default_rng(0).random((1, 7, 7), np.float32)
    seeds = range(30)
    warped = [warp_maps(maps, [0], view=0, seed=seed, kind="tissue")[0] for seed in seeds]
    assert all(moved.dtype == np.float32 and moved.shape == (7, 7) for moved in warped)
    assert all(maps.min() <= moved.min() and moved.max() <= maps.max() for moved in warped)


def test_stain_jitter_without_jitter_changes_nothing() -> None:
    picture = np.random.default_rng(0).random((8, 8, 3), np.float32)
    same = jitter_stain(picture, (1, 1, 1), (0, 0, 0))
    assert np.abs(same - np.maximum(picture, 1 / 255)).max() < 1e-5


def test_more_of_one_dye_darkens_by_that_dyes_densities() -> None:
    white = np.ones((4, 4, 3), np.float32)
    eosin = np.array([0.07, 0.99, 0.11]) / np.linalg.norm([0.07, 0.99, 0.11])
    dyed = jitter_stain(white, (1, 1, 1), (0, 0.3, 0))
    assert dyed[0, 0] == pytest.approx(10 ** (-0.3 * eosin), abs=1e-5)
    twice = jitter_stain(dyed, (1, 2, 1), (0, 0, 0))
    assert twice[0, 0] == pytest.approx(10 ** (-0.6 * eosin), abs=1e-5)


def test_tissue_is_stained_otherwise_and_grey_tissue_stays_grey() -> None:
    changes = [draw_change(np.random.default_rng(seed), "tissue") for seed in range(50)]
    factors = np.array([change.stain_factors for change in changes])
    assert 0.95 <= factors.min() < 0.97
    assert 1.03 < factors.max() <= 1.05
    assert draw_change(np.random.default_rng(0), "film").stain_factors is None
    assert changed(np.full((8, 8), 0.5, np.float32), 3, "tissue").shape == (8, 8)

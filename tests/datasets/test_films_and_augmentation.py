"""Squares for training: decoded like reading does, augmented the same for equal seeds."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from medkd_core.datasets.augmentation import AugmentationKind, augment, augment_batch
from medkd_core.datasets.films import load_squares
from medkd_core.datasets.phantom import draw_phantom
from medkd_core.datasets.phantom_files import write_png
from medkd_core.datasets.record import Record
from medkd_core.errors import DatasetError
from medkd_core.imaging.preprocessing import fitted_square, view_image
from medkd_core.imaging.reading import read_frame
from medkd_core.imaging.recipe import View

VIEW = View()


def record(path: Path) -> Record:
    return Record(path, "Normal", "train", path.name)


@pytest.fixture
def film(tmp_path: Path) -> Record:
    write_png(tmp_path / "film.png", draw_phantom(2, "Normal", 96))
    return record(tmp_path / "film.png")


def test_squares_are_what_reading_gives_a_network(film: Record) -> None:
    squares = load_squares([film], VIEW, 64, "bilinear")
    read = fitted_square(view_image(read_frame(film.path), VIEW), VIEW, 64, "bilinear")
    assert squares.shape == (1, 64, 64)
    assert squares.dtype == np.uint8
    assert np.abs(squares[0] / 255 - read).max() <= 0.5 / 255 + 1e-6


def test_a_coloured_image_makes_the_whole_array_coloured(film: Record, tmp_path: Path) -> None:
    pixels = np.zeros((8, 8, 3), np.uint8)
    pixels[..., 0] = 255
    Image.fromarray(pixels).save(tmp_path / "red.png")
    squares = load_squares([film, record(tmp_path / "red.png"), film], VIEW, 16, "bilinear")
    assert squares.shape == (3, 16, 16, 3)
    assert squares[1, 8, 8].tolist() == [255, 0, 0]
    assert np.array_equal(squares[0], squares[2])
    assert (squares[0, ..., 0] == squares[0, ..., 2]).all()


def test_progress_counts_every_image(film: Record) -> None:
    told: list[tuple[int, int]] = []
    load_squares([film] * 3, VIEW, 16, "bilinear", progress=lambda *step: told.append(step))
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_damaged_image_is_named(film: Record, tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(film.path.read_bytes()[:200])
    with pytest.raises(DatasetError, match=r"broken\.png.*take it out"):
        load_squares([film, record(broken)], VIEW, 16, "bilinear")


@pytest.mark.parametrize("kind", ["film", "tissue"])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("shape", [(32, 32), (32, 32, 3)])
def test_augmented_square_keeps_type_shape_and_range(
    kind: AugmentationKind, dtype: type, shape: tuple[int, ...]
) -> None:
    square = (np.random.default_rng(0).random(shape) * (255 if dtype is np.uint8 else 1)).astype(
        dtype
    )
    changed = augment(square, np.random.default_rng(1), kind)
    assert changed.dtype == dtype
    assert changed.shape == shape
    assert changed.min() >= 0
    assert changed.max() <= (255 if dtype is np.uint8 else 1)
    assert not np.array_equal(changed, square)


def test_what_happens_to_an_image_depends_on_seed_epoch_and_index_alone() -> None:
    squares = np.random.default_rng(0).integers(0, 255, (3, 24, 24), np.uint8)
    together = augment_batch(squares, [4, 5, 6], epoch=2, seed=7, kind="film")
    alone = augment_batch(squares[1:2], [5], epoch=2, seed=7, kind="film")
    later = augment_batch(squares[1:2], [5], epoch=3, seed=7, kind="film")
    assert np.array_equal(together[1], alone[0])
    assert not np.array_equal(alone, later)


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
    seen: dict[str, set[int]] = {"film": set(), "tissue": set()}
    for kind in ("film", "tissue"):
        for seed in range(40):
            changed = augment(bright_corner(), np.random.default_rng(seed), kind)  # type: ignore[arg-type]
            seen[kind].add(brightest_quarter(changed))
    assert seen["film"] == {0}
    assert seen["tissue"] == {0, 1, 2, 3}


def test_augmentation_paints_no_black_corners() -> None:
    for seed in range(20):
        changed = augment(np.full((32, 32), 0.6, np.float32), np.random.default_rng(seed), "film")
        assert changed.min() > 0.25

"""Squares for training: decoded like reading does, kept on disk, never wrong ones."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

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

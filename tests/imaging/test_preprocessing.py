from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from medkd_core.imaging.frame import Frame, Photometric, Window
from medkd_core.imaging.preprocessing import (
    fitted_square,
    map_to_image,
    network_input,
    normalise,
    view_image,
)
from medkd_core.imaging.recipe import InputRecipe, View

RANDOM = np.random.default_rng(3)
RECIPE = InputRecipe(size=224)
FITS = ["stretch", "letterbox", "crop"]
SHAPES = [(300, 300), (500, 240), (240, 500), (97, 331)]


def seen_extent(fit: str, shape: tuple[int, int]) -> tuple[NDArray, NDArray]:
    """First pixel and number of pixels that a network sees, down and across."""
    extent = np.array([min(shape)] * 2 if fit == "crop" else shape)
    return (np.array(shape) - extent) // 2, extent


def square_extent(fit: str, shape: tuple[int, int]) -> NDArray:
    """Height and width of a network's square in pixels of the film."""
    sides = {"stretch": shape, "letterbox": (max(shape),) * 2, "crop": (min(shape),) * 2}
    return np.array(sides[fit])


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("shape", [*SHAPES, (61, 37), (900, 640)])
@pytest.mark.parametrize("cells", [7, 14, 224])
def test_impulse_comes_back_within_one_cell(fit: str, shape: tuple[int, int], cells: int) -> None:
    """224 cells are those of a map of the network's input."""
    view = View(fit=fit)
    first, extent = seen_extent(fit, shape)
    reach = square_extent(fit, shape) / cells
    for place in np.random.default_rng(cells).random((8, 2)):
        row, column = first + np.floor(place * extent).astype(int)
        image = np.zeros(shape, np.float32)
        image[row, column] = 1
        square = fitted_square(image, view, RECIPE.size, "bilinear")
        pooled = square.reshape(cells, 224 // cells, cells, 224 // cells).sum((1, 3))
        back = map_to_image(pooled, view, RECIPE, *shape)
        found = np.argwhere(back == back.max()).mean(0)
        assert (np.abs(found - (row, column)) <= np.maximum(1, reach)).all()


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("shape", [(240, 500), (61, 37), (900, 640), (8, 8)])
@pytest.mark.parametrize("cells", [(7, 7), (14, 9), (224, 224)])
def test_every_cell_lies_where_the_network_saw_it(
    fit: str, shape: tuple[int, int], cells: tuple[int, int]
) -> None:
    view = View(fit=fit)
    film = fitted_square(np.ones(shape, np.float32), view, RECIPE.size, "bilinear")
    reach = np.maximum(1, cells / square_extent(fit, shape))
    for pixel in np.random.default_rng(cells).permutation(np.argwhere(film > 0))[:8]:
        native = np.zeros(cells, np.float32)
        cell = tuple((pixel + 0.5) * cells // 224)
        native[tuple(map(int, cell))] = 1
        back = map_to_image(native, view, RECIPE, *shape)
        assert back.max() > 0
        seen_again = fitted_square(back, view, RECIPE.size, "bilinear")
        found = (np.argwhere(seen_again == seen_again.max()).mean(0) + 0.5) / 224 * cells
        assert (np.abs(found - np.array(cell) - 0.5) <= reach).all()


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("shape", SHAPES)
def test_even_map_covers_exactly_what_the_network_saw(fit: str, shape: tuple[int, int]) -> None:
    back = map_to_image(np.ones((7, 7), np.float32), View(fit=fit), RECIPE, *shape)
    assert back.shape == shape
    assert back.dtype == np.float32
    expected = min(shape) ** 2 if fit == "crop" else shape[0] * shape[1]
    assert np.isin(back, [0, 1]).all()
    assert abs(back.sum() - expected) <= 2 * max(shape)


def test_map_is_interpolated_between_cell_centers() -> None:
    native = np.array([[0.0, 1.0]], np.float32)
    back = map_to_image(native, View(fit="stretch"), RECIPE, 1, 8)
    np.testing.assert_allclose(back[0], [0, 0, 0.125, 0.375, 0.625, 0.875, 1, 1], atol=1e-6)


def test_no_cell_is_passed_over_by_pixels_that_are_larger() -> None:
    native = RANDOM.random((224, 224)).astype(np.float32)
    back = map_to_image(native, View(fit="stretch"), RECIPE, 8, 28)
    cells = native.reshape(8, 28, 28, 8).mean((1, 3))
    assert np.corrcoef(back.ravel(), cells.ravel())[0, 1] > 0.7
    assert back.std() < 2 * cells.std()


def test_letterbox_bars_of_the_map_are_cut_away() -> None:
    native = np.zeros((8, 8), np.float32)
    native[:2] = native[-2:] = 5
    back = map_to_image(native, View(fit="letterbox"), RECIPE, 100, 400)
    assert back[20:-20].max() == 0


def test_letterbox_keeps_the_shape_and_adds_black_bars() -> None:
    square = fitted_square(np.ones((100, 200), np.float32), View(fit="letterbox"), 64, "bilinear")
    assert (square[16:48] == 1).all()
    assert not square[:16].any()
    assert not square[48:].any()


def test_crop_takes_the_central_square() -> None:
    image = np.zeros((40, 100), np.float32)
    image[:, 30:70] = 1
    assert fitted_square(image, View(fit="crop"), 20, "bicubic").min() == pytest.approx(1)


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
def test_stretch_is_pillows_own_antialiased_filter(interpolation: str) -> None:
    image = RANDOM.random((130, 70)).astype(np.float32)
    filters = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}
    expected = Image.fromarray(image).resize((32, 32), filters[interpolation])
    square = fitted_square(image, View(fit="stretch"), 32, interpolation)
    np.testing.assert_allclose(square, np.clip(expected, 0, 1))


def test_bicubic_overshoot_stays_between_black_and_white() -> None:
    image = np.zeros((30, 30), np.float32)
    image[:, 15:] = 1
    square = fitted_square(image, View(), 224, "bicubic")
    assert (square.min(), square.max()) == (0, 1)


def test_grey_is_repeated_over_the_channels_before_normalising() -> None:
    grey = RANDOM.random((16, 16)).astype(np.float32)
    recipe = InputRecipe(size=16)
    from_grey = normalise(grey, recipe)
    assert from_grey.shape == (3, 16, 16)
    assert from_grey.dtype == np.float32
    np.testing.assert_array_equal(from_grey, normalise(np.stack([grey] * 3, -1), recipe))
    np.testing.assert_allclose(from_grey[1], (grey - 0.456) / 0.224, rtol=1e-5)


@pytest.mark.parametrize("shape", [(50, 80), (50, 80, 3)])
def test_network_input_is_the_normalised_square(shape: tuple[int, ...]) -> None:
    image = RANDOM.random(shape).astype(np.float32)
    made = network_input(image, View(), RECIPE)
    square = fitted_square(image, View(), 224, "bilinear")
    assert made.shape == (3, 224, 224)
    np.testing.assert_array_equal(made, normalise(square, RECIPE))


def film(**more: object) -> Frame:
    stored = np.linspace(0, 4095, 2000).astype(np.uint16).reshape(40, 50)
    return Frame(stored, Photometric.MONOCHROME2, 12, **more)  # type: ignore[arg-type]


def test_view_looks_through_the_files_window() -> None:
    window = Window(1000, 100)
    image = view_image(film(voi=(window,)), View(intensity="voi"))
    assert np.mean((image > 0) & (image < 1)) < 0.05


def test_full_view_ignores_the_files_window() -> None:
    image = view_image(film(voi=(Window(1000, 100),)), View(intensity="full"))
    np.testing.assert_allclose(image, film().stored / 4095, atol=1e-6)


def test_percentiles_view_cuts_both_tails() -> None:
    view = View(intensity="percentiles", low_percentile=10, high_percentile=90)
    image = view_image(film(), view)
    assert np.mean(image == 0) == pytest.approx(0.1, abs=0.01)
    assert np.mean(image == 1) == pytest.approx(0.1, abs=0.01)


@pytest.mark.parametrize("intensity", ["voi", "percentiles", "full"])
def test_networks_see_air_dark_in_either_photometric(intensity: str) -> None:
    upright = film()
    inverted = Frame((4095 - upright.stored).astype("u2"), Photometric.MONOCHROME1, 12)
    view = View(intensity=intensity)  # type: ignore[arg-type]
    np.testing.assert_allclose(view_image(inverted, view), view_image(upright, view), atol=0.002)


def test_colour_is_seen_as_it_is() -> None:
    colour = RANDOM.integers(0, 256, (6, 5, 3)).astype(np.uint8)
    image = view_image(Frame(colour, Photometric.RGB, 8), View(intensity="percentiles"))
    np.testing.assert_allclose(image, colour / 255, atol=1e-6)

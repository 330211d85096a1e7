"""A network's map lies on the film where the network looked, however the film is shown."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from films_in_memory import film_of
from numpy.typing import NDArray

from medkd_core.imaging.frame import Spacing, SpacingBasis, Window
from medkd_core.imaging.preprocessing import fitted_square, map_to_image
from medkd_core.imaging.recipe import InputRecipe, View
from medkd_viewer.findings.results import MapStatus, NetworkMap, NetworkView
from medkd_viewer.reading.look import Look
from medkd_viewer.reading.map_layer import MapStyle, shrunk
from medkd_viewer.reading.network_pane import NetworkPane
from medkd_viewer.reading.state import ReadingState
from medkd_viewer.reading.viewport import Viewport, flipped, turned

RECIPE = InputRecipe(size=112)
CELLS = {"native": 7, "input": 112}
UPRIGHT_AND_TURNED = list(itertools.product(range(4), [False, True]))


def looked_at(fit: str, cells: int, shape: tuple[int, int], place: tuple[int, int]) -> NDArray:
    """The overlay of a network that looked at one pixel of a film, through the whole pipeline."""
    image = np.zeros(shape, np.float32)
    image[place] = 1
    view = View(fit=fit)
    square = fitted_square(image, view, RECIPE.size, "bilinear")
    each = RECIPE.size // cells
    seen = square.reshape(cells, each, cells, each).sum((1, 3))
    return map_to_image(seen / seen.max(), view, RECIPE, *shape)


@pytest.fixture
def shown(qtbot):
    """Shows a black film with a map in a pane; gives the pane."""

    def show(shape: tuple[int, int], overlay: NDArray, spacing: Spacing | None = None):
        state = ReadingState(Look())
        state.look.set_style(MapStyle(opacity=1, threshold=0.6))
        found = NetworkMap(shrunk(overlay), overlay, False, 1.0)
        pane = NetworkPane(state, NetworkView("n", "N", False, status=MapStatus.DONE, map=found))
        qtbot.addWidget(pane)
        pane.resize(420, 380)
        # A window above every value: the film is black, and all colour is the map's.
        state.show_film(film_of(shape=shape, spacing=spacing, voi=(Window(5000, 10),)))
        pane.show()
        return pane

    return show


def middle_of_the_map(pane: NetworkPane) -> NDArray:
    """Mean place in the pane of what the map colours."""
    image = pane.grab().toImage()
    image = image.convertToFormat(image.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    colours = rows[:, : image.width() * 3].reshape(image.height(), image.width(), 3).astype(int)
    left, top, width, height = (round(side) for side in pane.picture_area())
    # Without the violet frame.
    inside = np.ptp(colours, axis=2)[top + 2 : top + height - 2, left + 2 : left + width - 2]
    down, across = np.argwhere(inside > 20).mean(axis=0)
    return np.array([across + left + 2.5, down + top + 2.5])


def assert_map_lies_at(pane: NetworkPane, place: tuple[int, int], cell: NDArray) -> None:
    geometry = pane.geometry_now()
    wanted = geometry.to_pane(place[1] + 0.5, place[0] + 0.5)
    reach = np.abs(geometry.matrix[:, :2]) @ np.maximum(cell, 1)[::-1] + 1
    assert (np.abs(middle_of_the_map(pane) - wanted) <= reach).all()


def cell_size(fit: str, cells: int, shape: tuple[int, int]) -> NDArray:
    sides = {"stretch": shape, "letterbox": (max(shape),) * 2, "crop": (min(shape),) * 2}
    return np.array(sides[fit]) / cells


@pytest.mark.parametrize("fit", ["stretch", "letterbox", "crop"])
@pytest.mark.parametrize("resolution", CELLS)
@pytest.mark.parametrize("shape", [(150, 240), (260, 130)])
def test_map_turns_with_the_film(shown, fit, resolution, shape):
    cells = CELLS[resolution]
    margin = (np.array(shape) - min(shape)) // 2 if fit == "crop" else np.zeros(2, int)
    generator = np.random.default_rng([cells, *shape])
    place = tuple(generator.integers(margin + 5, np.array(shape) - margin - 5).tolist())
    pane = shown(shape, looked_at(fit, cells, shape, place))
    for turns, mirrored in UPRIGHT_AND_TURNED:
        middle = (shape[1] / 2, shape[0] / 2)
        pane.state.set_viewport(Viewport(middle, 1.0, turns, mirrored))
        assert_map_lies_at(pane, place, cell_size(fit, cells, shape))


def test_map_follows_zoom_turn_and_mirror_by_hand(shown):
    shape, place = (150, 240), (40, 180)
    pane = shown(shape, looked_at("letterbox", 112, shape, place))
    x, y = pane.geometry_now().to_pane(180.5, 40.5)
    pane.state.set_viewport(pane.geometry_now().zoomed(3.0, x, y))
    pane.state.set_viewport(turned(pane.state.viewport))
    pane.state.set_viewport(flipped(pane.state.viewport, horizontally=True))
    pane.state.set_viewport(replace(pane.state.viewport, center=(170.0, 50.0)))
    assert_map_lies_at(pane, place, cell_size("letterbox", 112, shape))


@pytest.mark.parametrize("turns", range(4))
def test_map_lies_right_on_a_film_of_oblong_pixels(shown, turns):
    shape, place = (100, 200), (30, 150)
    spacing = Spacing(0.5, 0.25, SpacingBasis.CALIBRATED)
    pane = shown(shape, looked_at("stretch", 112, shape, place), spacing)
    pane.state.set_viewport(Viewport((100.0, 50.0), 1.0, turns, True))
    assert pane.geometry_now().aspect == 2
    assert_map_lies_at(pane, place, cell_size("stretch", 112, shape))


def test_map_value_under_the_pointer_is_that_of_the_place(shown):
    shape, place = (150, 240), (40, 180)
    overlay = looked_at("letterbox", 112, shape, place)
    pane = shown(shape, overlay)
    pane.state.set_viewport(Viewport((120.0, 75.0), 1.0, 3, True))
    x, y = pane.geometry_now().to_pane(180.5, 40.5)
    value = pane.map_value(*pane.geometry_now().to_film(x, y))
    assert value == pytest.approx(overlay[place])
    assert value > 0.5

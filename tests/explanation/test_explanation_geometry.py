"""From a spot on a film through preprocessing, network and Score-CAM back to the spot."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from medkd_core.explanation.score_cam import DIALECTS, score_cam
from medkd_core.imaging.preprocessing import map_to_image, network_input
from medkd_core.imaging.recipe import InputRecipe, View

RECIPE = InputRecipe(size=112, interpolation="bicubic")
CELLS = 7


class BrightnessEngine:
    """`Engine` whose target layer is the brightness of each cell, and whose classes are bright,
    and dark."""

    device = "CPU"
    input_shape = (RECIPE.size, RECIPE.size)

    def logits_and_features(self, inputs):
        black, unit = (np.float32(each)[:, None, None] for each in (RECIPE.mean, RECIPE.std))
        brightness = np.maximum(inputs * unit + black, 0)
        each = RECIPE.size // CELLS
        shape = (len(inputs), 3, CELLS, each, CELLS, each)
        features = brightness.reshape(shape).mean((3, 5), dtype=np.float32)
        mean = features.mean((1, 2, 3))
        return np.stack([mean, -mean], axis=1), features

    def logits(self, inputs):
        return self.logits_and_features(inputs)[0]

    def embeddings(self, inputs):
        return self.logits_and_features(inputs)[1].mean((2, 3))

    def masked_logits(self, image, masks, rows, columns, baseline, chunk_done=None):
        full = (rows @ masks @ columns.T)[:, None]
        return self.logits(baseline + (image - baseline) * full)


def middle_of_the_top(overlay: NDArray) -> NDArray:
    return np.argwhere(overlay == overlay.max()).mean(axis=0)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("fit", ["stretch", "letterbox", "crop"])
@pytest.mark.parametrize("shape", [(300, 180), (90, 240)])
def test_map_of_a_spot_lies_on_the_spot(dialect, fit, shape):
    view = View(fit=fit)
    first = (np.array(shape) - min(shape)) // 2 if fit == "crop" else np.zeros(2, int)
    sides = {"stretch": shape, "letterbox": (max(shape),) * 2, "crop": (min(shape),) * 2}
    cell = np.array(sides[fit]) / CELLS
    for place in np.random.default_rng(len(dialect)).random((4, 2)):
        row, column = first + 3 + np.floor(place * (shape - 2 * first - 6)).astype(int)
        film = np.zeros(shape, np.float32)
        film[row - 3 : row + 4, column - 3 : column + 4] = 1
        picture = network_input(film, view, RECIPE)
        found = score_cam(BrightnessEngine(), picture, 0, dialect=dialect)
        for values in (found.native, found.input_map):
            overlay = map_to_image(values, view, RECIPE, *shape)
            assert (np.abs(middle_of_the_top(overlay) - (row, column)) <= cell).all()

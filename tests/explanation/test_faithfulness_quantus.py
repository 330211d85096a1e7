"""The same numbers as Quantus, for every measure that both have."""

import numpy as np
import pytest
import torch
from torch import nn

from medkd_core.explanation.faithfulness import adcc, faithfulness
from medkd_core.explanation.faithfulness.imputation import impute
from medkd_core.explanation.faithfulness.ordering import pixel_order
from medkd_core.explanation.faithfulness.road import road
from medkd_core.explanation.faithfulness.views import Views

pytestmark = pytest.mark.slow

STEPS, CLASS, CELL = 12, 1, 4
OPTIONS = {"disable_warnings": True, "display_progressbar": False, "normalise": False}
PERCENTAGES = [10, 30, 50, 70, 90]


@pytest.fixture(scope="module")
def quantus():
    """Imported by the tests themselves: it takes seconds, which other tests need not wait."""
    return pytest.importorskip(
        "quantus", reason="Quantus asks for opencv-python, so no list of ours installs it"
    )


@pytest.fixture
def values(engine):
    """A map without equal values."""
    coarse = torch.rand((1, 1, 6, 5), generator=torch.Generator().manual_seed(2))
    fine = torch.nn.functional.interpolate(coarse, engine.input_shape, mode="bicubic")[0, 0]
    return ((fine - fine.min()) / (fine.max() - fine.min())).numpy()


@pytest.fixture
def in_cells(engine):
    """A map of square cells, each of one value."""
    height, width = (side // CELL for side in engine.input_shape)
    order = np.random.default_rng(0).permutation(height * width).reshape(height, width)
    return np.kron(order / order.max(), np.ones((CELL, CELL))).astype(np.float32)


def theirs(metric, engine, image, values, class_index=CLASS):
    return metric(
        model=engine.network,
        x_batch=image[None],
        y_batch=np.array([class_index]),
        a_batch=values[None, None].astype(np.float64),
        channel_first=True,
        softmax=True,
    )


def ours(engine, image, values, steps):
    found = faithfulness(engine, image, {CLASS: values}, steps=steps, percentages=())
    return {name: curves.of_map for name, curves in found.of_class[CLASS].curves.items()}


def test_deletion_is_pixel_flipping(quantus, engine, image, values):
    metric = quantus.PixelFlipping(
        features_in_step=image.size // STEPS, perturb_baseline=0.0, **OPTIONS
    )
    expected = theirs(metric, engine, image, values)[0]
    np.testing.assert_allclose(
        ours(engine, image, values, STEPS)["deletion"][1:], expected, atol=1e-4
    )


def test_insertion_is_pixel_flipping_of_the_baseline_to_the_film(quantus, engine, image, values):
    def uncovered(arr, indices, **_):
        changed = arr.copy()
        changed[0, indices[0]] = image.reshape(-1)[indices[0]]
        return changed

    metric = quantus.PixelFlipping(
        features_in_step=image.size // STEPS, perturb_func=uncovered, **OPTIONS
    )
    expected = theirs(metric, engine, np.zeros_like(image), values)[0]
    line = ours(engine, image, values, STEPS)["insertion"]
    np.testing.assert_allclose(line[1:], expected, atol=1e-4)


def test_deletion_cell_by_cell_is_region_perturbation_and_selectivity(
    quantus, engine, image, in_cells
):
    cells = in_cells.size // CELL**2
    line = ours(engine, image, in_cells, cells)["deletion"]
    shared = {"patch_size": CELL, "perturb_baseline": 0.0, **OPTIONS}
    lost = theirs(
        quantus.RegionPerturbation(regions_evaluation=cells, order="morf", **shared),
        engine,
        image,
        in_cells,
    )[0]
    np.testing.assert_allclose(line[0] - line[1:], lost, atol=1e-4)
    left = theirs(quantus.Selectivity(**shared), engine, image, in_cells)[0]
    np.testing.assert_allclose(line[1:], left, atol=1e-4)


class Grey(nn.Module):
    """Quantus' ROAD takes films of one channel only."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, inputs):
        return self.network(inputs.expand(-1, 3, -1, -1))


def test_road_over_a_set_of_films_is_that_of_quantus(quantus, engine, image, values):
    films = [np.stack([channel] * 3) for channel in (*image, *image[:, ::-1], *-image)]
    decided = engine.logits(np.stack(films)).argmax(axis=1)
    order = pixel_order(values, np.random.default_rng(0))
    kept = []
    for film, class_index in zip(films, decided, strict=True):
        views = Views(engine, film, np.zeros((3, 1, 1), np.float32))
        answers = road(views, film, [order], PERCENTAGES, seed=0, noise=0)[0, 0]
        kept.append(answers.argmax(axis=1) == class_index)
    expected = quantus.ROAD(percentages=PERCENTAGES, noise=0.0, **OPTIONS)(
        model=Grey(engine.network).eval(),
        x_batch=np.stack(films)[:, :1],
        y_batch=decided,
        a_batch=np.stack([values[None]] * len(films)),
        channel_first=True,
    )
    assert 0 < np.mean(kept) < 1
    np.testing.assert_allclose(np.mean(kept, axis=0), [expected[p] for p in PERCENTAGES], atol=1e-4)


@pytest.mark.parametrize("percentage", PERCENTAGES)
def test_imputation_is_that_of_quantus(quantus, engine, image, values, percentage):

    gone = pixel_order(values, np.random.default_rng(0))[: values.size * percentage // 100]
    missing = np.zeros(values.size, np.bool_)
    missing[gone] = True
    filled = impute(image, missing.reshape(values.shape), np.random.default_rng(0), noise=0)
    expected = quantus.functions.perturb_func.noisy_linear_imputation(
        image.astype(np.float64), np.sort(gone), noise=0.0
    )
    np.testing.assert_allclose(filled, expected, atol=1e-4)


def test_sparseness_and_entropy_are_those_of_quantus(quantus, engine, image, values):
    gini = theirs(quantus.Sparseness(**OPTIONS), engine, image, values)[0]
    assert adcc.sparseness(values) == pytest.approx(gini, abs=1e-4)
    nats = theirs(quantus.Complexity(**OPTIONS), engine, image, values)[0]
    assert adcc.entropy(values) == pytest.approx(nats, abs=1e-4)

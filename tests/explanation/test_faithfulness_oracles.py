"""The same numbers as pytorch-grad-cam and the loops that the papers describe."""

import numpy as np
import pytest
import torch
from pytorch_grad_cam.metrics.arcc import Complexity, batch_pearson_coherency
from pytorch_grad_cam.metrics.cam_mult_image import DropInConfidence, IncreaseInConfidence
from pytorch_grad_cam.metrics.perturbation_confidence import (
    PerturbationConfidenceMetric,
    RemoveLeastRelevantFirst,
    RemoveMostRelevantFirst,
)
from pytorch_grad_cam.metrics.road import NoisyLinearImputer
from pytorch_grad_cam.utils.model_targets import ClassifierOutputSoftmaxTarget

from medkd_core.explanation.baselines import baseline_image
from medkd_core.explanation.faithfulness import adcc, faithfulness
from medkd_core.explanation.faithfulness.ordering import pixel_order
from medkd_core.explanation.faithfulness.road import road
from medkd_core.explanation.faithfulness.views import Views

PERCENTAGES = (10, 20, 50, 70, 90)
CLASS = 1


@pytest.fixture
def values(engine):
    """A map without equal values."""
    coarse = torch.rand((1, 1, 6, 5), generator=torch.Generator().manual_seed(2))
    fine = torch.nn.functional.interpolate(coarse, engine.input_shape, mode="bicubic")[0, 0]
    return ((fine - fine.min()) / (fine.max() - fine.min())).numpy()


def judged(metric, engine, image, values, **options):
    targets = [ClassifierOutputSoftmaxTarget(CLASS)]
    return float(
        metric(torch.from_numpy(image)[None], values[None], targets, engine.network, **options)[0]
    )


# Theirs gives torch tensors to numpy's functions.
@pytest.mark.filterwarnings("ignore:__array_wrap__:DeprecationWarning")
def test_road_is_that_of_pytorch_grad_cam(engine, image, values):
    order = pixel_order(values, np.random.default_rng(0))
    views = Views(engine, image, np.zeros((3, 1, 1), np.float32))
    ours = road(views, image, [order], PERCENTAGES, seed=0, noise=0)[0, :, :, CLASS]
    for remover, line in zip(
        (RemoveMostRelevantFirst, RemoveLeastRelevantFirst), ours, strict=True
    ):
        for percentage, answer in zip(PERCENTAGES, line, strict=True):
            # Theirs is told which percentile is kept.
            metric = PerturbationConfidenceMetric(
                remover(100 - percentage, NoisyLinearImputer(noise=0))
            )
            expected = judged(metric, engine, image, values, return_diff=False)
            assert answer == pytest.approx(expected, abs=1e-5)


def test_drop_and_increase_are_those_of_pytorch_grad_cam(engine, image, values):
    for shown in (values, 1 - values):
        scores = faithfulness(engine, image, {CLASS: shown}, steps=2, percentages=()).of_class[
            CLASS
        ]
        whole = scores.curves["deletion"].of_map[0]
        drop = judged(DropInConfidence(), engine, image, shown) / whole
        assert scores.scores["average_drop"].of_map == pytest.approx(drop, abs=1e-5)
        rise = judged(IncreaseInConfidence(), engine, image, shown)
        assert scores.scores["increase"].of_map == rise


def test_coherency_and_complexity_are_those_of_pytorch_grad_cam(values):
    other = np.rot90(values, 2).copy()
    theirs = (batch_pearson_coherency(values[None], other[None])[0] + 1) / 2
    assert adcc.coherency(values, other) == pytest.approx(theirs, abs=1e-6)
    assert adcc.complexity(values) == pytest.approx(Complexity()(values[None])[0], abs=1e-6)


@torch.inference_mode()
def published_curve(engine, start, finish, values, steps):
    """RISE: the pixels of one picture replace those of the other, from the map's highest down."""
    salient = np.argsort(values, axis=None)[::-1]
    now, answers = start.copy(), []
    for step in range(steps + 1):
        answers.append(engine.network(torch.from_numpy(now)[None]).softmax(1)[0, CLASS].item())
        part = salient[step * values.size // steps : (step + 1) * values.size // steps]
        now.reshape(3, -1)[:, part] = finish.reshape(3, -1)[:, part]
    return answers


@pytest.mark.parametrize("baseline", ["mean", "blurred"])
def test_deletion_and_insertion_are_the_published_loop(engine, image, values, baseline):
    ground = np.broadcast_to(baseline_image(baseline, image, (0,) * 3, (1,) * 3), image.shape)
    found = faithfulness(
        engine, image, {CLASS: values}, baseline=baseline, steps=10, percentages=()
    ).of_class[CLASS]
    for name, start, finish in (("deletion", image, ground), ("insertion", ground, image)):
        expected = np.array(published_curve(engine, start, finish, values, 10))
        np.testing.assert_allclose(found.curves[name].of_map, expected, atol=1e-5)
        area = (expected.sum() - (expected[0] + expected[-1]) / 2) / 10
        assert found.scores[name].of_map == pytest.approx(area, abs=1e-5)

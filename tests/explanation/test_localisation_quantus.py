"""Localisation and agreement against Quantus, wherever both measure the same.

Quantus asks for opencv-python, which breaks PySide6: `.ci/run` installs it without its wishes.
"""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from medkd_core.explanation.agreement import agreement
from medkd_core.explanation.localisation import localise

pytestmark = pytest.mark.slow

quantus = pytest.importorskip("quantus", reason="Quantus is installed apart, see .ci/run")

SIDE = 48
MAPS = 12
PLAIN = {"abs": False, "normalise": False, "disable_warnings": True, "display_progressbar": False}


def smooth_map(seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).random((SIDE, SIDE)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 4)
    return (smooth - smooth.min()) / np.ptp(smooth)


@pytest.fixture(scope="module")
def maps() -> np.ndarray:
    """(n, 1, side, side); every third has flat ground, as a ReLU leaves it."""
    drawn = np.stack([smooth_map(seed) for seed in range(MAPS)])
    drawn[::3] = np.maximum(drawn[::3] - 0.4, 0)
    return drawn[:, None]


@pytest.fixture(scope="module")
def masks() -> np.ndarray:
    """(n, 1, side, side), each covering 2 to 40 % of the picture."""
    shares = np.linspace(0.02, 0.4, MAPS)
    ground = [smooth_map(100 + index) for index in range(MAPS)]
    drawn = [g > np.quantile(g, 1 - share) for g, share in zip(ground, shares, strict=True)]
    return np.stack(drawn)[:, None]


def ours(measure: str, maps: np.ndarray, masks: np.ndarray) -> list[float]:
    pairs = zip(maps[:, 0], masks[:, 0], strict=True)
    return [getattr(localise(values, mask), measure) for values, mask in pairs]


def theirs(metric: object, maps: np.ndarray, masks: np.ndarray) -> list[float]:
    pictures = np.zeros((len(maps), 3, SIDE, SIDE), np.float32)
    labels = np.zeros(len(maps), int)
    return metric(  # type: ignore[operator]
        model=None, x_batch=pictures, y_batch=labels, a_batch=maps, s_batch=masks
    )


@pytest.mark.parametrize(
    ("measure", "name"),
    [
        ("pointing", "PointingGame"),
        ("mass_accuracy", "RelevanceMassAccuracy"),
        ("mass_accuracy", "AttributionLocalisation"),
        ("rank_accuracy", "RelevanceRankAccuracy"),
        ("roc_area", "AUC"),
    ],
)
def test_localisation_is_that_of_quantus(maps, masks, measure, name):
    found = theirs(getattr(quantus, name)(**PLAIN), maps, masks)
    np.testing.assert_allclose(ours(measure, maps, masks), found, atol=1e-4)


def test_pointing_game_counts_a_flat_top_as_quantus_does(maps, masks):
    flat = np.minimum(maps, np.quantile(maps, 0.9, axis=(1, 2, 3), keepdims=True))
    found = theirs(quantus.PointingGame(**PLAIN), flat, masks)
    np.testing.assert_array_equal(ours("pointing", flat, masks), found)


def test_rank_accuracy_is_the_intersection_of_the_top_with_the_mask(maps, masks):
    for values, mask in zip(maps, masks, strict=True):
        top = quantus.TopKIntersection(k=int(mask.sum()), **PLAIN)
        expected = theirs(top, values[None], mask[None])
        np.testing.assert_allclose(ours("rank_accuracy", values[None], mask[None]), expected)


@pytest.mark.parametrize(
    ("measure", "name"),
    [("spearman", "correlation_spearman"), ("pearson", "correlation_pearson")],
)
def test_correlation_of_maps_is_that_of_quantus(maps, measure, name):
    compare = getattr(quantus.similarity_func, name)
    for one, other in zip(maps[:-1, 0], maps[1:, 0], strict=True):
        found = getattr(agreement(one, other), measure)
        assert found == pytest.approx(compare(one.ravel(), other.ravel()), abs=1e-4)


def test_structural_similarity_is_that_of_quantus(maps):
    for one, other in zip(maps[1::3, 0], maps[2::3, 0], strict=True):
        assert agreement(one, other).ssim == pytest.approx(
            quantus.similarity_func.ssim(one, other), abs=1e-4
        )

import numpy as np
import pytest

from medkd_core.errors import ExplanationError
from medkd_core.explanation.baselines import BASELINES, BLUR_SIGMA, baseline_image

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def normalised(intensities):
    mean, std = (np.array(values, np.float32)[:, None, None] for values in (MEAN, STD))
    return ((intensities - mean) / std).astype(np.float32)


def test_mean_is_the_training_mean_whatever_the_picture():
    image = normalised(np.random.default_rng(0).random((3, 9, 7)))
    np.testing.assert_array_equal(baseline_image("mean", image, MEAN, STD), np.zeros((3, 1, 1)))


def test_black_is_what_a_black_picture_becomes():
    black = normalised(np.zeros((3, 9, 7)))
    np.testing.assert_allclose(
        baseline_image("black", black, MEAN, STD), black[:, :1, :1], rtol=1e-6
    )


@pytest.mark.parametrize("side", [64, 200])
def test_blur_has_the_stated_width_relative_to_the_shorter_side(side):
    image = np.zeros((3, side, 2 * side), np.float32)
    image[:, side // 2, side] = 1
    spread = baseline_image("blurred", image, MEAN, STD)[0].sum(axis=0)
    distance = np.arange(2 * side) - side
    assert np.sqrt(spread @ distance**2 / spread.sum()) == pytest.approx(
        BLUR_SIGMA * side, rel=0.03
    )


def test_blur_keeps_a_flat_picture():
    flat = normalised(np.full((3, 8, 8), 0.7))
    np.testing.assert_allclose(baseline_image("blurred", flat, MEAN, STD), flat, atol=1e-6)


@pytest.mark.parametrize("name", BASELINES)
def test_every_baseline_is_float32_that_spreads_over_the_picture(name):
    image = normalised(np.random.default_rng(0).random((3, 9, 7)))
    baseline = baseline_image(name, image, MEAN, STD)
    assert baseline.dtype == np.float32
    assert np.broadcast_shapes(baseline.shape, image.shape) == image.shape


def test_unknown_baseline_is_refused_with_the_names_of_the_known():
    image = np.zeros((3, 4, 4), np.float32)
    with pytest.raises(ExplanationError, match="mean, black, blurred"):
        baseline_image("white", image, MEAN, STD)

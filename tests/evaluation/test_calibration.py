import numpy as np
import pytest
import scipy.special
import sklearn.metrics
import torch
import torchmetrics.functional.classification as reference

from medkd_core.evaluation.calibration import (
    expected_calibration_error,
    fit_temperature,
    negative_log_likelihood,
    operating_points,
    probabilities,
    reliability_bins,
    reliability_interval,
    wilson_interval,
)


@pytest.fixture
def overconfident():
    """Logits that are three times what they should be, with the labels they deserve."""
    generator = np.random.default_rng(0)
    honest = generator.normal(scale=1.5, size=(4000, 3))
    chances = scipy.special.softmax(honest, axis=1)
    labels = (chances.cumsum(axis=1) > generator.random((4000, 1))).argmax(axis=1)
    return 3 * honest, labels


def test_probabilities_are_a_softmax_and_survive_large_logits():
    logits = np.array([[1.0, 2.0, 3.0], [1e4, 0.0, -1e4]])
    np.testing.assert_allclose(
        probabilities(logits, 2.0), scipy.special.softmax(logits / 2, axis=1)
    )


def test_fitted_temperature_undoes_overconfidence(overconfident):
    logits, labels = overconfident
    temperature = fit_temperature(logits, labels)
    assert temperature == pytest.approx(3, rel=0.1)
    assert negative_log_likelihood(logits, labels, temperature) < negative_log_likelihood(
        logits, labels
    )
    before, after = (
        expected_calibration_error(probabilities(logits, t), labels) for t in (1, temperature)
    )
    assert after < 0.03 < before


def test_log_likelihood_is_that_of_scikit_learn(overconfident):
    logits, labels = overconfident
    assert negative_log_likelihood(logits, labels, 2.5) == pytest.approx(
        sklearn.metrics.log_loss(labels, probabilities(logits, 2.5))
    )


@pytest.mark.parametrize("labels", [[0, 0, 0], [1, 1, 1]])
def test_temperature_of_separated_classes_stays_within_bounds(labels):
    temperature = fit_temperature(np.array([[9.0, -9.0]] * 3), np.array(labels))
    assert 0.05 <= temperature <= 20


def test_few_separated_images_do_not_make_the_network_certain():
    logits, labels = np.tile([[1.0, -1.0], [-1.0, 1.0]], (5, 1)), np.tile([0, 1], 5)
    surest = probabilities(logits, fit_temperature(logits, labels)).max()
    assert surest == pytest.approx(11 / 12, abs=1e-3)


def test_no_validation_images_leave_logits_as_they_are():
    assert fit_temperature(np.zeros((0, 3)), np.array([], int)) == 1


def test_calibration_error_is_that_of_torchmetrics(overconfident):
    logits, labels = overconfident
    predicted = probabilities(logits)
    expected = reference.multiclass_calibration_error(
        torch.from_numpy(predicted), torch.from_numpy(labels), 3, n_bins=15
    )
    assert expected_calibration_error(predicted, labels) == pytest.approx(float(expected), abs=1e-6)


def test_reliability_bins_cover_everything_and_hold_alike_many(overconfident):
    logits, labels = overconfident
    bins = reliability_bins(probabilities(logits, 3), labels)
    assert (bins[0].low, bins[-1].high) == (0, 1)
    assert [b.high for b in bins[:-1]] == [b.low for b in bins[1:]]
    assert sum(b.count for b in bins) == 4000
    assert all(b.count == pytest.approx(400, abs=2) for b in bins)
    for b in bins:
        low, high = wilson_interval(b.correct, b.count, z=4)
        assert low < b.high
        assert high > b.low


def test_certain_and_equal_probabilities_make_valid_bins():
    certain = np.array([[1.0, 0.0]] * 50)
    bins = reliability_bins(certain, np.zeros(50, int))
    assert [(b.low, b.high, b.count, b.correct) for b in bins] == [(0, 1, 50, 50)]
    assert reliability_interval(bins, 1.0) == wilson_interval(50, 50)


def test_wilson_interval_is_the_published_one():
    low, high = wilson_interval(81, 263)
    assert (low, high) == (pytest.approx(0.2553, abs=1e-4), pytest.approx(0.3662, abs=1e-4))
    assert wilson_interval(0, 10)[0] == pytest.approx(0)
    assert wilson_interval(10, 10)[1] == pytest.approx(1)
    assert wilson_interval(0, 0) == (0, 1)


def test_probability_without_like_images_has_no_interval():
    assert reliability_interval([], 0.7) is None


def test_operating_point_has_the_highest_youden_index(overconfident):
    logits, labels = overconfident
    predicted = probabilities(logits, 3)
    point = operating_points(predicted, labels, ["a", "b", "c"])["b"]
    false_alarms, hits, _ = sklearn.metrics.roc_curve(labels == 1, predicted[:, 1])
    assert point.sensitivity + point.specificity - 1 == pytest.approx((hits - false_alarms).max())
    called = predicted[:, 1] >= point.threshold
    assert point.calls == called.sum()
    assert point.sensitivity == pytest.approx(called[labels == 1].mean())
    assert point.specificity == pytest.approx((~called[labels != 1]).mean())
    assert point.positive_predictive_value == pytest.approx((labels[called] == 1).mean())


def test_class_without_validation_images_has_no_operating_point():
    predicted = np.array([[0.7, 0.2, 0.1], [0.2, 0.7, 0.1]])
    assert set(operating_points(predicted, np.array([0, 1]), ["a", "b", "c"])) == {"a", "b"}

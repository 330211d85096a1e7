"""Teachers' answers, each step against its formula written out in numpy."""

import numpy as np
import pytest
import torch
from drawn_answers import STUDENT, TEACHERS, tensor
from scipy.special import softmax
from scipy.stats import zscore

from medkd_core.distillation.losses.answers import (
    calibrated,
    joined,
    softened,
    standardised,
    without_prior,
)
from medkd_core.distillation.losses.hard import log_prior


def test_calibration_comes_before_the_temperature_of_the_distillation() -> None:
    answers = softened(calibrated(tensor(STUDENT), 1.5), 4.0)
    assert answers.exp().numpy() == pytest.approx(softmax(STUDENT / (1.5 * 4), axis=1))


def test_prior_is_divided_out_of_the_probabilities() -> None:
    counts = [[1, 2, 3, 4], [10, 10, 10, 70]]
    priors = torch.stack([log_prior(one) for one in counts])
    answers = softened(without_prior(tensor(TEACHERS), priors), 1.0)
    expected = softmax(TEACHERS, axis=2) / np.array(counts)
    expected /= expected.sum(axis=2, keepdims=True)
    assert answers.exp().numpy() == pytest.approx(expected, rel=1e-6)


def test_even_prior_changes_no_answer() -> None:
    priors = torch.stack([log_prior([7, 7, 7, 7])] * 2)
    answers = softened(without_prior(tensor(TEACHERS), priors), 1.0)
    assert torch.allclose(answers, softened(tensor(TEACHERS), 1.0))


def test_joined_answer_is_the_weighted_mean_of_probabilities() -> None:
    shares = np.tile([0.25, 0.75], (6, 1))
    shares[2] = [1.0, 0.0]
    answers = joined(softened(tensor(TEACHERS), 4.0), tensor(shares))
    expected = (shares[:, :, None] * softmax(TEACHERS / 4, axis=2)).sum(axis=1)
    assert answers.exp().numpy() == pytest.approx(expected)


def test_standardised_logits_are_z_scores() -> None:
    assert standardised(tensor(STUDENT)).numpy() == pytest.approx(zscore(STUDENT, axis=1))


def test_equal_logits_stay_without_spread_and_have_a_finite_gradient() -> None:
    logits = torch.full((2, 5), 3.0, requires_grad=True)
    scores = standardised(logits)
    scores.square().sum().backward()
    assert not scores.detach().any()
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()


def test_standardised_answers_of_two_classes_are_all_alike() -> None:
    """The degenerate case: only the decision is left."""
    logits = torch.tensor([[0.1, 0.0], [3.0, -2.0], [40.0, 1.0]], dtype=torch.float64)
    assert torch.allclose(
        standardised(logits), torch.tensor([1.0, -1.0], dtype=torch.float64), atol=1e-9
    )


def test_standardised_answers_of_three_classes_do_not_tell_sure_from_unsure() -> None:
    """Nearly degenerate: the answers lie on a circle, whatever the teacher's certainty."""
    unsure = torch.tensor([[0.1, 0.0, -0.04]], dtype=torch.float64)
    assert torch.allclose(standardised(unsure), standardised(100 * unsure), atol=1e-6)
    spread = standardised(torch.randn(200, 3, dtype=torch.float64)).norm(dim=1)
    assert torch.allclose(spread, torch.full_like(spread, 3**0.5))

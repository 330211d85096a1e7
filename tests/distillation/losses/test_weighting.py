"""Shares of several teachers against their formulas in numpy."""

import numpy as np
import pytest
import torch
from drawn_answers import LABELS, ROWS, tensor
from scipy.special import log_softmax, softmax
from scipy.stats import entropy

from medkd_core.distillation.losses.weighting import (
    confidence_shares,
    entropy_shares,
    teacher_shares,
)
from medkd_core.jobs.spec import TeacherWeighting

LOGITS = np.random.default_rng(8).normal(size=(6, 3, 4)) * 2
ANSWERS = log_softmax(LOGITS, axis=2)
WEIGHTS = torch.tensor([1.0, 3.0, 4.0])


@pytest.mark.parametrize("weighting", ["fixed", "uniform", "entropy", "confidence"])
def test_shares_of_each_image_sum_to_one(weighting: TeacherWeighting) -> None:
    shares = teacher_shares(weighting, tensor(ANSWERS), tensor(LABELS), WEIGHTS)
    assert shares.shape == (6, 3)
    assert shares.sum(dim=1).numpy() == pytest.approx(np.ones(6))
    assert (shares >= 0).all()


def test_fixed_shares_are_as_given_and_uniform_ones_alike() -> None:
    fixed = teacher_shares("fixed", tensor(ANSWERS), tensor(LABELS), WEIGHTS)
    assert fixed[4].tolist() == pytest.approx([1 / 8, 3 / 8, 4 / 8])
    uniform = teacher_shares("uniform", tensor(ANSWERS), tensor(LABELS), WEIGHTS)
    assert uniform[4].tolist() == pytest.approx([1 / 3] * 3)


def test_entropy_shares_follow_the_entropies() -> None:
    expected = softmax(-entropy(np.exp(ANSWERS), axis=2), axis=1)
    assert entropy_shares(tensor(ANSWERS)).numpy() == pytest.approx(expected)


def test_confidence_shares_follow_the_cross_entropy_with_the_label() -> None:
    wrong = -ANSWERS[ROWS, :, LABELS]
    raised = np.exp(wrong)
    expected = (1 - raised / raised.sum(axis=1, keepdims=True)) / 2
    assert confidence_shares(tensor(ANSWERS), tensor(LABELS)).numpy() == pytest.approx(expected)


def test_teacher_that_misses_the_label_loses_its_share() -> None:
    sure = torch.tensor([[[20.0, 0.0], [0.0, 20.0]]]).log_softmax(dim=2)
    assert confidence_shares(sure, torch.tensor([0]))[0].tolist() == pytest.approx([1, 0], abs=1e-6)
    # Entropy cannot tell: both are as sure as each other.
    assert entropy_shares(sure)[0].tolist() == pytest.approx([0.5, 0.5])


@pytest.mark.parametrize("weighting", ["fixed", "uniform", "entropy", "confidence"])
def test_single_teacher_has_the_whole_share(weighting: TeacherWeighting) -> None:
    shares = teacher_shares(weighting, tensor(ANSWERS[:, :1]), tensor(LABELS), WEIGHTS[:1])
    assert shares.numpy() == pytest.approx(np.ones((6, 1)))

"""Losses against the labels, each against its formula written out in numpy."""

import numpy as np
import pytest
import torch
from drawn_answers import LABELS, ROWS, STUDENT, tensor
from scipy.special import softmax
from torch.autograd import gradcheck

from medkd_core.distillation.losses.hard import (
    HardLoss,
    balanced_softmax,
    class_weights,
    cross_entropy,
    effective_counts,
    focal,
    image_weights,
    log_prior,
)
from medkd_core.jobs.spec import TrainingSpec

COUNTS = [2, 10, 50, 5]
WEIGHTS = np.array([0.5, 1.0, 1.5, 2.0])
PROBABILITIES = softmax(STUDENT, axis=1)
TOLD = -np.log(PROBABILITIES[ROWS, LABELS])


def test_class_weights_follow_the_effective_number() -> None:
    effective = [sum(0.9**power for power in range(count)) for count in COUNTS]
    expected = np.array([1 / number for number in effective])
    expected *= 4 / expected.sum()
    assert class_weights(COUNTS, 0.9).numpy() == pytest.approx(expected, rel=1e-6)


def test_beta_of_zero_weighs_all_classes_alike() -> None:
    assert class_weights([1, 10, 100], 0.0).tolist() == [1, 1, 1]


def test_beta_near_one_weighs_by_inverse_frequency() -> None:
    weights = class_weights([10, 40], 1 - 1e-9)
    assert weights[0] / weights[1] == pytest.approx(4, rel=1e-4)


def test_training_images_weigh_one_on_average() -> None:
    weights = image_weights(COUNTS, 0.99).double().numpy()
    assert np.average(weights, weights=COUNTS) == pytest.approx(1, rel=1e-6)
    ratio = weights / class_weights(COUNTS, 0.99).numpy()
    assert ratio == pytest.approx(np.full(4, ratio[0]), rel=1e-6)


def test_class_without_images_has_a_finite_weight() -> None:
    assert torch.isfinite(image_weights([0, 3], 0.99)).all()
    assert torch.isfinite(log_prior([0, 3])).all()


def test_cross_entropy_is_weighted_by_the_label() -> None:
    losses = cross_entropy(tensor(STUDENT), tensor(LABELS), tensor(WEIGHTS))
    assert losses.numpy() == pytest.approx(WEIGHTS[LABELS] * TOLD)


def test_label_smoothing_moves_probability_to_the_other_classes() -> None:
    target = np.full((6, 4), 0.3 / 4)
    target[ROWS, LABELS] += 0.7
    expected = -(target * WEIGHTS * np.log(PROBABILITIES)).sum(axis=1)
    losses = cross_entropy(tensor(STUDENT), tensor(LABELS), tensor(WEIGHTS), 0.3)
    assert losses.numpy() == pytest.approx(expected)


def test_focal_loss_fades_with_the_probability_of_the_label() -> None:
    expected = (1 - PROBABILITIES[ROWS, LABELS]) ** 1.7 * WEIGHTS[LABELS] * TOLD
    losses = focal(tensor(STUDENT), tensor(LABELS), tensor(WEIGHTS), 1.7)
    assert losses.numpy() == pytest.approx(expected)


def test_focal_loss_with_gamma_zero_is_the_cross_entropy() -> None:
    arguments = tensor(STUDENT), tensor(LABELS), tensor(WEIGHTS)
    assert torch.equal(focal(*arguments, 0.0, 0.1), cross_entropy(*arguments, 0.1))


def test_balanced_softmax_multiplies_each_class_by_its_images() -> None:
    raised = np.array(COUNTS) * np.exp(STUDENT)
    expected = -np.log(raised[ROWS, LABELS] / raised.sum(axis=1))
    losses = balanced_softmax(tensor(STUDENT), tensor(LABELS), log_prior(COUNTS))
    assert losses.numpy() == pytest.approx(expected, rel=1e-6)


def test_balanced_softmax_is_least_where_the_logits_know_no_prior() -> None:
    """An image that says nothing: the labels come as the counts have them, the answer is even."""
    counts = [10, 30, 60]
    logits = torch.zeros(100, 3, dtype=torch.float64, requires_grad=True)
    labels = torch.repeat_interleave(torch.arange(3), torch.tensor(counts))
    balanced_softmax(logits, labels, log_prior(counts).double()).mean().backward()
    assert logits.grad is not None
    assert logits.grad.sum(dim=0).abs().max() < 1e-8


@pytest.mark.parametrize("gamma", [0.5, 1.0, 2.0])
def test_focal_loss_has_the_gradient_of_its_formula(gamma: float) -> None:
    student = tensor(STUDENT).requires_grad_()
    assert gradcheck(lambda z: focal(z, tensor(LABELS), tensor(WEIGHTS), gamma, 0.1), student)


def loss_of(training: TrainingSpec, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    loss: torch.Tensor = HardLoss(training, COUNTS)(logits, labels)
    return loss


@pytest.mark.parametrize("kind", ["cross-entropy", "focal", "balanced-softmax"])
def test_batch_in_two_parts_has_the_mean_of_their_losses(kind: str) -> None:
    training = TrainingSpec(hard_loss=kind, label_smoothing=0.1)
    logits, labels = tensor(STUDENT).float(), tensor(LABELS)
    first = loss_of(training, logits[:2], labels[:2])
    second = loss_of(training, logits[2:], labels[2:])
    whole = loss_of(training, logits, labels)
    assert whole.item() == pytest.approx((2 * first + 4 * second).item() / 6, rel=1e-6)


@pytest.mark.parametrize("kind", ["cross-entropy", "balanced-softmax"])
def test_balanced_sampling_needs_no_other_balance(kind: str) -> None:
    training = TrainingSpec(hard_loss=kind, sampling="balanced")
    loss = loss_of(training, tensor(STUDENT).float(), tensor(LABELS))
    assert loss.item() == pytest.approx(TOLD.mean(), rel=1e-6)


def test_effective_counts_are_images_times_weight() -> None:
    training = TrainingSpec(class_balance=0.9)
    expected = np.array(COUNTS) * class_weights(COUNTS, 0.9).numpy()
    assert effective_counts(COUNTS, training) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    "training", [TrainingSpec(hard_loss="balanced-softmax"), TrainingSpec(sampling="balanced")]
)
def test_balanced_training_leaves_no_class_more_common(training: TrainingSpec) -> None:
    assert len(set(effective_counts(COUNTS, training))) == 1

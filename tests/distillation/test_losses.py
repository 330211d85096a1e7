"""Each term of the loss against the same formula written out in numpy or by another library."""

import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.special import softmax
from scipy.stats import entropy

from medkd_core.distillation.losses.hybrid import (
    class_weights,
    hard_loss,
    hybrid_loss,
    soft_labels,
    soft_loss,
)

RNG = np.random.default_rng(5)
LOGITS = RNG.normal(size=(6, 3)) * 3
LABELS = np.array([0, 1, 2, 2, 1, 2])
TEACHERS = [RNG.normal(size=(6, 3)) * 5 for _ in range(2)]


def tensor(array: NDArray[np.generic]) -> torch.Tensor:
    return torch.from_numpy(array)


def test_class_weights_follow_the_effective_number() -> None:
    effective = [sum(0.9**power for power in range(count)) for count in (2, 10, 50)]
    expected = np.array([1 / number for number in effective])
    expected *= 3 / expected.sum()
    assert class_weights([2, 10, 50], 0.9).numpy() == pytest.approx(expected, rel=1e-6)


def test_beta_of_zero_weighs_all_classes_alike() -> None:
    assert class_weights([1, 10, 100], 0.0).tolist() == [1, 1, 1]


def test_beta_near_one_weighs_by_inverse_frequency() -> None:
    weights = class_weights([10, 40], 1 - 1e-9)
    assert weights[0] / weights[1] == pytest.approx(4, rel=1e-4)


def test_hard_loss_is_the_weighted_cross_entropy() -> None:
    weights = np.array([0.5, 1.0, 1.5])
    chosen = softmax(LOGITS, axis=1)[np.arange(6), LABELS]
    expected = (weights[LABELS] * -np.log(chosen)).sum() / weights[LABELS].sum()
    loss = hard_loss(tensor(LOGITS), tensor(LABELS), tensor(weights))
    assert loss.item() == pytest.approx(expected)


def test_label_smoothing_moves_probability_to_the_other_classes() -> None:
    target = np.full((6, 3), 0.3 / 3)
    target[np.arange(6), LABELS] += 0.7
    expected = -(target * np.log(softmax(LOGITS, axis=1))).sum(axis=1).mean()
    loss = hard_loss(tensor(LOGITS), tensor(LABELS), torch.ones(3, dtype=torch.float64), 0.3)
    assert loss.item() == pytest.approx(expected)


def test_soft_labels_are_the_weighted_mean_of_calibrated_teachers() -> None:
    first, second = (
        softmax(z / (c * 4), axis=1) for z, c in zip(TEACHERS, (1.5, 0.8), strict=True)
    )
    labels = soft_labels([tensor(z) for z in TEACHERS], [1.0, 3.0], [1.5, 0.8], 4.0)
    assert labels.numpy() == pytest.approx(0.25 * first + 0.75 * second)


def test_soft_loss_is_the_divergence_times_the_squared_temperature() -> None:
    targets = softmax(TEACHERS[0] / 4, axis=1)
    expected = 16 * np.mean(entropy(targets, softmax(LOGITS / 4, axis=1), axis=1))
    assert soft_loss(tensor(LOGITS), tensor(targets), 4.0).item() == pytest.approx(expected)


def test_student_that_agrees_with_its_teacher_has_no_soft_loss() -> None:
    targets = soft_labels([tensor(LOGITS)], [1.0], [1.0], 3.0)
    assert soft_loss(tensor(LOGITS), targets, 3.0).item() == pytest.approx(0, abs=1e-12)


def test_soft_gradients_keep_their_size_when_the_temperature_rises() -> None:
    """Hinton et al., equation 4: at high T the gradient is (z - v) / classes, whatever T is."""
    student = tensor(LOGITS - LOGITS.mean(axis=1, keepdims=True)).requires_grad_()
    teacher = tensor(TEACHERS[0] - TEACHERS[0].mean(axis=1, keepdims=True))
    loss = soft_loss(student, soft_labels([teacher], [1.0], [1.0], 1e4), 1e4)
    (gradient,) = torch.autograd.grad(loss, student)
    expected = (student - teacher).detach() / 3 / 6
    assert gradient.numpy() == pytest.approx(expected.numpy(), rel=1e-2, abs=1e-3)


def test_hybrid_loss_divides_the_weight_between_its_parts() -> None:
    loss = hybrid_loss(torch.tensor(2.0), torch.tensor(5.0), 0.7)
    assert math.isclose(loss.total.item(), 0.3 * 2 + 0.7 * 5, rel_tol=1e-6)
    assert set(loss.parts()) == {"total", "hard", "soft"}


def test_without_teachers_the_hard_loss_counts_whole() -> None:
    loss = hybrid_loss(torch.tensor(2.0), None, 0.7)
    assert loss.total.item() == 2.0
    assert set(loss.parts()) == {"total", "hard"}

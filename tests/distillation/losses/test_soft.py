"""Losses against the teachers' answers, each against its formula in numpy or scipy."""

import numpy as np
import pytest
import torch
from drawn_answers import LABELS, ROWS, STUDENT, TEACHERS, tensor
from numpy.typing import NDArray
from scipy.special import softmax
from scipy.stats import entropy, pearsonr
from torch import Tensor
from torch.autograd import gradcheck

from medkd_core.distillation.losses.answers import softened
from medkd_core.distillation.losses.dist import dist, pearson_distance
from medkd_core.distillation.losses.dkd import dkd
from medkd_core.distillation.losses.kl import kl
from medkd_core.distillation.losses.ofa import ofa
from medkd_core.distillation.losses.soft import soft_loss
from medkd_core.jobs.spec import DistillationSpec, SoftLossKind

SHARES = np.tile([0.25, 0.75], (6, 1))
OURS = softmax(STUDENT / 4, axis=1)
THEIRS = (SHARES[:, :, None] * softmax(TEACHERS / 4, axis=2)).sum(axis=1)
KINDS: list[SoftLossKind] = ["kl", "dkd", "dist", "ofa"]


def logs(probabilities: NDArray[np.float64]) -> Tensor:
    return tensor(np.log(probabilities))


def soft(logits: Tensor, spec: DistillationSpec) -> Tensor:
    return soft_loss(logits, tensor(TEACHERS), tensor(SHARES), tensor(LABELS), spec)


def test_kl_is_the_divergence_from_the_teachers() -> None:
    expected = entropy(THEIRS, OURS, axis=1)
    assert kl(logs(OURS), logs(THEIRS)).numpy() == pytest.approx(expected)


def test_dkd_weighs_the_target_class_and_the_others_apart() -> None:
    expected = []
    for ours, theirs, label in zip(OURS, THEIRS, LABELS, strict=True):
        target = entropy([theirs[label], 1 - theirs[label]], [ours[label], 1 - ours[label]])
        # scipy scales both to sum to 1.
        others = entropy(np.delete(theirs, label), np.delete(ours, label))
        expected.append(1.5 * target + 8 * others)
    losses = dkd(logs(OURS), logs(THEIRS), tensor(LABELS), 1.5, 8)
    assert losses.numpy() == pytest.approx(np.array(expected))


def test_dkd_with_the_coupled_weight_is_kl() -> None:
    """Zhao et al., equation 6."""
    arguments = logs(OURS), logs(THEIRS), tensor(LABELS)
    missed = tensor(1 - THEIRS[ROWS, LABELS])
    whole = dkd(*arguments, 1, 0) + missed * dkd(*arguments, 0, 1)
    assert torch.allclose(whole, kl(*arguments[:2]))


def test_dkd_of_two_classes_has_no_others_to_compare() -> None:
    answers = [torch.randn(5, 2).log_softmax(dim=1) for _ in range(2)]
    assert not dkd(*answers, torch.tensor([0, 1, 0, 1, 1]), 0, 8).any()


def test_dist_relates_rows_and_columns() -> None:
    rows = np.mean([1 - pearsonr(*pair).statistic for pair in zip(OURS, THEIRS, strict=True)])
    columns = np.mean(
        [1 - pearsonr(*pair).statistic for pair in zip(OURS.T, THEIRS.T, strict=True)]
    )
    loss = dist(logs(OURS), logs(THEIRS), 0.7, 1.3)
    assert loss.item() == pytest.approx(0.7 * rows + 1.3 * columns, rel=1e-5)


def test_dist_cares_for_relations_and_not_for_size() -> None:
    rows = tensor(THEIRS)
    assert pearson_distance(0.3 * rows + 0.1, rows).numpy() == pytest.approx(np.zeros(6), abs=1e-5)


def test_dist_of_a_single_image_has_no_relation_within_a_class() -> None:
    ours, theirs = logs(OURS[:1]), logs(THEIRS[:1])
    assert dist(ours, theirs, 0, 1).item() == 0
    assert dist(ours, theirs, 1, 0).item() > 0


def test_student_of_equal_logits_has_a_bounded_gradient_under_dist() -> None:
    student = torch.zeros(3, 4, dtype=torch.float64, requires_grad=True)
    dist(softened(student, 1.0), logs(THEIRS[:3]), 1, 1).backward()
    assert student.grad is not None
    assert student.grad.abs().max() < 1e4


def test_ofa_raises_the_target_class_to_its_power() -> None:
    """Hao et al., section 3.3, written out, less the label's own cross-entropy."""
    expected = []
    for ours, theirs, label in zip(OURS, THEIRS, LABELS, strict=True):
        loss = -((1 + theirs[label]) ** 1.4) * np.log(ours[label])
        loss -= sum(theirs[c] * np.log(ours[c]) for c in range(4) if c != label)
        expected.append(loss + np.log(ours[label]))
    losses = ofa(logs(OURS), logs(THEIRS), tensor(LABELS), 1.4)
    assert losses.numpy() == pytest.approx(np.array(expected))


def test_ofa_with_gamma_one_is_kl_but_for_the_teachers_entropy() -> None:
    losses = ofa(logs(OURS), logs(THEIRS), tensor(LABELS), 1)
    expected = entropy(THEIRS, OURS, axis=1) + entropy(THEIRS, axis=1)
    assert losses.numpy() == pytest.approx(expected)


@pytest.mark.parametrize("kind", KINDS)
def test_specification_decides_the_loss_and_its_numbers(kind: SoftLossKind) -> None:
    spec = DistillationSpec(
        soft_loss=kind,
        temperature=4,
        dkd_alpha=2,
        dkd_beta=3,
        dist_beta=0.5,
        dist_gamma=2,
        ofa_gamma=1.2,
    )
    ours, theirs, labels = logs(OURS), logs(THEIRS), tensor(LABELS)
    expected = {
        "kl": 16 * kl(ours, theirs).mean(),
        "dkd": 16 * dkd(ours, theirs, labels, 2, 3).mean(),
        "dist": dist(ours, theirs, 0.5, 2),
        "ofa": 16 * ofa(ours, theirs, labels, 1.2).mean(),
    }[kind]
    assert soft(tensor(STUDENT), spec).item() == pytest.approx(expected.item())


@pytest.mark.parametrize("kind", KINDS)
def test_standardised_student_may_say_the_same_more_loudly(kind: SoftLossKind) -> None:
    spec = DistillationSpec(soft_loss=kind, standardise_logits=True)
    quiet, loud = soft(tensor(STUDENT), spec), soft(tensor(STUDENT * 5 + 2), spec)
    assert loud.item() == pytest.approx(quiet.item(), rel=1e-6)


@pytest.mark.parametrize("kind", ["kl", "dkd", "dist"])
def test_student_that_agrees_with_its_teacher_has_no_soft_loss(kind: SoftLossKind) -> None:
    spec = DistillationSpec(soft_loss=kind, temperature=3)
    teacher = tensor(STUDENT).unsqueeze(1)
    shares = torch.ones(6, 1, dtype=torch.float64)
    loss = soft_loss(tensor(STUDENT), teacher, shares, tensor(LABELS), spec)
    assert loss.item() == pytest.approx(0, abs=1e-6)


def test_several_teachers_pull_as_the_mean_of_each_would() -> None:
    spec = DistillationSpec(temperature=4)

    def slope(teachers: Tensor, shares: Tensor) -> Tensor:
        student = tensor(STUDENT).requires_grad_()
        soft_loss(student, teachers, shares, tensor(LABELS), spec).backward()
        assert student.grad is not None
        return student.grad

    whole = torch.ones(6, 1, dtype=torch.float64)
    apart = [slope(tensor(TEACHERS[:, [k]]), whole) for k in range(2)]
    together = slope(tensor(TEACHERS), tensor(SHARES))
    assert torch.allclose(together, 0.25 * apart[0] + 0.75 * apart[1])


def test_soft_gradients_keep_their_size_when_the_temperature_rises() -> None:
    """Hinton et al., equation 4: at high T the gradient is (z - v) / classes, whatever T is."""
    student = tensor(STUDENT - STUDENT.mean(axis=1, keepdims=True)).requires_grad_()
    teacher = tensor(TEACHERS[:, :1] - TEACHERS[:, :1].mean(axis=2, keepdims=True))
    shares = torch.ones(6, 1, dtype=torch.float64)
    spec = DistillationSpec(temperature=1e4)
    loss = soft_loss(student, teacher, shares, tensor(LABELS), spec)
    (gradient,) = torch.autograd.grad(loss, student)
    expected = (student - teacher[:, 0]).detach() / 4 / 6
    assert gradient.numpy() == pytest.approx(expected.numpy(), rel=1e-2, abs=1e-3)


@pytest.mark.parametrize("standardise", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_soft_losses_have_the_gradient_of_their_formula(
    kind: SoftLossKind, standardise: bool
) -> None:
    spec = DistillationSpec(soft_loss=kind, temperature=2, standardise_logits=standardise)
    assert gradcheck(lambda logits: soft(logits, spec), tensor(STUDENT).requires_grad_())

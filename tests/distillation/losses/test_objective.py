"""The parts of the loss put together, and what must never happen to them."""

import pytest
import torch
from torch import Tensor

from medkd_core.distillation.losses.hard import HardLoss
from medkd_core.distillation.losses.objective import Objective, TeacherFacts
from medkd_core.distillation.signals.signal import Signal
from medkd_core.jobs.spec import DistillationSpec, TrainingSpec

COUNTS = [4, 10, 30]
FACTS = [TeacherFacts(1.0, 1.5, COUNTS, 7), TeacherFacts(3.0, 0.8, [9, 9, 9], 4)]
LABELS = torch.tensor([0, 1, 2, 2, 1])
FULL = {"feature_weight": 0.5, "explanation_weight": 0.25, "explanation_warmup_epochs": 2}
KINDS = ["kl", "dkd", "dist", "ofa"]
WEIGHTINGS = ["fixed", "uniform", "entropy", "confidence"]


def objective(training: TrainingSpec | None = None, **distillation: object) -> Objective:
    torch.manual_seed(0)
    spec = DistillationSpec.model_validate(distillation)
    return Objective(training or TrainingSpec(), spec, COUNTS, FACTS, 5)


def signal(features: int, seed: int, batch: int = 5, scale: float = 1.0) -> Signal:
    draw = torch.Generator().manual_seed(seed)
    return Signal(
        torch.randn(batch, 3, generator=draw) * scale,
        torch.randn(batch, features, generator=draw) * scale,
        torch.rand(batch, 4, 4, generator=draw),
    )


STUDENT, TEACHERS = signal(5, 1), [signal(7, 2), signal(4, 3)]


def test_without_teachers_the_labels_count_whole() -> None:
    spec = DistillationSpec(feature_weight=1, explanation_weight=1)
    alone = Objective(TrainingSpec(), spec, COUNTS, [], 5)
    loss = alone(STUDENT, LABELS, [], 9)
    assert set(loss.parts()) == {"total", "hard"}
    assert loss.total is loss.hard
    assert not alone.needs_features
    assert not alone.needs_maps
    assert not list(alone.parameters())


def test_weight_is_divided_between_labels_and_teachers() -> None:
    loss = objective(soft_weight=0.7)(STUDENT, LABELS, TEACHERS, 0)
    assert set(loss.parts()) == {"total", "hard", "soft"}
    assert loss.soft is not None
    assert loss.total.item() == pytest.approx((0.3 * loss.hard + 0.7 * loss.soft).item())
    hard = HardLoss(TrainingSpec(), COUNTS)(STUDENT.logits, LABELS)
    assert loss.hard.item() == pytest.approx(hard.item())


def test_features_and_maps_are_added_with_their_weights() -> None:
    loss = objective(**FULL)(STUDENT, LABELS, TEACHERS, 2)
    parts = {name: value.item() for name, value in loss.parts().items()}
    expected = 0.3 * parts["hard"] + 0.7 * parts["soft"]
    expected += 0.5 * parts["features"] + 0.25 * parts["maps"]
    assert parts["total"] == pytest.approx(expected)


def test_maps_count_after_the_warm_up() -> None:
    whole = objective(**FULL)
    assert [whole.maps_count(epoch) for epoch in range(4)] == [False, False, True, True]
    assert "maps" not in whole(STUDENT, LABELS, TEACHERS, 1).parts()
    assert "maps" in whole(STUDENT, LABELS, TEACHERS, 2).parts()


def test_only_what_counts_is_asked_for() -> None:
    plain, whole = objective(), objective(**FULL)
    assert not plain.needs_features
    assert not plain.needs_maps
    assert whole.needs_features
    assert whole.needs_maps
    assert not list(plain.parameters())
    assert len(list(whole.parameters())) == len(FACTS)


def test_missing_part_of_a_signal_is_not_passed_over() -> None:
    with pytest.raises(ValueError, match="a part that a signal does not have"):
        objective(**FULL)(Signal(STUDENT.logits), LABELS, TEACHERS, 0)


def test_prior_of_each_teacher_is_taken_out_if_asked_for() -> None:
    plain, corrected = objective(), objective(correct_prior=True)
    tilted = [
        Signal(one.logits + torch.tensor(facts.class_counts).log() * facts.temperature)
        for one, facts in zip(TEACHERS, FACTS, strict=True)
    ]
    without = plain(STUDENT, LABELS, TEACHERS, 0).total
    assert corrected(STUDENT, LABELS, tilted, 0).total.item() == pytest.approx(without.item())
    assert abs(plain(STUDENT, LABELS, tilted, 0).total.item() - without.item()) > 1e-3


def test_state_holds_what_is_learned_and_nothing_of_the_specification() -> None:
    assert not objective().state_dict()
    assert all(name.startswith("features.") for name in objective(**FULL).state_dict())


@pytest.mark.parametrize("kind", ["kl", "dkd", "ofa"])
@pytest.mark.parametrize("hard", ["cross-entropy", "focal", "balanced-softmax"])
def test_batch_in_two_parts_has_the_mean_of_their_losses(kind: str, hard: str) -> None:
    training = TrainingSpec.model_validate({"hard_loss": hard})
    whole = objective(training, soft_loss=kind, weighting="confidence", **FULL)
    parts = [
        whole(part(STUDENT, rows), LABELS[rows], [part(one, rows) for one in TEACHERS], 3).total
        for rows in (slice(2), slice(2, 5))
    ]
    expected = whole(STUDENT, LABELS, TEACHERS, 3).total
    assert ((2 * parts[0] + 3 * parts[1]) / 5).item() == pytest.approx(expected.item(), rel=1e-6)


def part(one: Signal, rows: slice) -> Signal:
    assert one.features is not None
    assert one.maps is not None
    return Signal(one.logits[rows], one.features[rows], one.maps[rows])


def test_loss_is_the_same_in_every_bit_when_computed_again() -> None:
    whole = objective(weighting="entropy", **FULL)
    first, second = (whole(STUDENT, LABELS, TEACHERS, 3).total for _ in range(2))
    assert torch.equal(first, second)


def test_autocast_around_the_objective_changes_nothing() -> None:
    whole = objective(**FULL)
    expected = whole(STUDENT, LABELS, TEACHERS, 3).total
    with torch.autocast("cpu", torch.bfloat16):
        found = whole(STUDENT, LABELS, TEACHERS, 3).total
    assert torch.equal(found, expected)


def learned(whole: Objective, student: Signal, labels: Tensor, teachers: list[Signal]) -> Tensor:
    """The gradients that reach the student, in one row; the loss is finite."""
    assert student.features is not None
    assert student.maps is not None
    parts = [tensor.clone().requires_grad_() for tensor in vars_of(student)]
    loss = whole(Signal(*parts), labels, teachers, 3)
    assert all(torch.isfinite(value) for value in loss.parts().values())
    loss.total.backward()
    slopes = [one.grad for one in parts if one.grad is not None]
    assert len(slopes) == 3
    return torch.cat([slope.flatten() for slope in slopes])


def vars_of(one: Signal) -> list[Tensor]:
    return [tensor for tensor in (one.logits, one.features, one.maps) if tensor is not None]


@pytest.mark.parametrize("standardise", [False, True])
@pytest.mark.parametrize("weighting", WEIGHTINGS)
@pytest.mark.parametrize("kind", KINDS)
def test_extreme_values_give_finite_losses_and_gradients(
    kind: str, weighting: str, standardise: bool
) -> None:
    whole = objective(
        soft_loss=kind, weighting=weighting, standardise_logits=standardise, temperature=1, **FULL
    )
    huge = signal(5, 1, scale=1e4)
    sure = [signal(7, 2, scale=1e4), signal(4, 3, scale=1e4)]
    flat = Signal(torch.zeros(5, 3), torch.zeros(5, 5), torch.zeros(5, 4, 4))
    silent = [Signal(torch.zeros(5, 3), torch.zeros(5, d), torch.zeros(5, 4, 4)) for d in (7, 4)]
    for student in (huge, flat, STUDENT):
        for teachers in (sure, silent, TEACHERS):
            assert torch.isfinite(learned(whole, student, LABELS, teachers)).all()


@pytest.mark.parametrize("hard", ["cross-entropy", "focal", "balanced-softmax"])
@pytest.mark.parametrize("kind", KINDS)
def test_single_image_and_single_class_give_finite_losses(kind: str, hard: str) -> None:
    training = TrainingSpec.model_validate({"hard_loss": hard, "focal_gamma": 0.5})
    whole = objective(training, soft_loss=kind, weighting="confidence", **FULL)
    one = [signal(7, 2, batch=1), signal(4, 3, batch=1)]
    assert torch.isfinite(learned(whole, signal(5, 1, batch=1), LABELS[:1], one)).all()
    same = torch.zeros(5, dtype=torch.int64)
    assert torch.isfinite(learned(whole, STUDENT, same, TEACHERS)).all()
    assert torch.isfinite(learned(whole, signal(5, 1, scale=1e4), same, TEACHERS)).all()

"""Projected features against their formula in numpy."""

import numpy as np
import pytest
import torch
from torch.autograd import gradcheck

from medkd_core.distillation.losses.features import (
    FeatureLoss,
    OrthogonalProjection,
    standardised_distance,
)

RNG = np.random.default_rng(3)
SHARES = torch.tensor([[0.25, 0.75]]).expand(5, 2)


@pytest.mark.parametrize(("inputs", "outputs"), [(6, 9), (9, 6), (6, 6)])
def test_projection_is_orthogonal_and_stays_so_when_it_learns(inputs: int, outputs: int) -> None:
    project = OrthogonalProjection(inputs, outputs)
    optimizer = torch.optim.AdamW(project.parameters(), lr=0.1)
    features, wanted = torch.randn(5, inputs), torch.randn(5, outputs)
    losses = []
    for _ in range(20):
        loss = (project(features) - wanted).square().mean()
        losses.append(loss.item())
        weight = project.weight.detach()
        product = weight @ weight.T if outputs < inputs else weight.T @ weight
        assert torch.allclose(product, torch.eye(len(product)), atol=1e-5)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert losses[-1] < losses[0]


def test_weight_that_is_orthogonal_is_hardly_moved() -> None:
    project = OrthogonalProjection(5, 8)
    before = project.weight.detach().clone()
    project(torch.randn(2, 5))
    assert torch.allclose(project.weight, before, atol=1e-6)


def test_batch_in_two_parts_may_be_derived_at_the_end() -> None:
    project = OrthogonalProjection(4, 6)
    features = torch.randn(4, 4, requires_grad=True)
    (project(features[:2]).sum() + project(features[2:]).sum()).backward()
    apart = features.grad
    features.grad = None
    project(features).sum().backward()
    assert apart is not None
    assert torch.allclose(features.grad, apart)


def test_distance_is_smooth_l1_to_the_teachers_z_scores() -> None:
    projected, teacher = RNG.normal(size=(5, 8)) * 2, RNG.normal(size=(5, 8)) * 7 + 3
    centred = teacher - teacher.mean(axis=1, keepdims=True)
    wanted = centred / np.sqrt(teacher.var(axis=1, keepdims=True) + 1e-5)
    off = np.abs(projected - wanted)
    expected = np.where(off < 1, off**2 / 2, off - 0.5).mean(axis=1)
    distance = standardised_distance(torch.from_numpy(projected), torch.from_numpy(teacher))
    assert distance.numpy() == pytest.approx(expected)


def test_teachers_count_by_their_shares() -> None:
    loss = FeatureLoss(4, [7, 3])
    student, teachers = torch.randn(5, 4), [torch.randn(5, 7), torch.randn(5, 3)]
    apart = [
        standardised_distance(project(student), teacher)
        for project, teacher in zip(loss.projections, teachers, strict=True)
    ]
    expected = (0.25 * apart[0] + 0.75 * apart[1]).mean()
    assert loss(student, teachers, SHARES).item() == pytest.approx(expected.item())


def test_features_are_pulled_with_the_gradient_of_the_formula() -> None:
    loss = FeatureLoss(4, [7, 3]).double()
    teachers = [torch.randn(5, 7, dtype=torch.float64), torch.randn(5, 3, dtype=torch.float64)]
    student = torch.randn(5, 4, dtype=torch.float64, requires_grad=True)
    assert gradcheck(lambda features: loss(features, teachers, SHARES.double()), student)


def test_projection_is_restored_from_its_state() -> None:
    kept, other = FeatureLoss(4, [7]), FeatureLoss(4, [7])
    other.load_state_dict(kept.state_dict())
    assert torch.equal(kept.projections[0].weight, other.projections[0].weight)

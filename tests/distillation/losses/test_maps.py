"""Class maps with gradient, and their distance from the teachers' maps."""

import numpy as np
import pytest
import torch
from pytorch_grad_cam import GradCAM
from torch import Tensor, nn
from torch.autograd import gradcheck

from medkd_core.distillation.losses.maps import class_map, map_loss

LABELS = torch.tensor([0, 2, 1])


def tail() -> nn.Sequential:
    return nn.Sequential(
        nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(16, 6), nn.Hardswish(), nn.Linear(6, 3)
    ).double()


def test_map_of_pooled_features_is_the_class_activation_map() -> None:
    """Without layers between, Grad-CAM is CAM (Zhou et al., 2016) by the number of cells."""
    features = torch.rand(3, 4, 5, 5, dtype=torch.float64, requires_grad=True)
    weights = torch.randn(2, 4, dtype=torch.float64)
    logits = features.mean(dim=(2, 3)) @ weights.T
    labels = torch.tensor([0, 1, 1])
    expected = torch.einsum("nk,nkhw->nhw", weights[labels], features) / 25
    assert torch.allclose(class_map(logits, features, labels).double(), expected, atol=1e-6)


def test_map_is_that_of_pytorch_grad_cam_where_it_speaks_for_the_class() -> None:
    network = tail()
    features = torch.rand(3, 4, 5, 5, dtype=torch.float64, requires_grad=True)
    logits = network(features)
    ours = class_map(logits, features, LABELS).relu().detach().numpy()
    (slopes,) = torch.autograd.grad(logits.gather(1, LABELS[:, None]).sum(), features)
    theirs = GradCAM(network, []).get_cam_image(
        None, None, None, features.detach().numpy(), slopes.numpy(), False
    )
    assert ours == pytest.approx(np.maximum(theirs, 0), abs=1e-6)


@pytest.mark.parametrize(("layout", "prefix_tokens"), [("nhwc", 0), ("tokens", 2)])
def test_map_of_another_layout_is_the_same(layout: str, prefix_tokens: int) -> None:
    network = tail()
    plain = torch.rand(3, 4, 5, 5, dtype=torch.float64)
    stored = plain.permute(0, 2, 3, 1)
    if layout == "tokens":
        stored = torch.cat([torch.rand(3, 2, 4).double(), stored.flatten(1, 2)], dim=1)
    stored = stored.contiguous().requires_grad_()
    grid = stored if layout == "nhwc" else stored[:, 2:].unflatten(1, (5, 5))
    wanted = plain.requires_grad_()
    expected = class_map(network(wanted), wanted, LABELS)
    found = class_map(network(grid.permute(0, 3, 1, 2)), stored, LABELS, layout, prefix_tokens)
    assert torch.allclose(found, expected)


def test_map_can_be_derived_through_the_features_and_the_weights_behind_them() -> None:
    network = tail()
    features = torch.rand(2, 4, 3, 3, dtype=torch.float64, requires_grad=True)
    weight = network[2].weight
    wanted = torch.rand(2, 3, 3, dtype=torch.float64)
    shares = torch.ones(2, 1, dtype=torch.float64)

    def loss(features: Tensor, weight: Tensor) -> Tensor:
        logits = torch.func.functional_call(network, {"2.weight": weight}, features)
        # As `class_map`, which rounds to float32: too coarse for differences.
        chosen = logits.gather(1, LABELS[:2, None]).sum()
        (slopes,) = torch.autograd.grad(chosen, features, create_graph=True)
        found = (slopes.mean(dim=(2, 3), keepdim=True) * features).sum(dim=1)
        return map_loss(found, [wanted], shares)

    assert gradcheck(loss, (features, weight.detach().requires_grad_()))
    found = class_map(network(features), features, LABELS[:2])
    map_loss(found.double(), [wanted], shares).backward()
    slope = torch.autograd.grad(loss(features, weight), weight)[0]
    assert weight.grad is not None
    assert torch.allclose(weight.grad, slope, atol=1e-5)


def cosine(first: Tensor, second: Tensor) -> float:
    a, b = first.numpy().ravel(), second.numpy().ravel()
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def test_loss_is_one_less_the_cosine_weighted_like_the_teachers() -> None:
    student = torch.randn(3, 4, 4)
    teachers = [torch.rand(3, 4, 4), torch.rand(3, 4, 4)]
    expected = np.mean(
        [
            0.25 * (1 - cosine(student[i], teachers[0][i]))
            + 0.75 * (1 - cosine(student[i], teachers[1][i]))
            for i in range(3)
        ]
    )
    shares = torch.tensor([[0.25, 0.75]]).expand(3, 2)
    assert map_loss(student, teachers, shares).item() == pytest.approx(expected, rel=1e-5)


def test_students_map_of_any_size_may_equal_the_teachers() -> None:
    teacher = torch.rand(3, 4, 4)
    alike = map_loss(7e-3 * teacher, [teacher], torch.ones(3, 1))
    assert alike.item() == pytest.approx(0, abs=1e-6)
    assert map_loss(-teacher, [teacher], torch.ones(3, 1)).item() == pytest.approx(2)


def test_teachers_map_of_another_resolution_is_compared_in_place() -> None:
    """A corner stays that corner."""
    teacher, same, opposite = torch.zeros(1, 14, 14), torch.zeros(1, 4, 4), torch.zeros(1, 4, 4)
    teacher[0, :3, 10:] = same[0, 0, 3] = opposite[0, 3, 0] = 1
    assert map_loss(same, [teacher], torch.ones(1, 1)) < 0.2
    assert map_loss(opposite, [teacher], torch.ones(1, 1)) > 0.8


def test_image_without_a_map_is_left_out_and_a_teacher_without_one_too() -> None:
    student, first, second = torch.randn(3, 4, 4), torch.rand(3, 4, 4), torch.rand(3, 4, 4)
    first[0] = second[0] = first[1] = 0
    shares = torch.tensor([[0.25, 0.75]]).expand(3, 2)
    of_second = 1 - cosine(student[1], second[1])
    of_both = 0.25 * (1 - cosine(student[2], first[2])) + 0.75 * (1 - cosine(student[2], second[2]))
    loss = map_loss(student, [first, second], shares)
    assert loss.item() == pytest.approx((of_second + of_both) / 3, rel=1e-5)


def test_student_without_a_map_is_pulled_by_a_bounded_gradient() -> None:
    student = torch.zeros(2, 4, 4, requires_grad=True)
    map_loss(student, [torch.rand(2, 4, 4)], torch.ones(2, 1)).backward()
    assert student.grad is not None
    assert 0 < student.grad.abs().max() <= 1

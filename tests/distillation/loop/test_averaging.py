"""The moving average of the weights."""

import pytest
import torch
from torch import nn

from medkd_core.distillation.loop.averaging import MovingAverage


def network() -> nn.Module:
    return nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))


def test_average_of_weights_follows_the_recursion_with_its_ramp() -> None:
    learning = network()
    average = MovingAverage(learning, 0.25)
    weight = learning[0].weight  # type: ignore[index]
    expected = weight.detach().clone()
    for update in range(6):
        with torch.no_grad():
            weight += update + 1
        decay = min(0.25, (1 + update) / (10 + update))
        expected = decay * expected + (1 - decay) * weight.detach()
        average.update(learning, update)
    assert average.network[0].weight == pytest.approx(expected)  # type: ignore[index]


def test_average_has_the_statistics_too_and_counts_batches_in_whole_numbers() -> None:
    learning = network().train()
    average = MovingAverage(learning, 0.9)
    learning(torch.randn(8, 2) + 5)
    average.update(learning, 10**6)
    mean = learning[1].running_mean  # type: ignore[index]
    assert average.network[1].running_mean == pytest.approx(0.1 * mean)  # type: ignore[index]
    assert average.network[1].num_batches_tracked == 1  # type: ignore[index]


def test_average_never_learns_by_itself() -> None:
    average = MovingAverage(network(), 0.9)
    assert not average.network.training
    assert not any(weight.requires_grad for weight in average.network.parameters())

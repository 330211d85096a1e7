"""A trial step leaves what is real alone, and other processes too."""

import torch
from torch import nn

from medkd_core.distillation.loop.batch_size import _alone


def test_trial_waits_for_no_other_process() -> None:
    # Synchronised statistics are gathered in training mode alone.
    network = nn.Sequential(nn.SyncBatchNorm(2), nn.BatchNorm2d(2)).train()
    _alone(network)
    assert [part.training for part in network] == [False, True]
    assert network(torch.rand(2, 2, 3, 3)).requires_grad

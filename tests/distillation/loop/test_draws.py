"""Dropout whose numbers belong to the step, not to who computes it."""

import copy

import pytest
import torch
from timm.layers import DropPath
from torch import Tensor, nn

from medkd_core.distillation.loop.draws import DrawnDropout, Draws, draw_dropout

IMAGES = torch.ones(6, 50)


def dropped(draws: Draws, module: nn.Module, rows: slice, step: int = 0) -> Tensor:
    draws.begin([7, 0, step], rows, len(IMAGES))
    return module(IMAGES[rows])


def network(draws: Draws) -> nn.Module:
    made = nn.Sequential(nn.Dropout(0.4), nn.Sequential(DropPath(0.4)), nn.Dropout(0.0))
    draw_dropout(made, draws)
    return made.train()


def test_parts_of_a_step_drop_what_the_whole_drops() -> None:
    draws = Draws()
    module = network(draws)
    whole = dropped(draws, module, slice(0, 6))
    parts = [dropped(draws, module, slice(0, 2)), dropped(draws, module, slice(2, 6))]
    assert torch.equal(torch.cat(parts), whole)
    assert not torch.equal(dropped(draws, module, slice(0, 6), step=1), whole)


def test_what_is_kept_is_scaled_so_that_the_mean_stays() -> None:
    draws = Draws()
    draws.begin([0], slice(0, 100), 100)
    kept = DrawnDropout(0.25, draws, whole_images=False)(torch.ones(100, 400))
    assert kept.unique().tolist() == pytest.approx([0, 4 / 3])
    assert kept.mean().item() == pytest.approx(1, abs=0.01)


def test_stochastic_depth_drops_whole_images() -> None:
    draws = Draws()
    draws.begin([0], slice(0, 50), 50)
    kept = DrawnDropout(0.5, draws, whole_images=True)(torch.ones(50, 3, 4))
    assert (kept.flatten(1).std(dim=1) == 0).all()
    assert 0 < (kept[:, 0, 0] > 0).sum() < 50


def test_nothing_is_dropped_in_evaluation_nor_at_a_rate_of_zero() -> None:
    draws = Draws()
    module = network(draws)
    assert isinstance(module[2], nn.Dropout)  # type: ignore[index]
    assert torch.equal(module.eval()(IMAGES), IMAGES)


def test_network_can_still_be_copied() -> None:
    draws = Draws()
    module = network(draws)
    whole = dropped(draws, module, slice(0, 6))
    assert torch.equal(dropped(draws, copy.deepcopy(module), slice(0, 6)), whole)

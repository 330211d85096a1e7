"""Checkpoints: everything, whole, or refused."""

import os
from pathlib import Path

import pytest
import torch
from torch import nn

from medkd_core.distillation.loop.checkpoints import load_checkpoint, save_checkpoint
from medkd_core.distillation.loop.progress import Progress
from medkd_core.errors import JobError

Modules = dict[str, nn.Module]


def modules_and_optimizer(width: int = 4) -> tuple[Modules, torch.optim.AdamW]:
    """A network, and something else that learns with it."""
    network = nn.Sequential(nn.Conv2d(3, width, 3), nn.BatchNorm2d(width), nn.Flatten())
    network.to(memory_format=torch.channels_last)
    modules = nn.ModuleDict({"network": network, "objective": nn.Linear(36 * width, 2)})
    return dict(modules.items()), torch.optim.AdamW(modules.parameters(), lr=0.1)


def step(modules: Modules, optimizer: torch.optim.Optimizer) -> None:
    optimizer.zero_grad()
    images = torch.linspace(-1, 1, 384).view(2, 3, 8, 8)
    modules["objective"](modules["network"](images)).square().mean().backward()
    optimizer.step()


def test_run_goes_on_bit_for_bit(tmp_path: Path) -> None:
    path = tmp_path / "a" / "last.safetensors"
    modules, optimizer = modules_and_optimizer()
    step(modules, optimizer)
    progress = Progress(epoch=2, step=5, loss_sum=0.1 + 0.2)
    save_checkpoint(path, modules, optimizer, progress, {"scale": 1024.0})
    step(modules, optimizer)

    again, its_optimizer = modules_and_optimizer()
    assert load_checkpoint(path, again, its_optimizer) == (progress, {"scale": 1024.0})
    step(again, its_optimizer)
    for name, module in modules.items():
        for key, tensor in module.state_dict().items():
            assert torch.equal(tensor, again[name].state_dict()[key]), key


@pytest.mark.parametrize("damage", [0, 7, 200, -1])
def test_damaged_checkpoint_is_refused(tmp_path: Path, damage: int) -> None:
    path = tmp_path / "last.safetensors"
    modules, optimizer = modules_and_optimizer()
    save_checkpoint(path, modules, optimizer, Progress())
    path.write_bytes(path.read_bytes()[:damage])
    with pytest.raises(JobError, match="Cannot go on from the checkpoint"):
        load_checkpoint(path, modules, optimizer)


def test_checkpoint_of_another_network_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "last.safetensors"
    save_checkpoint(path, *modules_and_optimizer(8), Progress())
    with pytest.raises(JobError, match="another network"):
        load_checkpoint(path, *modules_and_optimizer(4))


@pytest.mark.skipif(os.name != "posix", reason="limits the size of files, which only POSIX can")
def test_full_disk_is_told_and_keeps_the_old_checkpoint(tmp_path: Path) -> None:
    import resource
    import signal

    path = tmp_path / "last.safetensors"
    modules, optimizer = modules_and_optimizer()
    save_checkpoint(path, modules, optimizer, Progress(epoch=1))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
        with pytest.raises(JobError, match="Cannot write the checkpoint"):
            save_checkpoint(path, modules, optimizer, Progress(epoch=2))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert load_checkpoint(path, modules, optimizer)[0].epoch == 1
    assert list(tmp_path.iterdir()) == [path]


def test_of_equal_macro_f1_the_lower_loss_is_better() -> None:
    first = Progress().after_epoch(0.5, 1.0)
    worse = first.after_epoch(0.5, 1.1)
    better = worse.after_epoch(0.5, 0.9)
    assert (first.best_epoch, worse.best_epoch, better.best_epoch) == (1, 1, 3)

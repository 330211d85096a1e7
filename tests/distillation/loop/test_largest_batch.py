"""The largest batch that the memory holds."""

from pathlib import Path

import pytest
import torch

from medkd_core.distillation.loop import largest_batch as module
from medkd_core.distillation.loop.free_memory import free_memory
from medkd_core.distillation.loop.largest_batch import (
    largest_batch,
    settle_batch_size,
    settled_batch_size,
)
from medkd_core.errors import JobError

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


def keep(images: int) -> None:
    """Keep 4 MB of each image and 40 MB in any case for the backward pass."""
    fixed = torch.ones(10_000_000, requires_grad=True)
    each = torch.ones(images, 1_000_000, requires_grad=True)
    (fixed.square().sum() + each.square().sum()).backward()


class FullAt:
    """A device that holds so many images."""

    def __init__(self, images: int) -> None:
        self._images = images
        self.tried: list[int] = []

    def __call__(self, images: int) -> None:
        self.tried.append(images)
        if images > self._images:
            raise torch.OutOfMemoryError


def test_batch_on_the_cpu_follows_from_what_images_keep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "free_memory", lambda: 2 * (40_000_000 + 150 * 4_000_000))
    assert largest_batch(keep, CPU, 1000) == 100
    assert largest_batch(keep, CPU, 30) == 30


def test_no_room_for_any_image_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "free_memory", lambda: 1_000_000)
    with pytest.raises(JobError, match="not even 2 images"):
        largest_batch(keep, CPU, 1000)


@pytest.mark.parametrize("holds", [3, 8, 100, 1000])
def test_batch_on_a_gpu_grows_until_the_memory_is_full(holds: int) -> None:
    device = FullAt(holds)
    found = largest_batch(device, CUDA, 700)
    assert 0.8 * min(holds, 700) - 1 < found <= min(holds, 700)
    assert len(device.tried) < 16


def test_what_was_settled_is_read_again(tmp_path: Path) -> None:
    assert settled_batch_size(tmp_path) is None
    settle_batch_size(tmp_path, 48)
    assert settled_batch_size(tmp_path) == 48
    (tmp_path / "settled.json").write_text("{}")
    with pytest.raises(JobError, match="damaged"):
        settled_batch_size(tmp_path)


def test_some_memory_is_free() -> None:
    assert 10_000_000 < free_memory() < 10**14

"""The largest batch that the memory holds, found before the first step and then kept to.

What was found is written into the job's folder (``settled.json``): a run that goes on, on whatever
machine, has the batches that it began with.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from medkd_core.distillation.loop.free_memory import free_memory
from medkd_core.errors import JobError
from medkd_core.jobs.durable import write_durably

SETTLED_FILE = "settled.json"

Trial = Callable[[int], None]
"""Does all that a step does with so many images, and forgets it."""

_CPU_SHARE = 0.5
"""Of the free memory; the machine has other work, and images are made ahead."""
_CPU_PEAK = 1.5
"""Highest use by what is kept for the backward pass. Measured for five networks: 0.8 to 1.0, since
much is let go on the way; what live teachers need for a moment comes on top."""
_CUDA_SHARE = 0.9
"""Of the batch that just fits: memory is divided otherwise in the course of a run."""
_COUNTED = (2, 4)
_FIRST = 8


def settled_batch_size(folder: Path) -> int | None:
    """What was settled for the job in this folder; None before.

    Raises
    ------
    JobError
        The file is damaged.
    """
    path = folder / SETTLED_FILE
    try:
        return int(json.loads(path.read_bytes())["batch_size"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise JobError(
            "Cannot read what was settled for the job from",
            path=path,
            because="it is damaged",
            cure="Make a new job from its specification.",
        ) from error


def settle_batch_size(folder: Path, batch_size: int) -> None:
    """Write it down.

    Raises
    ------
    OSError
        The disk refuses.
    """
    write_durably(folder / SETTLED_FILE, json.dumps({"batch_size": batch_size}) + "\n")


def largest_batch(trial: Trial, device: torch.device, most: int) -> int:
    """How many images one process can take at once.

    On CUDA batches grow until the memory is full. On the CPU the system would rather end the
    process: there the bytes that a step keeps for its backward pass are counted in two small
    batches, which gives those of any batch.

    Parameters
    ----------
    trial : callable
    device : torch.device
    most : int
        More are never wanted.

    Raises
    ------
    JobError
        Not even a few images fit.
    """
    on_cpu = device.type == "cpu"
    found = _by_counting(trial, free_memory()) if on_cpu else _by_growing(trial, most)
    if found < min(most, _COUNTED[0]):
        raise JobError(
            "Cannot find a batch that fits into the memory",
            because=f"not even {_COUNTED[0]} images do",
            cure="Choose smaller images, a narrower network or another device.",
        )
    return min(found, most)


def _by_counting(trial: Trial, free: int) -> int:
    few, more = (_kept_bytes(trial, images) for images in _COUNTED)
    each = max(1, (more - few) // (_COUNTED[1] - _COUNTED[0]))
    fixed = max(0, few - _COUNTED[0] * each)
    return int((_CPU_SHARE * free - fixed) / (_CPU_PEAK * each))


def _kept_bytes(trial: Trial, images: int) -> int:
    """Bytes of all tensors that a step keeps for its backward pass."""
    sizes: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        sizes[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        trial(images)
    return sum(sizes.values())


def _by_growing(trial: Trial, most: int) -> int:
    fits, fails = 0, most + 1
    images = min(_FIRST, most)
    while fits < images < fails:
        if _fits(trial, images):
            fits = images
        else:
            fails = images
        # Double until the memory is full, then halve the gap until it is small.
        images = min(2 * fits, most) if fails > most else (fits + fails) // 2
        if fails <= most and fails - fits <= max(1, fits // 16):
            break
    return fits if fits == most else max(int(fits * _CUDA_SHARE), min(fits, 1))


def _fits(trial: Trial, images: int) -> bool:
    try:
        trial(images)
    except torch.OutOfMemoryError:
        fits = False
    else:
        fits = True
    if not fits:
        # Only now, when the error no longer holds what filled the memory.
        gc.collect()
        torch.cuda.empty_cache()
    return fits

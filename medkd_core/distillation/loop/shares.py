"""How the processes of a run share a step; the only place that knows of more than one process.

What a step's images are is decided as for one process. Each process takes a share of them, in
parts if the memory asks for it, and each part's loss, a mean over its images, is scaled by its part
of the step's images; so the gradients add up to those of one process. Only what relates images of a
batch to each other (batch normalisation that is neither frozen nor synchronised, the relations
between images of ``dist``) sees a part by itself.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import numpy as np
import torch
import torch.distributed as dist
from lightning_fabric import Fabric
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Part:
    """Images of a step that are computed at once.

    Attributes
    ----------
    indices : int64, (images,)
    rows : slice
        Their places among the step's images.
    of : int
        Images of the step.
    """

    indices: Indices
    rows: slice
    of: int

    @property
    def share(self) -> float:
        """Part of the step's images, (0, 1]."""
        return len(self.indices) / self.of


class Shares:
    """This process and the others.

    Parameters
    ----------
    fabric : Fabric
    """

    def __init__(self, fabric: Fabric) -> None:
        self._fabric = fabric
        self.count = fabric.world_size
        self.rank = fabric.global_rank
        self.device = fabric.device

    @property
    def is_first(self) -> bool:
        """Whether this process speaks and writes for all."""
        return self.rank == 0

    def parts(self, images: Indices, accumulate: int) -> list[Part]:
        """This process's share of a step's images, at least one, in at most `accumulate` parts.

        Parameters
        ----------
        images : int64, (images,)
            Of the step, at least as many as there are processes.
        accumulate : int
        """
        places = np.array_split(np.arange(len(images)), self.count)[self.rank]
        split = np.array_split(places, min(accumulate, len(places)))
        return [
            Part(images[own], slice(int(own[0]), int(own[-1]) + 1), len(images)) for own in split
        ]

    def wrapped(self, module: nn.Module) -> nn.Module:
        """The module, its gradients averaged over the processes if there are several."""
        module = module.to(self.device)
        return self._fabric.strategy.setup_module(module) if self.count > 1 else module

    def until_last(self, module: nn.Module, last: bool) -> AbstractContextManager[None]:
        """Gradients are exchanged with the last part of a step alone."""
        if isinstance(module, DistributedDataParallel) and not last:
            return module.no_sync()
        return nullcontext()

    def scale(self, part: Part) -> float:
        """What a part's loss is multiplied by: gradients are averaged, not added."""
        return part.share * self.count

    def sums(self, values: Tensor) -> Tensor:
        """Numbers of all processes, added up."""
        return self._reduced(values, dist.ReduceOp.SUM)

    def least(self, value: int) -> int:
        """The smallest number that a process has."""
        if self.count == 1:
            return value
        found = torch.tensor(value, device=self.device)
        return int(self._reduced(found, dist.ReduceOp.MIN).item())

    def any(self, value: bool) -> bool:
        """Whether it is so for at least one process."""
        return self.least(-int(value)) < 0

    def share_buffers(self, module: nn.Module) -> None:
        """Give everybody the first process's statistics."""
        if self.count > 1:
            for buffer in module.buffers():
                dist.broadcast(buffer, 0)

    def slice_of(self, images: int) -> range:
        """Consecutive images that this process looks at, all of one length but for the end.

        At least one: where there are too few, the last image is looked at more than once.
        """
        size = -(-images // self.count)
        start = min(self.rank * size, images - 1)
        return range(start, min(start + size, images))

    def gathered(self, rows: Tensor, images: int) -> Tensor:
        """What every process found for its `slice_of` all images, in their order.

        Parameters
        ----------
        rows : float32, (length of the slice, columns)
            On the device.
        images : int
        """
        if self.count == 1:
            return rows
        size = -(-images // self.count)
        padded = rows.new_zeros((size, rows.shape[1]))
        padded[: len(rows)] = rows
        found = [torch.empty_like(padded) for _ in range(self.count)]
        dist.all_gather(found, padded)
        return torch.cat(found)[:images]

    def _reduced(self, values: Tensor, how: dist.ReduceOp.RedOpType) -> Tensor:
        if self.count > 1:
            dist.all_reduce(values, how)
        return values


def leave() -> None:
    """Say goodbye to the other processes, when all is done."""
    if dist.is_available() and dist.is_initialized():
        dist.destroy_process_group()

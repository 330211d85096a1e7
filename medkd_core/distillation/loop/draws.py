"""Random numbers of a step that neither its division nor a stop and restart can change."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from timm.layers import DropPath
from torch import Tensor, nn


class Draws:
    """What is dropped of each image in a step.

    It is drawn for all images of the step by everyone who works on some of them, so that the step
    has one result, however many parts and processes share it, and no state to be remembered.
    """

    def __init__(self) -> None:
        self._generator = torch.Generator()
        self._rows = slice(0, 0)
        self._images = 0

    def __deepcopy__(self, memo: object) -> Draws:
        """A copied network draws what the first one draws; generators cannot be copied."""
        return self

    def begin(self, key: Sequence[int], rows: slice, images: int) -> None:
        """Say what the next forward pass looks at.

        Parameters
        ----------
        key : sequence of int
            Seed, epoch and step.
        rows : slice
            Which of the step's images.
        images : int
            Of the whole step.
        """
        (seed,) = np.random.SeedSequence(key).generate_state(1, np.uint64)
        # Anything random in a network that is not drawn here still follows from the step.
        torch.manual_seed(int(seed))
        self._generator.manual_seed(int(seed))
        self._rows, self._images = rows, images

    def kept(self, shape: Sequence[int], probability: float, device: torch.device) -> Tensor:
        """Zeros and ones, float32, (part's images, \\*shape); ones with this probability."""
        drawn = torch.rand((self._images, *shape), generator=self._generator)
        return (drawn < probability)[self._rows].float().to(device)


class DrawnDropout(nn.Module):
    """Dropout, of single numbers or of whole images, that takes what it drops from `Draws`.

    What is kept is scaled by ``1 / (1 - rate)`` (Srivastava et al., Dropout, JMLR 15, 2014, section
    10; of whole images: Huang et al., Deep Networks with Stochastic Depth, ECCV 2016,
    arXiv:1603.09382).

    Parameters
    ----------
    rate : float
        In [0, 1).
    draws : Draws
    whole_images : bool
        Drop an image's whole branch.
    """

    def __init__(self, rate: float, draws: Draws, whole_images: bool) -> None:
        super().__init__()
        self._rate, self._whole_images = rate, whole_images
        self._draws = draws

    def forward(self, x: Tensor) -> Tensor:
        """(batch, ...) to the same; in evaluation mode nothing is dropped."""
        if not self.training:
            return x
        shape = [1] * (x.ndim - 1) if self._whole_images else list(x.shape[1:])
        kept = self._draws.kept(shape, 1 - self._rate, x.device)
        return x * (kept / (1 - self._rate)).to(x.dtype)


def draw_dropout(network: nn.Module, draws: Draws) -> None:
    """Have every dropout and stochastic depth of a network take its numbers from `draws`."""
    for parent in list(network.modules()):
        for name, child in list(parent.named_children()):
            rate = _rate(child)
            if rate:
                setattr(parent, name, DrawnDropout(rate, draws, isinstance(child, DropPath)))


def _rate(module: nn.Module) -> float:
    if isinstance(module, DropPath):
        # timm alone offers to keep the scale, and none of its networks makes use of it.
        return float(module.drop_prob or 0) if module.scale_by_keep else 0.0
    return float(module.p) if type(module) is nn.Dropout else 0.0

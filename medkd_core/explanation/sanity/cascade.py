"""Cascading weight randomisation: a network forgets block by block, from its classifier down.

Adebayo et al., *Sanity Checks for Saliency Maps*, NeurIPS 2018, arXiv:1810.03292: a map
that stays as it was when the weights are made random does not show what the network has learned.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from medkd_core.errors import ExplanationError, OperationCancelled
from medkd_core.explanation.sanity.blocks import Block, network_blocks
from medkd_core.explanation.sanity.verdict import Similarity, similarity
from medkd_core.networks.creation import create_network, without_training_packages

if TYPE_CHECKING:
    from torch import Tensor, nn

FloatArray = NDArray[np.float32]

Explainer = Callable[["nn.Module"], Sequence[FloatArray]]
"""The maps (h, w) of some images by a network, see `explainer`."""


@dataclass(frozen=True, slots=True)
class Step:
    """What is left of the maps after a block and all above it were made random.

    Attributes
    ----------
    block : str
        The lowest block that is random.
    randomised : float, (0, 1]
        Share of the network's weights that are random.
    maps : tuple of float32, (h, w)
        One an image.
    similarities : tuple of Similarity
        Of each to the original map of its image.
    """

    block: str
    randomised: float
    maps: tuple[FloatArray, ...]
    similarities: tuple[Similarity, ...]


def fresh_network(
    name: str, classes: int, width: float, image_size: int, *, seed: int
) -> nn.Module:
    """The same architecture with its own kind of fresh weights; see `create_network`.

    Parameters
    ----------
    seed : int
        Of the weights; torch's own random state stays as it is.

    Raises
    ------
    NetworkError
        torch is not installed, or the network cannot be made with these numbers.
    """
    try:
        import torch
    except ModuleNotFoundError as error:
        raise without_training_packages(name, error) from error

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return create_network(name, classes, width, image_size).eval()


def weight_cascade(
    network: nn.Module,
    fresh: nn.Module,
    image_size: int,
    explain: Explainer,
    *,
    at_most: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> list[Step]:
    """Make a network's blocks random from the top down, and its maps after each.

    Parameters
    ----------
    network : torch.nn.Module
        As trained; it is left alone.
    fresh : torch.nn.Module
        The same architecture with random weights, see `fresh_network`. It is used up: to spare a
        third copy of the weights the cascade is run from its end, and `fresh` is given the trained
        weights back block by block.
    image_size : int
        Side of the square input in pixels.
    explain : callable
        Makes the maps of the images by a network.
    at_most : int, optional
        Steps at which maps are made: the first, the last, and others evenly between; all blocks
        when left out. Whatever lies between two of them becomes random all the same.
    progress : callable, optional
        Called with the sets of maps finished and their total.
    cancelled : callable, optional
        Asked before each set of maps; True ends the work.

    Returns
    -------
    list of Step
        The classifier's first, the whole network's last.

    Raises
    ------
    ExplanationError
        `fresh` is another architecture.
    OperationCancelled
        `cancelled` said so.
    """
    trained = network.state_dict()
    _check_same(trained, fresh.state_dict())
    blocks = network_blocks(network, image_size)
    shares = _shares(network, blocks)
    wanted = _evenly(len(blocks), at_most)

    def maps_of(which: nn.Module, done: int) -> tuple[FloatArray, ...]:
        if cancelled is not None and cancelled():
            raise OperationCancelled
        maps = tuple(explain(which))
        if progress is not None:
            progress(done, len(wanted) + 1)
        return maps

    originals = maps_of(network, 1)
    steps: list[Step] = []
    for number, block in reversed(list(enumerate(blocks))):
        if number in wanted:
            maps = maps_of(fresh, len(steps) + 2)
            steps.append(Step(block.name, shares[number], maps, _compared(originals, maps)))
        fresh.load_state_dict({key: trained[key] for key in block.keys}, strict=False)
    return steps[::-1]


def _compared(
    originals: Sequence[FloatArray], maps: Sequence[FloatArray]
) -> tuple[Similarity, ...]:
    return tuple(similarity(*pair) for pair in zip(originals, maps, strict=True))


def _shares(network: nn.Module, blocks: Sequence[Block]) -> list[float]:
    """Which share of all weights is random after each block."""
    sizes = {key: weight.numel() for key, weight in network.named_parameters()}
    counts = [sum(sizes.get(key, 0) for key in block.keys) for block in blocks]
    return [float(share) for share in np.cumsum(counts) / sum(counts)]


def _evenly(blocks: int, at_most: int | None) -> set[int]:
    if at_most is None or at_most >= blocks:
        return set(range(blocks))
    return {round(place) for place in np.linspace(0, blocks - 1, max(at_most, 2))}


def _check_same(trained: dict[str, Tensor], fresh: dict[str, Tensor]) -> None:
    shapes, others = (
        {key: getattr(value, "shape", None) for key, value in state.items()}
        for state in (trained, fresh)
    )
    if shapes != others:
        raise ExplanationError(
            "Cannot randomise the network block by block",
            because="the fresh network is of another architecture",
            cure="Make it with the same name, classes, width and image size.",
        )

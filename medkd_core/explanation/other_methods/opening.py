"""Open a network for methods that need the network itself and not only its answers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from medkd_core.networks import create_network

if TYPE_CHECKING:
    from torch import nn


def open_network(
    weights_path: Path, name: str, *, width: float, classes: int, image_size: int
) -> nn.Module:
    """Make a network and give it a file's weights.

    Parameters
    ----------
    weights_path : Path
        safetensors; of a bundle, ``Bundle.weights_path(name)``.
    name, width, classes, image_size
        As in `create_network`; of a bundle, its `NetworkEntry` says them.

    Returns
    -------
    torch.nn.Module
        In evaluation mode, on the CPU.

    Raises
    ------
    NetworkError
        torch is not installed, or the weights are damaged or belong to another network.
    """
    network = create_network(name, classes, width, image_size)
    from medkd_core.networks.weights import load_weights

    load_weights(network, weights_path)
    return network.eval()

"""Small networks with their graphs, exported once a session."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from medkd_core.engines.export import export_onnx
from medkd_core.networks import create_network
from medkd_core.networks.weights import save_weights

FloatArray = NDArray[np.float32]

SIZE, CLASSES, WIDTH = 64, 3, 0.125


@dataclass(frozen=True)
class Exported:
    """A network and what was written of it."""

    name: str
    network: nn.Module
    weights_path: Path
    onnx_path: Path


@dataclass(frozen=True)
class Scene:
    """Arguments of `masked_logits`: 35 masks, more than any engine takes at once."""

    image: FloatArray
    masks: FloatArray
    rows: FloatArray
    columns: FloatArray
    baseline: FloatArray

    def __iter__(self):
        return iter((self.image, self.masks, self.rows, self.columns, self.baseline))

    def masked_images(self) -> FloatArray:
        """The formula of the contract, written out."""
        full = np.stack([self.rows @ mask @ self.columns.T for mask in self.masks])
        return self.baseline + (self.image - self.baseline) * full[:, None]


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def exported(
    tmp_path_factory: pytest.TempPathFactory, lived_in: Callable[..., nn.Module]
) -> Callable[[str], Exported]:
    """Make and export a network by name; each is made once."""

    @cache
    def make(name: str) -> Exported:
        folder = tmp_path_factory.mktemp(name)
        weights_path, onnx_path = folder / f"{name}.safetensors", folder / f"{name}.onnx"
        torch.manual_seed(0)
        network = create_network(name, CLASSES, WIDTH, SIZE)
        lived_in(network, torch.randn(8, 3, SIZE, SIZE))
        save_weights(network, weights_path)
        export_onnx(network, name, SIZE, weights_path, onnx_path)
        return Exported(name, network, weights_path, onnx_path)

    return make


@pytest.fixture
def small(exported: Callable[[str], Exported]) -> Exported:
    """The network that is exported fastest."""
    return exported("vgg19_bn")


@pytest.fixture
def scene() -> Scene:
    random = np.random.default_rng(0)
    return Scene(
        random.standard_normal((3, SIZE, SIZE), np.float32),
        random.random((35, 4, 5), np.float32),
        random.dirichlet(np.ones(4), SIZE).astype(np.float32),
        random.dirichlet(np.ones(5), SIZE).astype(np.float32),
        random.standard_normal((3, 1, 1), np.float32),
    )

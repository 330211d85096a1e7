"""A small real network, an engine around it and a picture, for the tests of maps."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).parent))

CHUNK = 8


class SmallNetwork(nn.Module):
    """Two convolutions and a linear head; `features` is the target layer."""

    def __init__(self, channels: int = 48, classes: int = 3, activation: type[nn.Module] = nn.ReLU):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 12, 5, stride=4, padding=2),
            nn.BatchNorm2d(12),
            nn.ReLU(),
            nn.Conv2d(12, channels, 3, stride=2, padding=1),
            activation(),
        )
        self.head = nn.Linear(channels, classes)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return self.head(self.features(inputs).mean(dim=(2, 3)))


class SmallEngine:
    """`Engine` around a `SmallNetwork`; remembers how many masked images it showed."""

    device = "CPU"

    def __init__(self, network: SmallNetwork, input_shape: tuple[int, int] = (60, 52)) -> None:
        self.network = network.eval()
        self.input_shape = input_shape
        self.shown = 0

    @torch.inference_mode()
    def logits(self, inputs):
        return self.network(torch.from_numpy(inputs)).numpy()

    @torch.inference_mode()
    def logits_and_features(self, inputs):
        features = self.network.features(torch.from_numpy(inputs))
        return self.network.head(features.mean(dim=(2, 3))).numpy(), features.numpy()

    @torch.inference_mode()
    def embeddings(self, inputs):
        return self.network.features(torch.from_numpy(inputs)).mean(dim=(2, 3)).numpy()

    def masked_logits(self, image, masks, rows, columns, baseline, chunk_done=None, owners=None):
        owners = np.zeros(len(masks), np.intp) if owners is None else owners
        images, baselines = (
            np.broadcast_to(array, (max(owners) + 1, *array.shape[-3:]))
            for array in (image, baseline)
        )
        answers = []
        for start in range(0, len(masks), CHUNK):
            part = slice(start, start + CHUNK)
            full = (rows @ masks[part] @ columns.T)[:, None]
            hidden = baselines[owners[part]]
            answers.append(self.logits(hidden + (images[owners[part]] - hidden) * full))
            self.shown += len(full)
            if chunk_done is not None:
                chunk_done(start + len(full))
        return np.concatenate(answers)


def _engine(seed: int = 0, input_shape: tuple[int, int] = (60, 52), **options) -> SmallEngine:
    torch.manual_seed(seed)
    network = SmallNetwork(**options)
    with torch.no_grad():
        network.head.weight.mul_(20)
    return SmallEngine(network, input_shape)


@pytest.fixture
def make_engine():
    """Makes an engine of fixed random weights, large enough for the scores to differ."""
    return _engine


@pytest.fixture
def engine() -> SmallEngine:
    return _engine()


@pytest.fixture
def image(engine) -> np.ndarray:
    """A smooth random picture in normalised units, (3, H, W)."""
    coarse = torch.randn((1, 3, 8, 7), generator=torch.Generator().manual_seed(1))
    return nn.functional.interpolate(coarse, engine.input_shape, mode="bicubic")[0].numpy()

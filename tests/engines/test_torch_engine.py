"""What the torch engine does when memory runs out."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from medkd_core.engines.torch_engine import TorchEngine
from medkd_core.errors import EngineError


class Hungry(nn.Module):
    """A network that has memory for a few images at a time."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room
        self.features = nn.Conv2d(3, 4, 16, 16)
        self.classifier = nn.Linear(4, 3)
        self.batches: list[int] = []

    def get_classifier(self) -> nn.Module:
        return self.classifier

    def forward(self, images: Tensor) -> Tensor:
        self.batches.append(len(images))
        if len(images) > self.room:
            raise torch.OutOfMemoryError
        return self.classifier(self.features(images).mean((2, 3)))


def test_chunks_are_halved_when_memory_runs_out_and_nothing_is_lost(scene: Any) -> None:
    roomy, tight = Hungry(1000), Hungry(10)
    tight.load_state_dict(roomy.state_dict())
    expected = TorchEngine(roomy, "densenet201", 64).masked_logits(*scene)
    engine = TorchEngine(tight, "densenet201", 64)
    assert np.allclose(engine.masked_logits(*scene), expected, atol=1e-5)
    assert tight.batches == [32, 16, 8, 8, 8, 8, 3]


def test_the_smaller_chunk_is_remembered(scene: Any) -> None:
    network = Hungry(10)
    engine = TorchEngine(network, "densenet201", 64)
    engine.masked_logits(*scene)
    network.batches.clear()
    engine.masked_logits(*scene)
    assert network.batches == [8, 8, 8, 8, 3]


def test_no_memory_for_one_image_is_an_error_with_a_cure(scene: Any) -> None:
    with pytest.raises(EngineError, match=r"too little free memory for a single image.*CPU"):
        TorchEngine(Hungry(0), "densenet201", 64).masked_logits(*scene)


def test_tracking_gradients_is_off_and_the_network_in_evaluation_mode(small: Any) -> None:
    engine = TorchEngine(small.network.train(), small.name, 64)
    assert not small.network.training
    engine.logits(np.zeros((1, 3, 64, 64), np.float32))
    assert all(parameter.grad is None for parameter in small.network.parameters())

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


class Homeless(Hungry):
    """A network whose weights find no room on the device."""

    def _apply(self, *arguments: Any, **keywords: Any) -> Any:
        raise torch.OutOfMemoryError


def test_no_memory_for_the_weights_is_an_error_with_a_cure() -> None:
    with pytest.raises(EngineError, match=r"too little free memory.*CPU"):
        TorchEngine(Homeless(10), "densenet201", 64)


def test_tracking_gradients_is_off_and_the_network_in_evaluation_mode(small: Any) -> None:
    engine = TorchEngine(small.network.train(), small.name, 64)
    assert not small.network.training
    engine.logits(np.zeros((1, 3, 64, 64), np.float32))
    assert all(parameter.grad is None for parameter in small.network.parameters())


class Faulty(Hungry):
    """A network that fails in a way that has nothing to do with memory."""

    def forward(self, images: Tensor) -> Tensor:
        raise RuntimeError("CUDA error: device-side assert triggered")


def test_a_failure_that_is_not_for_want_of_memory_is_said_at_once(scene: Any) -> None:
    with pytest.raises(EngineError, match=r"torch gave up on CPU.*choose the CPU"):
        TorchEngine(Faulty(10), "densenet201", 64).masked_logits(*scene)


@pytest.mark.parametrize("said", ["cuDNN error: CUDNN_STATUS_ALLOC_FAILED", "CUDA out of memory"])
def test_every_library_may_say_in_its_own_words_that_memory_is_short(scene: Any, said: str) -> None:
    class Wordy(Hungry):
        def forward(self, images: Tensor) -> Tensor:
            if len(images) > self.room:
                raise RuntimeError(said)
            return super().forward(images)

    assert len(TorchEngine(Wordy(10), "densenet201", 64).masked_logits(*scene)) == 35


class Precise(Hungry):
    """Notes in which precision its convolution computed, and adds an error to the reduced one."""

    def __init__(self, error: float) -> None:
        super().__init__(1000)
        self.error = error
        self.seen: list[torch.dtype] = []

    def forward(self, images: Tensor) -> Tensor:
        features = self.features(images)
        self.seen.append(features.dtype)
        error = self.error if features.dtype == torch.bfloat16 else 0.0
        silence = 0 * self.classifier(features.mean((2, 3)))
        return silence + error * torch.arange(len(images))[:, None]


@pytest.mark.parametrize(
    ("error", "reduced", "expected"),
    [
        (0.0, True, torch.bfloat16),
        (1.0, True, torch.float32),
        (0.0, False, torch.float32),
    ],
    ids=["close enough", "too far", "not allowed"],
)
def test_masked_passes_are_reduced_only_where_masks_keep_their_weights(
    scene: Any, error: float, reduced: bool, expected: torch.dtype
) -> None:
    network = Precise(error)
    engine = TorchEngine(network, "densenet201", 64, reduced=reduced)
    masks = np.repeat(scene.masks, 4, axis=0)
    engine.masked_logits(scene.image, masks, scene.rows, scene.columns, scene.baseline)
    assert network.seen[-5:] == [expected] * 5
    engine.logits(scene.image[None])
    assert network.seen[-1] == torch.float32


def test_few_masks_are_not_worth_finding_out(scene: Any) -> None:
    network = Precise(0.0)
    TorchEngine(network, "densenet201", 64, reduced=True).masked_logits(*scene)
    assert set(network.seen) == {torch.float32}

"""Networks of timm as graphs: channels last, two heads, class tokens, plain tokens, odd sizes."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from medkd_core.engines.export import export_onnx
from medkd_core.engines.onnx_engine import OnnxEngine
from medkd_core.engines.torch_engine import TorchEngine
from medkd_core.errors import EngineError
from medkd_core.networks import create_network
from medkd_core.networks.weights import load_weights, save_weights

NETWORKS = {
    "timm:swin_tiny_patch4_window7_224": 64,
    "timm:deit_tiny_distilled_patch16_224": 64,
    "timm:mixer_s32_224": 64,
    "timm:mobilenetv3_small_050": 64,
    "timm:test_maxvit": 160,
    "timm:levit_128s": 224,
}


class Undecided(nn.Module):
    """Its path depends on what it sees, which no graph can tell."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Conv2d(3, 4, 3)
        self.head = nn.Linear(4, 3)

    def get_classifier(self) -> nn.Module:
        return self.head

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        features = self.features(images)
        if float(features.sum()) > 0:
            features = features.relu()
        return self.head(features.mean((2, 3)))


def test_network_of_which_torch_makes_no_graph_is_one_sentence(
    tmp_path: Path,
) -> None:
    network = Undecided()
    weights, graph = tmp_path / "network.safetensors", tmp_path / "network.onnx"
    save_weights(network, weights)
    with pytest.raises(EngineError, match="torch makes none of Undecided"):
        export_onnx(network, "densenet201", 32, weights, graph)
    assert not graph.exists()


# LeViT keeps a table that is made when it first answers; the graph has it as a constant.
@pytest.mark.filterwarnings("ignore:The tensor attributes")
@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_graph_of_a_network_of_timm_answers_as_torch_does(name: str, tmp_path: Path) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    size = NETWORKS[name]
    network = create_network(name, 3, image_size=size).eval()
    weights, graph = tmp_path / "network.safetensors", tmp_path / "network.onnx"
    save_weights(network, weights)
    load_weights(network, weights)
    export_onnx(network, name, size, weights, graph)
    images = np.random.default_rng(1).standard_normal((2, 3, size, size), np.float32)
    ours = OnnxEngine(graph).logits_and_features(images)
    theirs = TorchEngine(network, name, size).logits_and_features(images)
    for one, other in zip(ours, theirs, strict=True):
        assert one.shape == other.shape
        assert np.abs(one - other).max() <= 1e-4 * np.ptp(other)

"""Every network as published: its graph answers as torch does, and its weights are stored once."""

import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from safetensors.numpy import load_file

from medkd_core.engines.export import export_onnx
from medkd_core.engines.onnx_engine import OnnxEngine
from medkd_core.engines.torch_engine import TorchEngine
from medkd_core.networks import NETWORKS, create_network
from medkd_core.networks.weights import save_weights

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "networks" / "references"))
from fixed_weights import fixed_pictures, fixed_weights

TOLERANCE = 1e-4

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def all_cores() -> None:
    torch.set_num_threads(2)


@pytest.mark.parametrize(
    ("name", "size"),
    [*((name, entry.native_size) for name, entry in NETWORKS.items()), ("ofa_595", 224)],
)
def test_graph_of_the_published_network_answers_as_torch_does(
    name: str, size: int, tmp_path: Path
) -> None:
    network = create_network(name, image_size=size)
    shapes = {
        key: tuple(value.shape)
        for key, value in network.state_dict().items()
        if value.is_floating_point() and "attn_mask" not in key
    }
    network.load_state_dict(fixed_weights(shapes), strict=False)
    weights, graph = tmp_path / f"{name}.safetensors", tmp_path / f"{name}.onnx"
    save_weights(network, weights)
    export_onnx(network, name, size, weights, graph)
    assert_weights_are_stored_once(weights, graph)
    ours, theirs = OnnxEngine(graph), TorchEngine(network, name, size)
    images = np.concatenate([fixed_pictures(size), fixed_pictures(size)[:1] / 2])
    random = np.random.default_rng(0)
    masks = random.random((3, 4, 4), np.float32)
    rows = random.dirichlet(np.ones(4), size).astype(np.float32)
    for batch in (1, 3):
        pairs = zip(
            (*ours.logits_and_features(images[:batch]), ours.embeddings(images[:batch])),
            (*theirs.logits_and_features(images[:batch]), theirs.embeddings(images[:batch])),
            strict=True,
        )
        assert all(difference(one, other) <= TOLERANCE for one, other in pairs)
    masking = (images[0], masks, rows, rows, images[1])
    assert difference(ours.masked_logits(*masking), theirs.masked_logits(*masking)) <= TOLERANCE


def difference(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Largest, as a share of the range."""
    return float(np.abs(ours - theirs).max() / np.ptp(theirs))


def assert_weights_are_stored_once(weights: Path, graph: Path) -> None:
    # What follows from the architecture (tables of windows) is in the graph, and nowhere else.
    assert 40 * graph.stat().st_size < weights.stat().st_size
    outside = {
        tensor.name.removeprefix("network.")
        for tensor in onnx.load(graph, load_external_data=False).graph.initializer
        if tensor.data_location == onnx.TensorProto.EXTERNAL
    }
    stored = {key for key in load_file(weights) if not key.endswith("num_batches_tracked")}
    assert outside == stored

"""A graph refers to its weights and stores none; one that would lie is not written."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from safetensors.numpy import load_file

from medkd_core.engines.export import export_onnx
from medkd_core.engines.onnx_engine import OnnxEngine
from medkd_core.errors import EngineError
from medkd_core.networks import create_network
from medkd_core.networks.weights import save_weights


def test_every_weight_is_a_region_of_the_safetensors_file(small: Any) -> None:
    graph = onnx.load(small.onnx_path, load_external_data=False).graph
    stored = load_file(small.weights_path)
    content = small.weights_path.read_bytes()
    outside = {
        tensor.name.removeprefix("network."): {e.key: e.value for e in tensor.external_data}
        for tensor in graph.initializer
        if tensor.data_location == onnx.TensorProto.EXTERNAL
    }
    assert set(stored) - set(outside) == {k for k in stored if k.endswith("num_batches_tracked")}
    for key, entry in outside.items():
        start, length = int(entry["offset"]), int(entry["length"])
        assert entry["location"] == small.weights_path.name
        assert content[start : start + length] == stored[key].tobytes()


def test_a_graph_is_much_smaller_than_its_weights(small: Any) -> None:
    assert 20 * small.onnx_path.stat().st_size < small.weights_path.stat().st_size


def test_batch_normalisation_and_convolution_are_left_for_onnxruntime_to_fuse(small: Any) -> None:
    kinds = [
        node.op_type for node in onnx.load(small.onnx_path, load_external_data=False).graph.node
    ]
    assert kinds.count("BatchNormalization") == 16
    assert not {"Expand", "CastLike", "Identity"} & set(kinds)


def test_weights_of_another_training_are_refused_and_no_graph_is_left(
    small: Any, tmp_path: Path
) -> None:
    torch.manual_seed(1)
    other = create_network(small.name, 3, 0.125, 64)
    weights = Path(shutil.copy(small.weights_path, tmp_path))
    with pytest.raises(EngineError, match="holds other weights"):
        export_onnx(other, small.name, 64, weights, tmp_path / "graph.onnx")
    assert list(tmp_path.iterdir()) == [weights]


def test_weights_in_another_folder_are_refused(small: Any, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="lie in another folder"):
        export_onnx(small.network, small.name, 64, small.weights_path, tmp_path / "graph.onnx")


def test_graph_and_weights_move_together(small: Any, tmp_path: Path) -> None:
    images = np.random.default_rng(0).standard_normal((1, 3, 64, 64), np.float32)
    moved = Path(shutil.copy(small.onnx_path, tmp_path))
    shutil.copy(small.weights_path, tmp_path)
    assert np.array_equal(
        OnnxEngine(moved).logits(images), OnnxEngine(small.onnx_path).logits(images)
    )


def test_a_network_in_training_stays_in_training(tmp_path: Path) -> None:
    network = create_network("vgg19", 3, 0.05, 32)
    weights = tmp_path / "vgg19.safetensors"
    save_weights(network, weights)
    export_onnx(network, "vgg19", 32, weights, tmp_path / "vgg19.onnx", target_layer="features.26")
    assert network.training
    features = OnnxEngine(tmp_path / "vgg19.onnx").logits_and_features(
        np.zeros((1, 3, 32, 32), np.float32)
    )[1]
    assert features.shape == (1, 26, 4, 4)

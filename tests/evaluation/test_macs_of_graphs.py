"""The multiply-accumulates that torch counts, against those of the graph that onnxruntime runs."""

from __future__ import annotations

from math import prod
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from medkd_core.engines.export import export_onnx
from medkd_core.networks import create_network
from medkd_core.networks.complexity import count_macs
from medkd_core.networks.weights import save_weights

FAMILIES = ("ofa_595", "densenet201", "visformer_s", "autoformer_v2_t", "vgg19")
SIZE = 96
MULTIPLIES = {"Conv", "Gemm", "MatMul"}


def macs_of_graph(path: Path) -> int:
    """Multiply-accumulates of one image, from the shapes that every operation really saw."""
    model = onnx.load(path, load_external_data=False)
    nodes = [node for node in model.graph.node if node.op_type in MULTIPLIES]
    made = {name for node in model.graph.node for name in node.output}
    wanted = {name for node in nodes for name in (*node.input[:2], *node.output) if name in made}
    shapes = {weight.name: tuple(weight.dims) for weight in model.graph.initializer}
    del model.graph.output[:]
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in sorted(wanted))
    seen = path.with_name("seen.onnx")
    onnx.save(model, seen)
    feed = {
        "images": np.zeros((1, 3, SIZE, SIZE), np.float32),
        "masks": np.ones((1, 1, 1, 1), np.float32),
        "rows": np.ones((SIZE, 1), np.float32),
        "columns": np.ones((SIZE, 1), np.float32),
        "baseline": np.zeros((1, 3, 1, 1), np.float32),
    }
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(seen, options)
    shapes |= {name: array.shape for name, array in feed.items()}
    shapes |= {
        output.name: array.shape
        for output, array in zip(session.get_outputs(), session.run(None, feed), strict=True)
    }
    masking = SIZE + SIZE * SIZE
    return sum(macs_of_operation(node, shapes) for node in nodes) - masking


def macs_of_operation(node: onnx.NodeProto, shapes: dict[str, tuple[int, ...]]) -> int:
    left, right = (shapes[name] for name in node.input[:2])
    # A value of the output is one sum over a filter, or over a row.
    summed = prod(right[1:]) if node.op_type == "Conv" else left[-1]
    return prod(shapes[node.output[0]]) * summed


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_torch_counts_what_the_graph_multiplies(name: str, tmp_path: Path) -> None:
    network = create_network(name, 3, 0.125, SIZE).eval()
    weights, graph = tmp_path / "network.safetensors", tmp_path / "network.onnx"
    save_weights(network, weights)
    export_onnx(network, name, SIZE, weights, graph)
    assert macs_of_graph(graph) == count_macs(network, SIZE)

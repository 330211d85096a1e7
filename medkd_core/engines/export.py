"""Write a network as one ONNX graph whose weights stay in its safetensors file.

The graph masks first and runs the network after::

    baseline + (images - baseline) * (rows @ masks @ columns^T)

so that the hot loop of Score-CAM needs no full-size mask outside of it. Plain inference gives a
single mask of one.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

import numpy as np
import onnx_ir as ir
import torch
from onnx_ir.passes import common as passes
from onnxscript import optimizer
from safetensors import safe_open
from torch import nn

from medkd_core.engines.onnx_engine import GRAPH_INPUTS, GRAPH_OUTPUTS, OnnxEngine
from medkd_core.engines.protocol import Engine, FloatArray
from medkd_core.engines.torch_engine import TorchEngine
from medkd_core.errors import EngineError
from medkd_core.networks.access import Explained
from medkd_core.networks.target_layers import with_target_layer

_PREFIX = "network."
_TOLERANCE = 1e-4
_PERTURBATION = 1e-5
_DEDUPLICATED_UP_TO = 1 << 16


def export_onnx(
    network: nn.Module,
    name: str,
    image_size: int,
    weights_path: Path,
    onnx_path: Path,
    target_layer: str | None = None,
) -> None:
    """Write a network's graph beside its weights, and check it against torch.

    Parameters
    ----------
    network : torch.nn.Module
        Made by `create_network`, on the CPU; its mode is left as it was.
    name : str
        Its registry name.
    image_size : int
        Side of its square input in pixels.
    weights_path : Path
        What `save_weights` wrote for this very network. The graph refers into it.
    onnx_path : Path
        In the same folder. Nothing is left there when something fails.
    target_layer : str, optional
        The registry's when left out.

    Raises
    ------
    EngineError
        The weights lie elsewhere or are others, torch makes no graph of such a network, or the
        graph does not answer as torch does.
    """
    if weights_path.parent.resolve() != onnx_path.parent.resolve():
        raise _cannot(onnx_path, "its weights lie in another folder")
    was_training = network.training
    partial = onnx_path.with_name(f".{onnx_path.name}.partial")
    try:
        explained = with_target_layer(network, name, image_size, target_layer).eval()
        model = _traced(explained, image_size)
        _put_masking_first(model.graph, image_size)
        _refer_to_weights(model.graph, weights_path, onnx_path)
        ir.save(model, partial)
        _compare(
            OnnxEngine(partial),
            TorchEngine(network, name, image_size, "cpu", target_layer),
            onnx_path,
        )
        partial.replace(onnx_path)
    except OSError as error:
        raise _cannot(onnx_path, error.strerror or "the disk refused") from error
    except torch.onnx.OnnxExporterError as error:
        raise _cannot(onnx_path, f"torch makes none of {type(network).__name__}") from error
    finally:
        partial.unlink(missing_ok=True)
        network.train(was_training)


def _traced(explained: Explained, image_size: int) -> ir.Model:
    """The network as a lean graph whose weights still have their state-dict names."""
    example = torch.zeros(2, 3, image_size, image_size)
    with torch.no_grad():
        program = torch.onnx.export(
            explained,
            (example,),
            dynamo=True,
            optimize=False,
            verbose=False,
            input_names=["images"],
            output_names=list(GRAPH_OUTPUTS),
            dynamic_shapes=({0: torch.export.Dim("n")},),
        )
    model = cast(torch.onnx.ONNXProgram, program).model
    weights = set(explained.state_dict())

    def spared(node: ir.Node) -> bool | None:
        # A folded copy of a weight would be stored a second time.
        return False if any(v is not None and v.name in weights for v in node.inputs) else None

    optimizer.fold_constants(model, should_fold=spared)
    for tidy in (
        passes.LiftConstantsToInitializersPass(lift_all_constants=True, size_limit=0),
        passes.RemoveUnusedNodesPass(),
        passes.DeduplicateInitializersPass(_DEDUPLICATED_UP_TO),
        passes.ClearMetadataAndDocStringPass(),
    ):
        tidy(model)
    return model


def _put_masking_first(graph: ir.Graph, image_size: int) -> None:
    """Make the five inputs of `OnnxEngine` out of the network's one."""
    inner = graph.inputs[0]
    inner.name = "masked_images"
    shapes: tuple[list[int | str], ...] = (
        ["n", 3, image_size, image_size],
        ["m", 1, "h", "w"],
        [image_size, "h"],
        [image_size, "w"],
        [1, 3, "baseline_height", "baseline_width"],
    )
    inputs = [
        ir.Value(name=name, shape=ir.Shape(shape), type=ir.TensorType(ir.DataType.FLOAT))
        for name, shape in zip(GRAPH_INPUTS, shapes, strict=True)
    ]
    images, masks, rows, columns, baseline = inputs
    down = ir.node("MatMul", [rows, masks])
    across = ir.node("Transpose", [columns], {"perm": [1, 0]})
    mask = ir.node("MatMul", [down.outputs[0], across.outputs[0]])
    contrast = ir.node("Sub", [images, baseline])
    seen = ir.node("Mul", [contrast.outputs[0], mask.outputs[0]])
    masked = ir.node("Add", [baseline, seen.outputs[0]])
    graph.insert_before(graph[0], [down, across, mask, contrast, seen, masked])
    inner.replace_all_uses_with(masked.outputs[0])
    graph.inputs[:] = inputs


def _refer_to_weights(graph: ir.Graph, weights_path: Path, onnx_path: Path) -> None:
    """Let every weight be a region of the safetensors file, after comparing the values."""
    regions = _regions(weights_path)
    with safe_open(weights_path, "numpy") as file:
        for name, value in graph.initializers.items():
            key = name.removeprefix(_PREFIX)
            tensor = value.const_value
            if key not in regions or tensor is None:
                continue
            if not np.array_equal(tensor.numpy(), file.get_tensor(key)):
                raise _cannot(onnx_path, f"{weights_path.name} holds other weights ({key})")
            offset, length = regions[key]
            value.const_value = ir.ExternalTensor(
                weights_path.name,
                offset,
                length,
                tensor.dtype,
                shape=ir.Shape(tensor.shape.numpy()),
                name=name,
                base_dir=weights_path.parent,
            )


def _regions(weights_path: Path) -> dict[str, tuple[int, int]]:
    """Offset and length in bytes of each tensor of a safetensors file."""
    with weights_path.open("rb") as file:
        header_length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(header_length))
    header.pop("__metadata__", None)
    start = 8 + header_length
    return {
        key: (start + entry["data_offsets"][0], entry["data_offsets"][1] - entry["data_offsets"][0])
        for key, entry in header.items()
    }


def _compare(graph: OnnxEngine, network: TorchEngine, onnx_path: Path) -> None:
    """Refuse a graph that answers otherwise than torch, plain or masked.

    An untrained network may amplify rounding beyond the tolerance; what it makes of a change of
    1e-5 in its input is therefore allowed on top.
    """
    random = np.random.default_rng(0)
    height, width = graph.input_shape
    images = random.standard_normal((2, 3, height, width), np.float32)
    masks = random.random((2, 2, 2), np.float32)
    rows, columns = random.random((height, 2), np.float32), random.random((width, 2), np.float32)

    def answers(engine: Engine, images: FloatArray) -> dict[str, FloatArray]:
        logits, features = engine.logits_and_features(images)
        masked = engine.masked_logits(images[0], masks, rows, columns, images[1])
        embeddings = engine.embeddings(images)
        return {
            "logits": logits,
            "features": features,
            "embeddings": embeddings,
            "masked logits": masked,
        }

    ours, theirs = answers(graph, images), answers(network, images)
    nearby = answers(network, images * np.float32(1 + _PERTURBATION))
    for what, expected in theirs.items():
        noise = np.abs(nearby[what] - expected).max()
        if np.abs(ours[what] - expected).max() > _TOLERANCE * np.ptp(expected) + noise:
            raise _cannot(onnx_path, f"its {what} are not those of the network")


def _cannot(onnx_path: Path, because: str) -> EngineError:
    return EngineError("Cannot write the graph", path=onnx_path, because=because)

"""Open a network of a bundle on the machine at hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from medkd_core.engines.choice import EngineChoice
from medkd_core.engines.devices import resolve_device, why_automatic
from medkd_core.engines.measuring import fastest_on_cpu
from medkd_core.engines.protocol import Engine

# Of torch on a CPU: a tenth of a second of two cores, after which work can be cancelled. For large
# networks small chunks are also the faster ones.
_MACS_AT_ONCE = 5_000_000_000


def open_engine(
    onnx_path: Path,
    weights_path: Path,
    *,
    name: str,
    width: float,
    classes: int,
    image_size: int,
    macs: int = 0,
    target_layer: str | None = None,
    device: str = "auto",
    choice: EngineChoice | None = None,
) -> Engine:
    """Open a network: with onnxruntime on the CPU, with torch on a GPU.

    A large network runs in torch on the CPU where that was measured to be faster.

    Parameters
    ----------
    onnx_path, weights_path : Path
        Its graph and its safetensors file, side by side.
    name : str
        Registry name.
    width : float
        Channel scale.
    classes : int
    image_size : int
        Side of its square input in pixels.
    macs : int
        Multiply-accumulates of one input; a network for which they are left out is not measured.
    target_layer : str, optional
        The registry's when left out; a graph has the one it was exported with.
    device : str
        ``auto``, ``cpu``, ``cuda`` or ``cuda:n``.
    choice : EngineChoice, optional
        The way to run it, whatever `device` says.

    Raises
    ------
    EngineError
        There is no such device, or the graph is damaged.
    NetworkError
        The weights are damaged or belong to another network.
    """

    def open_choice(choice: EngineChoice) -> Engine:
        if choice.runtime == "onnxruntime":
            from medkd_core.engines.onnx_engine import OnnxEngine

            return OnnxEngine(onnx_path, reason=choice.reason)
        return _torch_engine(
            weights_path, name, width, classes, image_size, macs, target_layer, choice
        )

    if choice is None:
        shape = f"{name}, width {width:g}, {image_size} px"
        choice = _choice(device, shape, macs, open_choice)
    return open_choice(choice)


def _choice(
    device: str, network: str, macs: int, open_choice: Callable[[EngineChoice], Engine]
) -> EngineChoice:
    key, _ = resolve_device(device)
    choice = EngineChoice("torch", key)
    if key == "cpu":
        choice = fastest_on_cpu(network, macs, open_choice)
    why = why_automatic() if device == "auto" else ""
    return replace(choice, reason="; ".join(filter(None, (why, choice.reason))))


def _torch_engine(
    weights_path: Path,
    name: str,
    width: float,
    classes: int,
    image_size: int,
    macs: int,
    target_layer: str | None,
    choice: EngineChoice,
) -> Engine:
    from medkd_core.engines.torch_engine import CHUNK, TorchEngine
    from medkd_core.networks import create_network
    from medkd_core.networks.weights import load_weights

    network = create_network(name, classes, width, image_size)
    load_weights(network, weights_path)
    chunk = CHUNK
    if choice.device == "cpu" and macs:
        chunk = max(1, min(CHUNK, _MACS_AT_ONCE // macs))
    return TorchEngine(
        network, name, image_size, choice.device, target_layer, chunk=chunk, reason=choice.reason
    )

"""Open a network of a bundle on the machine at hand."""

from __future__ import annotations

from pathlib import Path

from medkd_core.engines.devices import resolve_device
from medkd_core.engines.protocol import Engine


def open_engine(
    onnx_path: Path,
    weights_path: Path,
    *,
    name: str,
    width: float,
    classes: int,
    image_size: int,
    target_layer: str | None = None,
    device: str = "auto",
) -> Engine:
    """Open a network: with onnxruntime on the CPU, with torch on a GPU.

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
    target_layer : str, optional
        The registry's when left out; a graph has the one it was exported with.
    device : str
        ``auto``, ``cpu``, ``cuda`` or ``cuda:n``.

    Raises
    ------
    EngineError
        There is no such device, or the graph is damaged.
    NetworkError
        The weights are damaged or belong to another network.
    """
    key, _ = resolve_device(device)
    if key == "cpu":
        from medkd_core.engines.onnx_engine import OnnxEngine

        return OnnxEngine(onnx_path)
    from medkd_core.engines.torch_engine import TorchEngine
    from medkd_core.networks import create_network
    from medkd_core.networks.weights import load_weights

    network = create_network(name, classes, width, image_size)
    load_weights(network, weights_path)
    return TorchEngine(network, name, image_size, key, target_layer)

"""One Score-CAM map in a process of its own, for `score_cam.py`: its time, memory and result.

    python tests/benchmarks/one_score_cam.py FOLDER NETWORK WAY THREADS RESULT

FOLDER holds the network's weights (NETWORK.safetensors), its graph (NETWORK.onnx) and the picture
(NETWORK.npy). RESULT is an npz file.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

# Threads that spin while they wait take the cores from whatever else runs.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
Explained = tuple[FloatArray, int]
"""The map at the input's size, and the masked images that the network saw."""

CLASSES = 3
CLASS = 1
PREVIEW = "preview"
LIBRARIES = ("pytorch-grad-cam", "torch-cam")
OURS = "MedKD "
PEAK = "peak"
_MEBIBYTE = 2**20
_SIDE = 1536
_PRODUCTS = 20


def main() -> None:
    """Compute one map, and write what it took."""
    folder, network, way, threads, result = sys.argv[1:]
    os.environ.setdefault("OMP_NUM_THREADS", threads)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", threads)
    if way == PEAK:
        np.savez(result, flops_per_second=peak_flops(int(threads)))
        return
    make = medkd if way.startswith(OURS) else library
    explain = make(Path(folder), network, way.removeprefix(OURS), int(threads))
    before = _reset_peak()
    began, busy = time.perf_counter(), time.process_time()
    values, forwards = explain()
    figures = {
        "seconds": time.perf_counter() - began,
        "cpu_seconds": time.process_time() - busy,
        "extra_mib": (_peak() - before) / _MEBIBYTE,
    }
    np.savez(result, map=values, forwards=forwards, **figures)


def medkd(folder: Path, network: str, way: str, threads: int) -> Callable[[], Explained]:
    """Open a network as the viewer does, and let it answer once."""
    from medkd_core.engines.onnx_engine import OnnxEngine
    from medkd_core.explanation.score_cam import DEFAULT_DIALECT, score_cam

    image = np.load(folder / f"{network}.npy")
    engine = OnnxEngine(folder / f"{network}.onnx", threads=threads)
    engine.logits(image[np.newaxis])
    preview = way == PREVIEW

    def explain() -> Explained:
        dialect = DEFAULT_DIALECT if preview else way
        found = score_cam(engine, image, CLASS, dialect=dialect, preview=preview)
        return found.input_map, found.forwards

    return explain


def library(folder: Path, network: str, way: str, threads: int) -> Callable[[], Explained]:
    """Open a network in torch, and let it answer once."""
    import torch

    from medkd_core.networks import create_network
    from medkd_core.networks.registry import network_facts
    from medkd_core.networks.weights import load_weights

    torch.set_num_threads(threads)
    image = torch.from_numpy(np.load(folder / f"{network}.npy"))[None]
    module = create_network(network, CLASSES).eval()
    load_weights(module, folder / f"{network}.safetensors")
    layer = module.get_submodule(network_facts(network).target_layer)
    with torch.inference_mode():
        module(image)
    explain = _pytorch_grad_cam if way == LIBRARIES[0] else _torch_cam
    return lambda: explain(module, layer, image)


def _pytorch_grad_cam(module, layer, image) -> Explained:  # type: ignore[no-untyped-def]
    from pytorch_grad_cam import ScoreCAM
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    with ScoreCAM(module, [layer]) as method:
        values = method(image, [ClassifierOutputTarget(CLASS)])[0]
        return values, method.activations_and_grads.activations[0].shape[1]


def _torch_cam(module, layer, image) -> Explained:  # type: ignore[no-untyped-def]
    import torch
    from torch.nn.functional import interpolate
    from torchcam.methods import ScoreCAM

    with ScoreCAM(module, layer) as method, torch.no_grad():
        module(image)
        channels = method.hook_a[0].shape[1]
        values = method(CLASS)[0]
    size = tuple(image.shape[2:])
    values = interpolate(values[:, None], size, mode="bilinear", align_corners=False)
    return values[0, 0].numpy(), channels


def peak_flops(threads: int) -> float:
    """Floating-point operations a second of float32 matrix products, the best of two libraries."""
    import torch

    torch.set_num_threads(threads)
    a, b = np.random.default_rng(0).random((2, _SIDE, _SIDE), np.float32)
    products = (lambda: a @ b), (lambda: torch.from_numpy(a) @ torch.from_numpy(b))
    seconds = []
    for product in products * _PRODUCTS:
        began = time.perf_counter()
        product()
        seconds.append(time.perf_counter() - began)
    return float(2 * _SIDE**3 / min(seconds))


def _reset_peak() -> int:
    """Forget the peak of resident memory where the system can; what is resident now, in bytes."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return _status("VmRSS")


def _peak() -> int:
    try:
        return _status("VmHWM")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _status(field: str) -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))


if __name__ == "__main__":
    main()

"""Images per second of torch and onnxruntime for student and teachers at their published size.

    python tests/benchmarks/engines.py
    python tests/benchmarks/engines.py --networks ofa_595 --batches 1 8 32 --json engines.json

Every way is timed in one run, in turns, with as many threads as there are usable cores; medians
are printed, and ratios to torch as it comes (contiguous tensors, eager). The weights are fresh:
speed does not depend on them. With a GPU, torch on it is timed as well.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

# Threads that spin while they wait take the cores from whatever else runs.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table
from torch import nn

from medkd_core.engines.devices import available_devices, cpu_name, usable_cores
from medkd_core.engines.export import export_onnx
from medkd_core.engines.onnx_engine import OnnxEngine
from medkd_core.engines.torch_engine import TorchEngine
from medkd_core.networks import NETWORKS, create_network
from medkd_core.networks.weights import save_weights

STUDENT_AND_TEACHERS = ("ofa_595", "densenet201", "visformer_s", "autoformer_v2_t")
EAGER = "torch eager"
_TURN_SECONDS = 0.5

Way = Callable[[NDArray[np.float32]], object]
Figures = dict[str, float]


def main() -> None:
    """Time every network at every batch size, and print one table."""
    options = _options()
    torch.set_num_threads(options.threads)
    console = Console()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name in options.networks:
            ways = _ways(name, options.graphs or Path(folder), options.threads)
            for batch in options.batches:
                label = f"{NETWORKS[name].label}, {batch} at a time"
                figures = _images_per_second(ways, name, batch, options.repeats, label)
                rows.append({"network": name, "batch": batch, "images_per_second": figures})
    console.print(_table(rows))
    console.print(f"{cpu_name()}, {options.threads} threads, median of {options.repeats}.")
    if options.json:
        machine = {"cpu": cpu_name(), "threads": options.threads, "torch": torch.__version__}
        options.json.write_text(json.dumps({"machine": machine, "rows": rows}, indent=2))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--networks", nargs="+", default=STUDENT_AND_TEACHERS, choices=NETWORKS)
    parser.add_argument("--batches", nargs="+", type=int, default=[1, 32])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=usable_cores())
    parser.add_argument("--graphs", type=Path, help="folder that keeps the graphs for next time")
    parser.add_argument("--json", type=Path, help="file for the figures")
    return parser.parse_args()


def _ways(name: str, folder: Path, threads: int) -> dict[str, Way]:
    """Each way of running the network, as a function of a batch (n, 3, H, W)."""
    torch.manual_seed(0)
    network, size = create_network(name).eval(), NETWORKS[name].native_size
    weights, graph = folder / f"{name}.safetensors", folder / f"{name}.onnx"
    if not graph.is_file():
        save_weights(network, weights)
        export_onnx(network, name, size, weights, graph)
    ways: dict[str, Way] = {
        EAGER: _torch_way(network, torch.contiguous_format),
        "torch channels-last": _torch_way(copy.deepcopy(network), torch.channels_last),
        "onnxruntime": OnnxEngine(graph, threads=threads).logits,
    }
    for key, _label in available_devices()[1:]:
        ways[f"torch {key}"] = TorchEngine(copy.deepcopy(network), name, size, key).logits
    return ways


def _torch_way(network: nn.Module, layout: torch.memory_format) -> Way:
    network = network.to(memory_format=layout)

    @torch.inference_mode()
    def run(batch: NDArray[np.float32]) -> NDArray[np.float32]:
        return network(torch.from_numpy(batch).contiguous(memory_format=layout)).numpy()

    return run


def _images_per_second(
    ways: dict[str, Way], name: str, batch: int, repeats: int, label: str
) -> Figures:
    size = NETWORKS[name].native_size
    images = np.random.default_rng(0).standard_normal((batch, 3, size, size), np.float32)
    for way in ways.values():
        way(images)
    seconds: dict[str, list[float]] = {way: [] for way in ways}
    for _ in track(range(repeats), label, transient=True):
        for key, way in ways.items():
            seconds[key].append(_seconds_a_call(way, images))
    return {key: batch / statistics.median(taken) for key, taken in seconds.items()}


def _seconds_a_call(way: Way, images: NDArray[np.float32]) -> float:
    """Of a turn of half a second; the first call only brings the weights back into the cache."""
    way(images)
    calls, began = 0, time.perf_counter()
    while (taken := time.perf_counter() - began) < _TURN_SECONDS:
        way(images)
        calls += 1
    return taken / calls


def _table(rows: list[dict[str, object]]) -> Table:
    ways = list(rows[0]["images_per_second"])  # type: ignore[call-overload]
    table = Table("images/s (x eager)", "batch", *ways, box=None)
    for row in rows:
        figures: Figures = row["images_per_second"]  # type: ignore[assignment]
        cells = [f"{figures[way]:.1f} ({figures[way] / figures[EAGER]:.1f} x)" for way in ways]
        table.add_row(NETWORKS[str(row["network"])].label, str(row["batch"]), *cells)
    return table


if __name__ == "__main__":
    main()

"""Score-CAM of student and teacher: seconds, passes, memory and map of known libraries and of ours.

    python tests/benchmarks/score_cam.py
    python tests/benchmarks/score_cam.py --networks ofa_595 --repeats 3 --json score_cam.json

Every way explains the same drawn film and class with the same weights, in a process of its own, in
turns, with as many threads as there are usable cores; medians are printed. "x grad" and "x torch"
say how many times as fast as pytorch-grad-cam and torch-cam a way is, "CPU s" the seconds of all
cores, which count where others use the machine. Memory (MiB) is the peak of what is resident beyond
the network that was opened and has answered once. The difference is the largest one between maps in
[0, 1]: to the library that a dialect follows, of the preview to the exact map.

What is measured is written to the JSON file at once: the same command goes on where it was stopped.
The weights are fresh and have seen drawn films; speed does not depend on them.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from one_score_cam import CLASSES, LIBRARIES, OURS, PEAK, PREVIEW
from rich.console import Console
from rich.table import Table
from torch import nn

from medkd_core.datasets.phantom import draw_phantom
from medkd_core.engines.devices import cpu_name, usable_cores
from medkd_core.engines.export import export_onnx
from medkd_core.explanation.score_cam import DEFAULT_DIALECT, DIALECTS
from medkd_core.networks import NETWORKS, create_network
from medkd_core.networks.complexity import count_macs
from medkd_core.networks.weights import save_weights

EXACT = f"{OURS}{DEFAULT_DIALECT}"
WAYS = (*LIBRARIES, *(OURS + name for name in DIALECTS), OURS + PREVIEW)
_FILMS = 8

FloatArray = NDArray[np.float32]
Runs = list[dict[str, Any]]


def main() -> None:
    """Measure every way for every network, and print one table for each."""
    options = _options()
    console = Console(width=110)
    known = json.loads(options.json.read_text()) if options.json and options.json.is_file() else {}
    with tempfile.TemporaryDirectory() as folder:
        kept = (options.graphs or Path(folder)).resolve()
        kept.mkdir(parents=True, exist_ok=True)
        for name in options.networks:
            macs = _prepare(name, kept)
            runs: Runs = known.setdefault(name, [])
            for repeat in range(options.repeats):
                for way in (PEAK, *options.ways):
                    if any((run["way"], run["repeat"]) == (way, repeat) for run in runs):
                        continue
                    console.print(f"{NETWORKS[name].label}, {way}, run {repeat + 1}", style="dim")
                    figures = _run(kept, name, way, options.threads)
                    runs.append({"way": way, "repeat": repeat, **figures})
                    if options.json:
                        options.json.write_text(json.dumps(known))
            console.print(_table(name, runs, options.ways, macs))
    console.print(f"{cpu_name()}, {options.threads} threads, median of {options.repeats}.")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    networks = ("ofa_595", "densenet201")
    parser.add_argument("--networks", nargs="+", default=networks, choices=NETWORKS)
    parser.add_argument("--ways", nargs="+", default=WAYS, choices=WAYS)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--threads", type=int, default=usable_cores())
    parser.add_argument("--graphs", type=Path, help="folder that keeps the graphs for next time")
    parser.add_argument("--json", type=Path, help="file for the figures, and to go on from")
    return parser.parse_args()


def _prepare(name: str, folder: Path) -> int:
    """Weights, graph and picture of a network, unless they are there; its multiply-accumulates."""
    torch.manual_seed(0)
    network, size = create_network(name, CLASSES), NETWORKS[name].native_size
    graph, picture = folder / f"{name}.onnx", folder / f"{name}.npy"
    if not (graph.is_file() and picture.is_file()):
        films = np.stack([_film(seed, size) for seed in range(_FILMS)])
        _live_in(network, films)
        save_weights(network, graph.with_suffix(".safetensors"))
        export_onnx(network, name, size, graph.with_suffix(".safetensors"), graph)
        np.save(picture, films[0])
    return count_macs(network, size)


def _film(seed: int, size: int) -> FloatArray:
    """A drawn chest as a network of that input size sees it, (3, size, size)."""
    film = draw_phantom(seed, "Normal", side=size).film
    return np.repeat((film[np.newaxis] - 0.5) / 0.25, 3, axis=0).astype(np.float32)


def _live_in(network: nn.Module, films: FloatArray) -> None:
    """Give a fresh network biases, and statistics of what it saw, as training would."""
    for parameter in network.parameters():
        if parameter.ndim == 1:
            nn.init.normal_(parameter, mean=parameter.detach().mean().item(), std=0.1)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 1.0
    with torch.no_grad():
        network.train()(torch.from_numpy(films))
    network.eval()


def _run(folder: Path, name: str, way: str, threads: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as scratch:
        result = Path(scratch) / "result.npz"
        program = Path(__file__).with_name("one_score_cam.py")
        command = [sys.executable, program, folder, name, way, str(threads), result]
        subprocess.run([str(part) for part in command], check=True, stderr=subprocess.DEVNULL)
        with np.load(result) as found:
            return {key: found[key].tolist() for key in found.files}


def _table(name: str, runs: Runs, ways: list[str], macs: int) -> Table:
    table = Table(
        *(NETWORKS[name].label, "seconds", "x grad", "x torch", "CPU s", "passes", "MiB"),
        *("difference", "GFLOP/s", "of peak"),
        box=None,
    )
    peak = max(run["flops_per_second"] for run in runs if run["way"] == PEAK)
    for way in ways:
        own = [run for run in runs if run["way"] == way]
        seconds, passes = _median(runs, way, "seconds"), own[0]["forwards"]
        speed = 2 * macs * passes / seconds
        table.add_row(
            way,
            f"{seconds:.2f}",
            *(_ratio(runs, library, seconds) for library in LIBRARIES),
            f"{_median(runs, way, 'cpu_seconds'):.1f}",
            str(passes),
            f"{max(run['extra_mib'] for run in own):.0f}",
            _difference(runs, way),
            f"{speed / 1e9:.0f}",
            f"{speed / peak:.0%}",
        )
    table.caption = (
        f"{macs / 1e6:.0f} million multiply-accumulates a pass; peak {peak / 1e9:.0f} GFLOP/s"
    )
    return table


def _median(runs: Runs, way: str, figure: str) -> float:
    return statistics.median(run[figure] for run in runs if run["way"] == way)


def _ratio(runs: Runs, library: str, seconds: float) -> str:
    if not any(run["way"] == library for run in runs):
        return ""
    return f"{_median(runs, library, 'seconds') / seconds:.1f}"


def _difference(runs: Runs, way: str) -> str:
    """Of our map to that of the library it follows, or of the preview to the exact map."""
    followed = EXACT if way == OURS + PREVIEW else way.removeprefix(OURS)
    maps = {run["way"]: np.array(run["map"]) for run in runs if run["way"] != PEAK}
    if way == followed or followed not in maps:
        return ""
    return f"{np.abs(maps[way] - maps[followed]).max():.1e}"


if __name__ == "__main__":
    main()

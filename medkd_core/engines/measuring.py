"""What runs a large network faster on this CPU: measured once, and remembered."""

from __future__ import annotations

import importlib.metadata
import json
import logging
import os
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import platformdirs

from medkd_core.engines.choice import EngineChoice, possible_engines
from medkd_core.engines.devices import cpu_name, usable_cores
from medkd_core.engines.protocol import Engine
from medkd_core.errors import MedKDError

# Below it, opening torch takes longer than it could ever save.
_WORTH_MEASURING = 1_000_000_000
_MASKS = 4
_REPEATS = 3
_SECONDS = 2.0
# torch takes seconds and hundreds of MB to open, so it has to be faster by more than noise.
_WORTH_TORCH = 1.2

_log = logging.getLogger(__name__)


def fastest_on_cpu(
    network: str,
    macs: int,
    open_choice: Callable[[EngineChoice], Engine],
    memory: Path | None = None,
) -> EngineChoice:
    """Choose between onnxruntime and torch by a short measurement of masked images.

    A network of less than 10^9 multiply-accumulates runs in onnxruntime, and so does every
    network where torch is not installed.

    Parameters
    ----------
    network : str
        Everything that its speed depends on: ``"densenet201, width 1, 224 px"``.
    macs : int
        Multiply-accumulates of one input.
    open_choice : callable
        Opens the network in the way that it is given.
    memory : Path, optional
        JSON file that remembers measurements; in the user's cache when left out. One that cannot
        be read or written costs a measurement and nothing else.
    """
    candidates = possible_engines("cpu")
    if macs < _WORTH_MEASURING or len(candidates) == 1:
        return candidates[0]
    memory = memory or platformdirs.user_cache_path("medkd", appauthor=False) / "engines.json"
    circumstances = _circumstances(network)
    seconds = _recall(memory, circumstances)
    if seconds is None:
        _log.info("Measuring once what runs %s faster on this CPU", network)
        seconds = {candidates[0].runtime: _seconds(open_choice(candidates[0]))}
        try:
            seconds[candidates[1].runtime] = _seconds(open_choice(candidates[1]))
        except MedKDError as error:
            _log.warning("Not measured, so not used: %s", error)
            return candidates[0]
        _remember(memory, circumstances, seconds)
    default, other = candidates
    gain = seconds[default.runtime] / seconds[other.runtime]
    if gain >= _WORTH_TORCH:
        return replace(other, reason=f"{gain:.1f} x as fast as {default.runtime} here")
    slower = f"{1 / gain:.1f} x as fast as {other.runtime} here"
    return replace(default, reason=slower if gain < 1 else "as fast as any other here")


def _circumstances(network: str) -> str:
    versions = [f"{name} {_version(name)}" for name in ("onnxruntime", "torch")]
    threads = f"{usable_cores()} threads ({os.environ.get('OMP_NUM_THREADS', 'any')} for torch)"
    return ", ".join([network, cpu_name(), threads, *versions])


def _version(name: str) -> str:
    # onnxruntime is also distributed under other names (onnxruntime-gpu, -openvino).
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "of unknown version"


def _seconds(engine: Engine) -> float:
    """Of a few masked images, median of repeats after a first one; fewer where each is long."""
    random = np.random.default_rng(0)
    height, width = engine.input_shape
    image = random.standard_normal((3, height, width), np.float32)
    masks = random.random((_MASKS, 1, 1), np.float32)
    rows, columns = np.ones((height, 1), np.float32), np.ones((width, 1), np.float32)
    baseline = np.zeros((3, 1, 1), np.float32)

    def once() -> float:
        began = time.perf_counter()
        engine.masked_logits(image, masks, rows, columns, baseline)
        return time.perf_counter() - began

    once()
    repeats = [once()]
    while len(repeats) < _REPEATS and sum(repeats) < _SECONDS:
        repeats.append(once())
    return statistics.median(repeats)


def _recall(memory: Path, circumstances: str) -> dict[str, float] | None:
    """Seconds by runtime as they were remembered; None if they were not."""
    found = _read(memory).get(circumstances)
    runtimes = {choice.runtime for choice in possible_engines("cpu")}
    if not isinstance(found, dict) or set(found) != runtimes:
        return None
    whole = all(isinstance(value, float) and value > 0 for value in found.values())
    return found if whole else None


def _remember(memory: Path, circumstances: str, seconds: Mapping[str, float]) -> None:
    partial = memory.with_name(f".{memory.name}.{os.getpid()}.partial")
    try:
        memory.parent.mkdir(parents=True, exist_ok=True)
        content = _read(memory) | {circumstances: dict(seconds)}
        partial.write_text(json.dumps(content, indent=2), encoding="utf-8")
        partial.replace(memory)
    except OSError as error:
        _log.warning("What was measured is not remembered: %s", error.strerror)


def _read(memory: Path) -> dict[str, object]:
    try:
        content = json.loads(memory.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}

"""What a process and its children use, as Linux counts it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

# What a child has loaded says what it is for.
_SIGNS = {"onnxruntime": "network worker", "numpy": "decoder"}
_TICK = os.sysconf("SC_CLK_TCK")


def tree_of(process: int) -> Iterator[int]:
    """A process and everything that it started."""
    yield process
    for task in Path(f"/proc/{process}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield from tree_of(int(child))


def memory_of(process: int) -> list[dict[str, object]]:
    """Resident and proportional memory of each process of a tree, in MB."""
    return [{"name": _name(one, process), **_rollup(one)} for one in tree_of(process)]


def processor_seconds(process: int) -> float:
    """Processor time of a tree so far."""
    return sum(_ticks(one) for one in tree_of(process)) / _TICK


def _ticks(process: int) -> int:
    after_name = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return int(after_name[11]) + int(after_name[12])


def _rollup(process: int) -> dict[str, float]:
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()[1:]
    sizes = {name: int(size) for name, size in (line.split()[:2] for line in lines)}
    return {"rss": sizes["Rss:"] / 1024, "pss": sizes["Pss:"] / 1024}


def _name(process: int, window: int) -> str:
    if process == window:
        return "window"
    loaded = Path(f"/proc/{process}/maps").read_text()
    return next((name for sign, name in _SIGNS.items() if sign in loaded), "resource tracker")

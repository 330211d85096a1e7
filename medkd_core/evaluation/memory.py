"""How much memory a network takes at most: resident memory, or what torch holds on a GPU."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Protocol

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")


class PeakMemory(Protocol):
    """A peak that grows from the moment the object was made."""

    def grown_bytes(self) -> int | None:
        """The peak above what was there at the start, in bytes; None where nobody knows."""
        ...


class ResidentPeak:
    """Of this process; Linux only, whose peak can be reset (proc(5), ``clear_refs``)."""

    def __init__(self) -> None:
        self._before = _reset()

    def grown_bytes(self) -> int | None:
        """The peak above what was resident at the start, in bytes; None elsewhere."""
        return None if self._before is None else max(0, _status("VmHWM") - self._before)


class CudaPeak:
    """Of the tensors that torch holds on a GPU: weights, activations and workspaces.

    What the driver and the libraries take for themselves is not counted.
    """

    def __init__(self, device: str) -> None:
        import torch

        # The statistics of a device that was never used cannot be reset.
        torch.cuda.init()
        torch.cuda.reset_peak_memory_stats(device)
        self._device = device
        self._before = torch.cuda.memory_allocated(device)

    def grown_bytes(self) -> int | None:
        """The peak above what was allocated at the start, in bytes."""
        import torch

        return torch.cuda.max_memory_allocated(self._device) - self._before


def peak_memory(device: str) -> PeakMemory:
    """Start watching the memory of ``cpu`` or ``cuda:n``."""
    return ResidentPeak() if device == "cpu" else CudaPeak(device)


def _reset() -> int | None:
    """Set the peak to what is resident now, and return that; None where it cannot be done."""
    try:
        _CLEAR.write_text("5", encoding="ascii")
    except OSError:
        return None
    return _status("VmRSS")


def _status(field: str) -> int:
    """A field of the process's status in bytes."""
    found = re.search(rf"^{field}:\s+(\d+) kB$", _STATUS.read_text(encoding="ascii"), re.MULTILINE)
    return 1024 * int(found[1]) if found else 0

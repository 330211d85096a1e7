"""How much memory this process used at most during a piece of work."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")


@dataclass(slots=True)
class PeakMemory:
    """Growth of the resident memory to its peak, in bytes; None until and unless it is known."""

    grown_bytes: int | None = None


@contextmanager
def peak_memory() -> Iterator[PeakMemory]:
    """Measure the block's peak above what was resident before it.

    Linux only, where the kernel keeps a peak that can be reset (proc(5), ``clear_refs``);
    elsewhere `grown_bytes` stays None.
    """
    measured = PeakMemory()
    before = _reset()
    yield measured
    if before is not None:
        measured.grown_bytes = max(0, _status("VmHWM") - before)


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

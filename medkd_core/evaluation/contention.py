"""How much of the machine other programs used while something was measured."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

_STATISTICS = Path("/proc/stat")


class OtherPrograms:
    """Watches from the moment it is made.

    Work on the processors that this process may use is compared with the process's own; what a
    virtual machine's host gave to others ("steal") is theirs, too. Linux only.
    """

    def __init__(self) -> None:
        self._began = time.perf_counter()
        self._others = _others_seconds()

    def busy_cores(self) -> float | None:
        """Processors that others kept busy since then, on average; None where nobody knows."""
        others = _others_seconds()
        if others is None or self._others is None:
            return None
        return max(0.0, (others - self._others) / (time.perf_counter() - self._began))


def _others_seconds() -> float | None:
    try:
        lines = _STATISTICS.read_text(encoding="ascii")
        second = os.sysconf("SC_CLK_TCK")
    except (OSError, AttributeError, ValueError):
        return None
    allowed = os.sched_getaffinity(0)
    processors = re.findall(r"^cpu(\d+) (.+)$", lines, re.MULTILINE)
    busy = sum(_busy_ticks(columns) for number, columns in processors if int(number) in allowed)
    own = os.times()
    return busy / second - own.user - own.system


def _busy_ticks(columns: str) -> int:
    user, nice, system, _idle, _waiting, interrupts, soft, stolen, *_ = map(int, columns.split())
    return user + nice + system + interrupts + soft + stolen

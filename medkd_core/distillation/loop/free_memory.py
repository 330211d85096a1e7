"""How many bytes a process may still take."""

from __future__ import annotations

import os
import re
from pathlib import Path

_SYSTEM = Path("/proc/meminfo")
_GROUP = Path("/sys/fs/cgroup")
_UNKNOWN = 2 * 1024**3


def free_memory() -> int:
    """Bytes of main memory that are free, or that the system would free, and that are allowed.

    Where the system does not say (Windows), 2 GiB are taken for granted.
    """
    allowed = _left_in_group()
    free = _free_in_system()
    return free if allowed is None else min(free, allowed)


def _free_in_system() -> int:
    try:
        found = re.search(r"^MemAvailable:\s*(\d+) kB$", _SYSTEM.read_text(), re.MULTILINE)
    except OSError:
        found = None
    if found:
        return int(found[1]) * 1024
    names = getattr(os, "sysconf_names", {})
    if "SC_AVPHYS_PAGES" in names:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return _UNKNOWN


def _left_in_group() -> int | None:
    """What a container leaves of its memory (control groups, version 2); None without limit."""
    try:
        limit = (_GROUP / "memory.max").read_text().strip()
        taken = (_GROUP / "memory.current").read_text().strip()
        cached = re.search(
            r"^inactive_file (\d+)$", (_GROUP / "memory.stat").read_text(), re.MULTILINE
        )
    except OSError:
        return None
    if not limit.isdigit():
        return None
    return max(0, int(limit) - int(taken) + (int(cached[1]) if cached else 0))

"""Is a process still the one that was started? A process number alone is reused by the system."""

from __future__ import annotations

import platform
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import BaseModel, ConfigDict

SILENCE = timedelta(hours=1)
"""After so long without a word a process of another machine is taken for gone."""

_ZOMBIE = "Z"


class ProcessIdentity(BaseModel):
    """A process of a machine, told apart from a later one of the same number."""

    model_config = ConfigDict(frozen=True)

    pid: int
    start: str | None
    """As `process_start` gave it; None when the process had ended already."""
    host: str | None = None
    """Name of its machine; None is taken for this one."""

    @classmethod
    def of(cls, pid: int) -> ProcessIdentity:
        """The process of this machine that has that number now."""
        return cls(pid=pid, start=process_start(pid), host=platform.node())

    @property
    def is_here(self) -> bool:
        """Whether it is a process of this machine, where it can be looked for."""
        return self.host in (None, platform.node())

    def is_alive(self) -> bool:
        """Whether that very process is there, on this machine."""
        return self.is_here and self.start is not None and process_start(self.pid) == self.start

    def is_gone(self, last_word: datetime) -> bool:
        """Whether it has ended; of a process of another machine only its silence tells.

        Parameters
        ----------
        last_word : datetime
            When it was last heard of, with a time zone.
        """
        if self.is_here:
            return not self.is_alive()
        return datetime.now(UTC) - last_word > SILENCE


def process_start(pid: int) -> str | None:
    """When a process was started, as an opaque text to compare with.

    Parameters
    ----------
    pid : int

    Returns
    -------
    str or None
        None when there is no such process, or only its exit status is left (a zombie).
    """
    if Path("/proc/self/stat").exists():
        return _start_from_proc(pid)
    return _start_from_ps(pid)


def _start_from_proc(pid: int) -> str | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    # The second field is the program's name in brackets and may itself hold blanks and brackets.
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] == _ZOMBIE else fields[19]


def _start_from_ps(pid: int) -> str | None:
    answer = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    status, _, start = answer.stdout.strip().partition(" ")
    return None if not start or status.startswith(_ZOMBIE) else start.strip()

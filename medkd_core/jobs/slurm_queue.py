"""What Slurm says of a job, asked seldom: a busy controller is not to be asked at every glance.

Only `squeue` is asked. `sacct` knows more of what is over, but many clusters keep no accounts.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock, Thread

ASK_AGAIN = timedelta(seconds=10)
_PATIENCE_SECONDS = 5
_FORGOTTEN = "FORGOTTEN"

# https://slurm.schedmd.com/squeue.html, "JOB STATE CODES"
_PENDING = {"PENDING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "SPECIAL_EXIT", "RESV_DEL_HOLD"}
_OVER = {
    "BOOT_FAIL",
    "CANCELLED",
    "COMPLETED",
    "DEADLINE",
    "FAILED",
    "NODE_FAIL",
    "OUT_OF_MEMORY",
    "PREEMPTED",
    "REVOKED",
    "TIMEOUT",
    _FORGOTTEN,
}


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """What Slurm said of a job, and when."""

    state: str
    """As `squeue` writes it: ``PENDING``. ``FORGOTTEN``: Slurm knows no such job. Empty: Slurm did
    not answer, or is not on this machine."""
    reason: str
    """Why it waits: ``Resources``, ``BeginTime``, ..."""
    asked: datetime
    """UTC."""

    @property
    def is_pending(self) -> bool:
        """It waits for its turn, for the first time or again."""
        return self.state in _PENDING

    @property
    def is_over(self) -> bool:
        """Slurm will not start it (again)."""
        return self.state in _OVER


_known: dict[str, QueueEntry] = {}
_asking: set[str] = set()
_lock = Lock()


def look_up(number: str) -> QueueEntry:
    """What Slurm last said of a job.

    The first question waits for its answer, five seconds at most. Later ones return what is known,
    and when that is older than ten seconds ask again in a thread.

    Parameters
    ----------
    number : str
        Of the job in Slurm.

    Returns
    -------
    QueueEntry
    """
    with _lock:
        if number in _known:
            entry = _known[number]
            is_old = datetime.now(UTC) - entry.asked > ASK_AGAIN
            if is_old and number not in _asking:
                _asking.add(number)
                Thread(target=_learn, args=(number,), daemon=True).start()
            return entry
    return _learn(number)


def forget(number: str) -> None:
    """Ask afresh at the next look: something was just done to the job."""
    with _lock:
        _known.pop(number, None)


def _learn(number: str) -> QueueEntry:
    entry = _ask(number)
    with _lock:
        _known[number] = entry
        _asking.discard(number)
    return entry


def _ask(number: str) -> QueueEntry:
    asked = datetime.now(UTC)
    command = ["squeue", "--noheader", "--states=all", f"--jobs={number}", "--format=%T|%r"]
    try:
        answer = subprocess.run(
            command, capture_output=True, text=True, timeout=_PATIENCE_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return QueueEntry("", "", asked)
    if answer.returncode == 0 and answer.stdout.strip():
        state, _, reason = answer.stdout.splitlines()[0].strip().partition("|")
        return QueueEntry(state, reason, asked)
    is_forgotten = answer.returncode == 0 or "Invalid job id" in answer.stderr
    return QueueEntry(_FORGOTTEN if is_forgotten else "", "", asked)

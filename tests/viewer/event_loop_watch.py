"""How long the window did not answer, and how much of that was its own doing."""

from __future__ import annotations

import faulthandler
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer

LIMIT_S = 0.1
"""A window that answers later than this feels slow; ``tests/benchmarks/viewer.py`` measures it."""
STUCK_S = 1.0
"""No machine is slow enough for that: something is waited for that should not be."""
_BEAT_MS = 10
_LOOK_S = 0.02
_THREADS = Path("/proc/self/task")


@dataclass(frozen=True)
class Moment:
    """What can be read from clocks at one time, in seconds.

    Attributes
    ----------
    clock : float
    worked : float
        Processor time that the window's thread has used.
    waited : dict of int to float
        How long each thread of this process was ready to go on while the system gave the
        processors to others, by thread; empty where the system does not count that.
    """

    clock: float
    worked: float
    waited: dict[int, float] = field(default_factory=dict)


def now() -> Moment:
    """This moment, asked for by the window's thread."""
    return Moment(time.perf_counter(), time.thread_time(), _waited())


@dataclass(frozen=True)
class Stall:
    """One time that the event loop did not answer.

    Attributes
    ----------
    wall_s : float
        What a clock showed.
    own_s : float
        The program's own doing, see `own_part`.
    seen : str
        What the window's thread was in.
    """

    wall_s: float
    own_s: float
    seen: str

    def __str__(self) -> str:
        return f"{self.own_s * 1000:.0f} ms ({self.wall_s * 1000:.0f} ms on the clock)\n{self.seen}"


def own_part(wall: float, before: Moment, after: Moment) -> float:
    """How much of a stall is the program's own doing, however busy the machine is, in seconds.

    The time that its threads waited for a processor is taken off: those of the window's thread,
    and those of others, which may have held a lock that it waited for. What the window's thread
    worked is never taken off. On an idle machine nobody waits, so that everything counts: work,
    sleep, locks, disks. Where waiting is not counted (other systems than Linux), only work counts.
    """
    worked = after.worked - before.worked
    if not after.waited:
        return min(wall, worked)
    waited = sum(after.waited[one] - before.waited.get(one, 0.0) for one in after.waited)
    return min(wall, max(worked, wall - waited))


class EventLoopWatch(QObject):
    """Notes every stall of the event loop between `start` and `stop`.

    A timer beats in the loop; a beat that comes late is a stall.
    """

    def __init__(self, moment: Callable[[], Moment] = now) -> None:
        super().__init__()
        self.stalls: list[Stall] = []
        self._moment = moment
        self._thread = threading.get_ident()
        self._seen = ""
        self._running = False
        self._timer = QTimer(self, interval=_BEAT_MS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)

    @property
    def worst(self) -> Stall:
        """The longest one of the program's own doing."""
        return max(self.stalls, key=lambda stall: stall.own_s, default=Stall(0.0, 0.0, ""))

    @property
    def worst_wall_s(self) -> float:
        """The longest one on the clock, whoever's doing it was."""
        return max((stall.wall_s for stall in self.stalls), default=0.0)

    def start(self) -> None:
        self.stalls.clear()
        self._running, self._last = True, self._moment()
        self._timer.start()
        threading.Thread(target=self._look, name="event-loop-watch", daemon=True).start()

    def stop(self) -> None:
        if self._running:
            self._beat()
            self._timer.stop()
        self._running = False

    def _beat(self) -> None:
        moment = self._moment()
        wall = moment.clock - self._last.clock - _BEAT_MS / 1000
        if wall > _LOOK_S:
            self.stalls.append(Stall(wall, own_part(wall, self._last, moment), self._seen))
        self._seen, self._last = "", moment

    def _look(self) -> None:
        """See from beside where a late loop is, so that a failure can say it."""
        while self._running:
            time.sleep(_LOOK_S)
            late = time.perf_counter() - self._last.clock
            if not self._seen and late > LIMIT_S / 2:
                self._seen = _stack_of(self._thread)


def _stack_of(thread: int) -> str:
    """Where a thread is, the innermost call first.

    A frame of another thread must not be held: whoever lets go of it last destroys its variables,
    and Qt's objects that die outside the window's thread have left both threads waiting for ever.
    """
    with tempfile.TemporaryFile("w+") as written:
        faulthandler.dump_traceback(written)
        written.seek(0)
        threads = written.read().split("\n\n")
    own = next((text for text in threads if f"{thread:x}" in text.partition("\n")[0]), "")
    return "\n".join(own.splitlines()[1:7])


def _waited() -> dict[int, float]:
    return {
        int(thread.name): waited
        for thread in (_THREADS.iterdir() if _THREADS.exists() else ())
        if (waited := _waited_by(thread)) is not None
    }


def _waited_by(thread: Path) -> float | None:
    try:
        return int((thread / "schedstat").read_text().split()[1]) / 1e9
    except (OSError, IndexError):  # it has just ended, or nobody counts
        return None

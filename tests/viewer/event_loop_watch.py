"""How long the window did not answer, and whose fault that was."""

from __future__ import annotations

import sys
import threading
import time
import traceback
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer

LIMIT_S = 0.1
"""A window that answers later than this feels stuck."""
_BEAT_MS = 10
_LOOK_S = 0.02


@dataclass(frozen=True)
class Stall:
    """One time that the event loop did not answer.

    `wall_s` is what a clock showed, `own_s` what is left of it without the time that the window's
    thread was ready to go on and the system gave the processors to others. Only the second one is
    the program's own doing, however busy the machine is. `seen` is where the thread was.
    """

    wall_s: float
    own_s: float
    seen: str

    def __str__(self) -> str:
        return f"{self.own_s * 1000:.0f} ms ({self.wall_s * 1000:.0f} ms on the clock)\n{self.seen}"


NO_STALL = Stall(0.0, 0.0, "")


class EventLoopWatch(QObject):
    """Notes every stall of the event loop between `start` and `stop`.

    A timer beats in the loop; a beat that comes late is a stall. Linux counts for each thread how
    long it waited for a processor (``schedstat``), which is taken off. A thread that sleeps, reads
    a disk, or waits for a lock waits for no processor: that stays. Where the system does not count,
    a stall is as long as the processor time that the window's thread used in it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stalls: list[Stall] = []
        self._thread = threading.get_ident()
        self._counter = Path(f"/proc/self/task/{threading.get_native_id()}/schedstat")
        self._seen = ""
        self._running = False
        self._timer = QTimer(self, interval=_BEAT_MS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)

    @property
    def worst(self) -> Stall:
        """The longest one of the program's own doing."""
        return max(self.stalls, key=lambda stall: stall.own_s, default=NO_STALL)

    @property
    def worst_wall_s(self) -> float:
        """The longest one on the clock, whoever's doing it was."""
        return max((stall.wall_s for stall in self.stalls), default=0.0)

    def start(self) -> None:
        self.stalls.clear()
        self._running, self._last = True, self._now()
        self._timer.start()
        threading.Thread(target=self._look, name="event-loop-watch", daemon=True).start()

    def stop(self) -> None:
        self._beat()
        self._running = False
        self._timer.stop()

    def _beat(self) -> None:
        now = self._now()
        wall = now[0] - self._last[0] - _BEAT_MS / 1000
        if wall > _LOOK_S:
            own = min(wall, wall + self._last[1] - now[1])
            if not self._counter.exists():
                own = min(wall, now[1] - self._last[1])
            self.stalls.append(Stall(wall, own, self._seen))
        self._seen, self._last = "", now

    def _now(self) -> tuple[float, float]:
        """A clock, and either the wait for processors or the processor time used, in seconds."""
        clock = time.perf_counter()
        if self._counter.exists():
            return clock, int(self._counter.read_text().split()[1]) / 1e9
        return clock, time.thread_time()

    def _look(self) -> None:
        while self._running:
            time.sleep(_LOOK_S)
            frame = sys._current_frames().get(self._thread)
            late = time.perf_counter() - self._last[0]
            if frame is not None and not self._seen and late > LIMIT_S / 2:
                self._seen = "".join(traceback.format_stack(frame)[-6:])

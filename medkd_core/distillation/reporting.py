"""What a running job tells the world: its state, its events, and whether it is asked to stop."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from threading import Event as Flag

from medkd_core.errors import OperationCancelled
from medkd_core.jobs.events import Event, EventLog, Finished, Message
from medkd_core.jobs.state import JobState, JobStatus
from medkd_core.jobs.store import Job, JobRequest

OnEvent = Callable[[Event], None]

_STATE_SECONDS = 2.0
_log = logging.getLogger(__name__)


class StopRequested(OperationCancelled):
    """Somebody asked the job to pause or cancel."""

    def __init__(self, request: JobRequest, reason: str) -> None:
        self.request = request
        self.reason = reason
        super().__init__(reason)

    @classmethod
    def by_system(cls) -> StopRequested:
        """The system, or another process of the run, wants the process to end."""
        return cls("pause", "Stopped by the system; the job can be resumed.")


class Reporter:
    """Writes a job's state and events, from the job's own process.

    Parameters
    ----------
    job : Job
    log : EventLog or None
        Open on the job's events; None where another process of the run speaks for all.
    on_event : callable, optional
        Told every event, too.
    terminated : threading.Event, optional
        Set when the system asks the process to end.
    """

    def __init__(
        self,
        job: Job,
        log: EventLog | None,
        on_event: OnEvent | None = None,
        terminated: Flag | None = None,
    ) -> None:
        self._job = job
        self._events = log
        self._on_event = on_event
        self._terminated = terminated or Flag()
        self._state = job.state().claimed()
        self._state_written = 0.0
        self._write_state()

    @property
    def state(self) -> JobState:
        """As last told."""
        return self._state

    def event(self, event: Event) -> None:
        """Append an event."""
        if self._events is None:
            return
        numbered = self._events.append(event)
        if self._on_event is not None:
            self._on_event(numbered)

    def say(self, text: str) -> None:
        """Tell a sentence, also as the state's message."""
        _log.info("%s", text)
        self.event(Message(text=text))
        self.change(message=text)

    def change(self, **changes: object) -> None:
        """Change the state on the disk."""
        self._state = self._state.changed(**changes)
        self._write_state()

    def change_soon(self, **changes: object) -> None:
        """Change the state; on the disk at most every two seconds."""
        self._state = self._state.changed(**changes)
        if time.monotonic() - self._state_written > _STATE_SECONDS:
            self._write_state()

    def finish(self, status: JobStatus, message: str) -> JobState:
        """The last word; what the disk does not take of it is told in the log alone."""
        _log.info("%s. %s", status.value, message)
        self._state = self._state.changed(status=status, message=message, seconds_left=None)
        try:
            self.event(Finished(status=status, message=message))
        except OSError as error:
            _log.error("Cannot write the last event: %s", error)
        if self._events is not None:
            self._job.clear_request()
            self._write_state()
        return self._state

    def stop_request(self) -> StopRequested | None:
        """What the job is asked to do, to be raised at a moment of the caller's choice."""
        request = self._job.requested()
        if request == "cancel":
            return StopRequested("cancel", "Cancelled.")
        if request == "pause":
            return StopRequested("pause", "Paused; the job can be resumed.")
        if self._terminated.is_set():
            return StopRequested.by_system()
        return None

    def raise_if_stopped(self) -> None:
        """Between two pieces of work that need no checkpoint."""
        if request := self.stop_request():
            raise request

    def _write_state(self) -> None:
        if self._events is None:
            return
        self._job.set_state(self._state)
        self._state_written = time.monotonic()

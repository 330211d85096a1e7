"""What can be asked of a run, by its state."""

from __future__ import annotations

from enum import Enum

from medkd_core.jobs.state import JobStatus
from medkd_viewer.training.runs import Run


class Action(Enum):
    """A button of the run page: its label and what it says to who hesitates."""

    START = ("Start", "Start this run now")
    PAUSE = ("Pause", "Write a checkpoint and stop; the run can be resumed")
    RESUME = ("Resume", "Go on from the last checkpoint")
    PUBLISH = ("Publish", "Make a bundle that a reader can open")
    COPY = ("Copy with changes", "A new experiment that starts from this one's settings")
    CANCEL = ("Cancel", "Stop this run; what it has learned so far is kept")
    END = ("End now", "End the process without waiting for its step")
    DELETE = ("Delete", "Remove this run and all that it made")

    @property
    def label(self) -> str:
        """The word on the button."""
        return self.value[0]

    @property
    def tooltip(self) -> str:
        """What the button does."""
        return self.value[1]


_STOPPED = (Action.RESUME, Action.COPY, Action.DELETE)
_OFFERED = {
    JobStatus.QUEUED: (Action.START, Action.COPY, Action.DELETE),
    JobStatus.RUNNING: (Action.PAUSE, Action.COPY, Action.CANCEL),
    JobStatus.PAUSED: (Action.RESUME, Action.COPY, Action.CANCEL),
    JobStatus.CANCELLING: (Action.COPY, Action.END),
    JobStatus.COMPLETED: (Action.PUBLISH, Action.COPY, Action.DELETE),
    JobStatus.CANCELLED: _STOPPED,
    JobStatus.FAILED: _STOPPED,
    JobStatus.INTERRUPTED: _STOPPED,
}


def offered(run: Run) -> tuple[Action, ...]:
    """The actions that make sense for a run in its state."""
    if run.starting:
        return (Action.COPY,)
    return _OFFERED[run.status] if run.status else ()

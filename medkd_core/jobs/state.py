"""Where a job stands, as its `state.json` says."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from medkd_core.errors import JobError
from medkd_core.jobs.durable import write_durably
from medkd_core.jobs.processes import ProcessIdentity


class JobStatus(StrEnum):
    """The life of a job."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    COMPLETED = "completed"

    @property
    def is_active(self) -> bool:
        """A process is at work on it."""
        return self in (JobStatus.RUNNING, JobStatus.CANCELLING)

    @property
    def can_resume(self) -> bool:
        """It stopped before its end."""
        return self in (
            JobStatus.PAUSED,
            JobStatus.CANCELLED,
            JobStatus.FAILED,
            JobStatus.INTERRUPTED,
        )


class JobState(BaseModel):
    """Where a job stands.

    `interrupted` and `cancelling` are never written: `Job.state` sees them, since a killed process
    leaves no last word.
    """

    model_config = ConfigDict(frozen=True)

    status: JobStatus = JobStatus.QUEUED
    pid: int | None = None
    """The process that runs the job, or the last one that did."""
    process_start: str | None = None
    """When that process was started, as `processes.process_start` gives it."""
    host: str | None = None
    """Name of the machine of that process."""
    epoch: int = 0
    """Finished epochs."""
    epochs: int = 0
    """Epochs asked for."""
    message: str = ""
    """A sentence for the screen: what is going on, or why it stopped."""
    best_metric: float | None = None
    """Highest macro F1 on the validation split so far, [0, 1]."""
    created: datetime
    """UTC."""
    started: datetime | None = None
    """UTC, first start."""
    updated: datetime
    """UTC, last change."""
    seconds_left: float | None = None

    @property
    def process(self) -> ProcessIdentity | None:
        """The process that runs the job, or the last one that did."""
        if self.pid is None:
            return None
        return ProcessIdentity(pid=self.pid, start=self.process_start, host=self.host)

    def changed(self, **changes: object) -> JobState:
        """A copy with other values and a new `updated`."""
        return self.model_copy(update={"updated": datetime.now(UTC), **changes})

    def claimed(self) -> JobState:
        """A copy that says that this very process runs the job."""
        process = ProcessIdentity.of(os.getpid())
        return self.changed(
            status=JobStatus.RUNNING,
            pid=process.pid,
            process_start=process.start,
            host=process.host,
            started=self.started or datetime.now(UTC),
            message="",
        )

    def interrupted(self, reason: str = "The process ended without a last word") -> JobState:
        """The same without a process: how it looks from outside."""
        return self.model_copy(
            update={
                "status": JobStatus.INTERRUPTED,
                "message": f"{reason}; the job can be resumed.",
                "seconds_left": None,
            }
        )

    def waiting(self, message: str) -> JobState:
        """The same while it waits for its turn (again)."""
        return self.model_copy(
            update={"status": JobStatus.QUEUED, "message": message, "seconds_left": None}
        )

    def cancelling(self) -> JobState:
        """The same while the process has not yet obeyed."""
        return self.model_copy(update={"status": JobStatus.CANCELLING})


def first_state(epochs: int) -> JobState:
    """The state of a job that nobody has started yet."""
    now = datetime.now(UTC)
    return JobState(epochs=epochs, created=now, updated=now)


def read_state(path: Path) -> JobState:
    """Read a `state.json`.

    Raises
    ------
    JobError
        The file is missing or damaged.
    """
    try:
        return JobState.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise JobError(
            "Cannot read the state of a job from",
            path=path,
            because="the file is missing or damaged",
            cure="Delete the job's folder and train again.",
        ) from error


def write_state(path: Path, state: JobState) -> None:
    """Replace a `state.json` in one step.

    Raises
    ------
    JobError
        The disk refuses; the old state is still there.
    """
    try:
        write_durably(path, state.model_dump_json(indent=2) + "\n")
    except OSError as error:
        raise JobError(
            "Cannot write the state of a job to",
            path=path,
            because=error.strerror or str(error),
            cure="Free some space and resume the job.",
        ) from error

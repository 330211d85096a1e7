"""One job: a folder that is the whole truth about a training run::

spec.json       what was asked for, frozen, with its hash
state.json      where it stands (see `state`)
events.jsonl    what happened (see `events`)
log.txt         what the process printed
launched.json   what was started for it: a process, or a job of Slurm (see `launched`)
control         what somebody asks of the running process: ``pause`` or ``cancel``
settled.json    the batch size, where the memory decided it
checkpoints/    everything that is needed to go on
result/         weights and metrics of a completed job
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from medkd_core.errors import JobError
from medkd_core.jobs.durable import write_durably
from medkd_core.jobs.events import Event, EventReader
from medkd_core.jobs.launched import Launched
from medkd_core.jobs.slurm_queue import QueueEntry, look_up
from medkd_core.jobs.spec import JobSpec
from medkd_core.jobs.state import JobState, JobStatus, read_state, write_state

JobRequest = Literal["pause", "cancel"]
_UNFINISHED = (JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.PAUSED)
_REQUESTS: tuple[JobRequest, ...] = ("pause", "cancel")


@dataclass(frozen=True, slots=True)
class Job:
    """A job's folder and its frozen spec."""

    folder: Path
    spec: JobSpec

    @property
    def identifier(self) -> str:
        """Name of its folder."""
        return self.folder.name

    @property
    def state_path(self) -> Path:
        """`state.json`; written by the job's own process."""
        return self.folder / "state.json"

    @property
    def events_path(self) -> Path:
        """`events.jsonl`; to follow it use an `EventReader`."""
        return self.folder / "events.jsonl"

    @property
    def log_path(self) -> Path:
        """Everything that the job's process printed, tracebacks too."""
        return self.folder / "log.txt"

    @property
    def checkpoint_folder(self) -> Path:
        """Where the run can go on from."""
        return self.folder / "checkpoints"

    @property
    def result_folder(self) -> Path:
        """Weights, metrics and logits of a completed job; absent before."""
        return self.folder / "result"

    @property
    def lock_path(self) -> Path:
        """Locked by the process that runs the job, so that no second one can."""
        return self.folder / "process.lock"

    def state(self) -> JobState:
        """Where the job stands now, a vanished process and a pending cancel seen.

        A job that was handed to Slurm stands where Slurm says, unless its process is on this
        machine.

        Raises
        ------
        JobError
            `state.json` is missing or damaged.
        """
        seen = self._seen(read_state(self.state_path))
        if seen.status is JobStatus.INTERRUPTED:
            # Its last word may have come between reading the state and looking for the process.
            seen = self._seen(read_state(self.state_path))
        if seen.status.is_active and self.requested() == "cancel":
            return seen.cancelling()
        return seen

    def set_state(self, state: JobState) -> None:
        """Replace the state; for the job's own process, or while none is at work."""
        write_state(self.state_path, state)

    def events(self, after_seq: int = 0) -> list[Event]:
        """What happened after the event of that number."""
        return EventReader(self.events_path, after_seq).read()

    def request(self, what: JobRequest) -> None:
        """Ask the running process to pause or cancel; it answers between two steps.

        Raises
        ------
        JobError
            The folder cannot be written.
        """
        self._write(self._control_path, what)

    def requested(self) -> JobRequest | None:
        """What was asked and not yet answered."""
        try:
            text = self._control_path.read_text()
        except (OSError, UnicodeDecodeError):
            return None
        return next((request for request in _REQUESTS if request == text), None)

    def clear_request(self) -> None:
        """Forget what was asked."""
        self._control_path.unlink(missing_ok=True)

    def launched(self) -> Launched | None:
        """What was started for it, and may not have claimed the job yet; None before any start."""
        try:
            return Launched.model_validate_json(self._launched_path.read_bytes())
        except (OSError, ValidationError):
            return None

    def is_under_way(self, state: JobState) -> bool:
        """Whether, in that state, a process is at work on it or will be without being started."""
        is_queued = state.status is JobStatus.QUEUED
        return state.status.is_active or (is_queued and self.launched() is not None)

    def mark_launched(self, launched: Launched) -> None:
        """Remember what was started for the job."""
        self._write(self._launched_path, launched.model_dump_json())

    def mark_waiting(self) -> None:
        """Queue a job that is at rest (again), whatever was asked of it before."""
        try:
            self._launched_path.unlink(missing_ok=True)
            self.clear_request()
        except OSError as error:
            raise _unwritable(self.folder, error) from error
        waiting = read_state(self.state_path).changed(
            status=JobStatus.QUEUED, message="", seconds_left=None
        )
        self.set_state(waiting)

    def _seen(self, state: JobState) -> JobState:
        """A written state, as it looks to whoever looks for the process."""
        launched = self.launched() if state.status in _UNFINISHED else None
        if state.status is JobStatus.PAUSED and launched is not None and launched.is_stopping:
            state = state.waiting("Slurm stopped it; it goes on when Slurm starts it again.")
        if not state.status.is_active and state.status is not JobStatus.QUEUED:
            return state
        started = launched.process if launched else None
        process = state.process if state.status.is_active else started
        if process is not None and process.is_alive():
            return state
        if launched is not None and launched.slurm_job is not None:
            entry = look_up(launched.slurm_job)
            if entry.state:
                return _seen_in_queue(state, entry)
        # A queued job without a process is one that nobody has started yet.
        gone = process.is_gone(state.updated) if process else state.status.is_active
        return state.interrupted() if gone else state

    def _write(self, path: Path, text: str) -> None:
        try:
            write_durably(path, text)
        except OSError as error:
            raise _unwritable(self.folder, error) from error

    @property
    def _launched_path(self) -> Path:
        return self.folder / "launched.json"

    @property
    def _control_path(self) -> Path:
        return self.folder / "control"


def open_job(folder: Path) -> Job:
    """Open a job's folder.

    Raises
    ------
    JobError
        `spec.json` is missing, damaged or no longer what was frozen.
    """
    path = folder / "spec.json"
    try:
        frozen = json.loads(path.read_bytes())
        spec = JobSpec.model_validate(frozen["spec"])
        intact = frozen["sha256"] == _digest(frozen["spec"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise _unreadable(path, "it is missing or damaged") from error
    if not intact:
        raise _unreadable(path, "it was changed after the job was made")
    return Job(folder, spec)


def _seen_in_queue(state: JobState, entry: QueueEntry) -> JobState:
    if entry.asked < state.updated:
        return state
    if entry.is_pending:
        reason = f" ({entry.reason})" if entry.reason not in ("", "None") else ""
        return state.waiting(f"Waiting in Slurm's queue{reason}.")
    if entry.is_over:
        return state.interrupted(f"It left Slurm's queue ({entry.state}) without a last word")
    return state


def _unwritable(folder: Path, error: OSError) -> JobError:
    return JobError(
        "Cannot write into the job",
        path=folder,
        because=error.strerror or str(error),
        cure="Free some space, or make the folder writable.",
    )


def _unreadable(path: Path, reason: str) -> JobError:
    return JobError(
        "Cannot open a job from",
        path=path,
        because=reason,
        cure="Make a new job for a changed specification.",
    )


def frozen_spec(spec: JobSpec) -> str:
    """Content of `spec.json`: the specification and its hash."""
    content = spec.model_dump(mode="json")
    return json.dumps({"sha256": _digest(content), "spec": content}, indent=2) + "\n"


def _digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

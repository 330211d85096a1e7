"""The folder of jobs: make, list, find and delete them.

A job is a folder and the folder is the whole truth about it::

    spec.json       what was asked for, frozen, with its hash
    state.json      where it stands (see `state`)
    events.jsonl    what happened (see `events`)
    log.txt         what the process printed
    launched.json   the process that was started for it, until that speaks for itself
    control         what somebody asks of the running process: ``pause`` or ``cancel``
    checkpoints/    everything that is needed to go on
    result/         weights and metrics of a completed job
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import platformdirs
from pydantic import ValidationError

from medkd_core.errors import JobError
from medkd_core.jobs.durable import write_durably
from medkd_core.jobs.events import Event, EventReader
from medkd_core.jobs.processes import ProcessIdentity
from medkd_core.jobs.spec import JobSpec
from medkd_core.jobs.spec_file import with_absolute_paths
from medkd_core.jobs.state import JobState, JobStatus, first_state, read_state, write_state

JobRequest = Literal["pause", "cancel"]
_REQUESTS: tuple[JobRequest, ...] = ("pause", "cancel")

_log = logging.getLogger(__name__)


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

        Raises
        ------
        JobError
            `state.json` is missing or damaged.
        """
        state = read_state(self.state_path)
        if self._is_orphaned(state):
            # Its last word may have come between reading the state and looking for the process.
            state = read_state(self.state_path)
            return state.interrupted() if self._is_orphaned(state) else state
        if state.status.is_active and self.requested() == "cancel":
            return state.cancelling()
        return state

    def set_state(self, state: JobState) -> None:
        """Replace the state; for the job's own process, or while none is at work."""
        write_state(self.state_path, state)

    def events(self, after_seq: int = 0) -> list[Event]:
        """What happened after the event of that number."""
        return EventReader(self.events_path, after_seq).read()

    def request(self, what: JobRequest) -> None:
        """Ask the running process to pause or cancel; it answers between two steps."""
        write_durably(self._control_path, what)

    def requested(self) -> JobRequest | None:
        """What was asked and not yet answered."""
        try:
            text = self._control_path.read_text()
        except FileNotFoundError:
            return None
        return next((request for request in _REQUESTS if request == text), None)

    def clear_request(self) -> None:
        """Forget what was asked."""
        self._control_path.unlink(missing_ok=True)

    def mark_launched(self, process: ProcessIdentity) -> None:
        """Remember a process that was started and has not yet claimed the job."""
        write_durably(self._launched_path, process.model_dump_json())

    def mark_waiting(self) -> None:
        """Queue a job that is at rest (again), whatever was asked of it before."""
        self._launched_path.unlink(missing_ok=True)
        self.clear_request()
        waiting = read_state(self.state_path).changed(
            status=JobStatus.QUEUED, message="", seconds_left=None
        )
        self.set_state(waiting)

    def _is_orphaned(self, state: JobState) -> bool:
        """A process was at work on it, and is gone."""
        if state.status is JobStatus.QUEUED:
            process = self._launched()
            return process is not None and not process.is_alive()
        return state.status.is_active and not (state.process and state.process.is_alive())

    def _launched(self) -> ProcessIdentity | None:
        try:
            return ProcessIdentity.model_validate_json(self._launched_path.read_bytes())
        except (FileNotFoundError, ValidationError):
            return None

    @property
    def _launched_path(self) -> Path:
        return self.folder / "launched.json"

    @property
    def _control_path(self) -> Path:
        return self.folder / "control"


class JobStore:
    """The jobs of a folder.

    Parameters
    ----------
    root : Path, optional
        Left out: the environment's ``MEDKD_JOBS``, else the system's place for a user's data.
    """

    def __init__(self, root: Path | None = None) -> None:
        self.root = (root or default_root()).absolute()

    def create(self, spec: JobSpec) -> Job:
        """Make the folder of a new job, queued.

        Teachers named by a job's name are frozen to the newest job of that name, and relative paths
        are taken from the current folder.

        Raises
        ------
        JobError
            A teacher is unknown, or the folder cannot be written.
        """
        spec = with_absolute_paths(self._with_found_teachers(spec), Path.cwd())
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=".new-", dir=self.root) as beside:
                draft = Path(beside) / "job"
                draft.mkdir()
                write_durably(draft / "spec.json", _frozen(spec))
                write_state(draft / "state.json", first_state(spec.training.epochs))
                return Job(self._settle(draft, spec), spec)
        except OSError as error:
            raise JobError(
                "Cannot make a job in",
                path=self.root,
                because=error.strerror or str(error),
                cure="Free some space, or choose another folder with MEDKD_JOBS.",
            ) from error

    def list(self) -> list[Job]:
        """All jobs, the oldest first; folders that hold no readable job are left out."""
        if not self.root.is_dir():
            return []
        found = [job for folder in self.root.iterdir() if (job := _open_or_none(folder))]
        return sorted(found, key=lambda job: (job.state().created, job.identifier))

    def get(self, reference: str | Path) -> Job:
        """Find a job.

        Parameters
        ----------
        reference : str or Path
            Its identifier, the path of its folder, or its name: then the newest of that name.

        Raises
        ------
        JobError
            There is none, or it is damaged.
        """
        for folder in (self.root / reference, Path(reference)):
            if (folder / "spec.json").is_file():
                return open_job(folder.absolute())
        named = [job for job in self.list() if job.spec.name == str(reference)]
        if named:
            return named[-1]
        raise JobError(
            f"Cannot find the job {reference!s} in",
            path=self.root,
            because="there is no job of that identifier, name or folder",
            cure="'medkd jobs list' shows the jobs.",
        )

    def delete(self, job: Job) -> None:
        """Remove a job with all that it made.

        Raises
        ------
        JobError
            It is at work.
        """
        if job.state().status.is_active:
            raise JobError(
                "Cannot delete the job",
                path=job.folder,
                because="it is running",
                cure="Cancel it first.",
            )
        # Renamed first: a removal that is cut short leaves nothing that looks like a job.
        doomed = job.folder.with_name(f".deleted-{job.identifier}")
        job.folder.rename(doomed)
        shutil.rmtree(doomed)

    def _settle(self, draft: Path, spec: JobSpec) -> Path:
        """Move a finished draft to a name of its own; renaming onto another job fails."""
        stem = f"{_slug(spec.name or spec.kind)}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
        for count in range(1, 1000):
            folder = self.root / (stem if count == 1 else f"{stem}-{count}")
            if not folder.exists():
                return draft.rename(folder)
        raise JobError("Cannot name a new job in", path=self.root, because="all names are taken")

    def _with_found_teachers(self, spec: JobSpec) -> JobSpec:
        teachers = tuple(
            teacher.model_copy(update={"job": self._reference(self.get(teacher.job))})
            for teacher in spec.teachers
        )
        return spec.model_copy(update={"teachers": teachers})

    def _reference(self, job: Job) -> str:
        return job.identifier if job.folder.parent == self.root else str(job.folder)


def default_root() -> Path:
    """Where jobs are kept when nobody says otherwise."""
    if "MEDKD_JOBS" in os.environ:
        return Path(os.environ["MEDKD_JOBS"])
    return Path(platformdirs.user_data_dir("medkd", appauthor=False)) / "jobs"


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
    except (OSError, ValueError, KeyError, TypeError, ValidationError) as error:
        raise _unreadable(path, "it is missing or damaged") from error
    if not intact:
        raise _unreadable(path, "it was changed after the job was made")
    return Job(folder, spec)


def _unreadable(path: Path, reason: str) -> JobError:
    return JobError(
        "Cannot open a job from",
        path=path,
        because=reason,
        cure="Make a new job for a changed specification.",
    )


def _open_or_none(folder: Path) -> Job | None:
    if folder.name.startswith(".") or not (folder / "spec.json").is_file():
        return None
    try:
        job = open_job(folder)
        job.state()
    except JobError as error:
        _log.warning("%s", error)
        return None
    return job


def _frozen(spec: JobSpec) -> str:
    content = spec.model_dump(mode="json")
    return json.dumps({"sha256": _digest(content), "spec": content}, indent=2) + "\n"


def _digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:48] or "job"

"""The folder of jobs: make, list, find and delete them."""

from __future__ import annotations

import logging
import os
import re
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import platformdirs

from medkd_core.errors import JobError
from medkd_core.jobs.durable import write_durably
from medkd_core.jobs.job import Job, JobRequest, frozen_spec, open_job
from medkd_core.jobs.spec import JobSpec
from medkd_core.jobs.spec_file import is_job_folder, with_absolute_paths
from medkd_core.jobs.state import JobStatus, first_state, write_state

__all__ = ["Job", "JobRequest", "JobStore", "default_root", "open_job"]

_log = logging.getLogger(__name__)


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
        spec = self._settled(spec)
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=".new-", dir=self.root) as beside:
                draft = Path(beside) / "job"
                draft.mkdir()
                write_durably(draft / "spec.json", frozen_spec(spec))
                write_state(draft / "state.json", first_state(spec.training.epochs))
                return Job(self._moved_in(draft, spec), spec)
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
        found = [entry for folder in self.root.iterdir() if (entry := _dated_job(folder))]
        return [job for _, job in sorted(found, key=lambda entry: (entry[0], entry[1].identifier))]

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
            if is_job_folder(folder):
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

    def find(self, spec: JobSpec) -> Job | None:
        """Find the newest job of that very specification, a completed one before all others.

        Raises
        ------
        JobError
            A teacher is unknown.
        """
        settled = self._settled(spec)
        same = [job for job in self.list() if job.spec == settled]
        completed = [job for job in same if job.state().status is JobStatus.COMPLETED]
        return next(reversed(completed or same), None)

    def delete(self, job: Job) -> None:
        """Remove a job with all that it made.

        Raises
        ------
        JobError
            It is at work or will be, or the system refuses.
        """
        state = job.state()
        if job.is_under_way(state):
            raise JobError(
                "Cannot delete the job",
                path=job.folder,
                because="it is running" if state.status.is_active else "it was started",
                cure="Cancel it first.",
            )
        # Renamed first: a removal that is cut short leaves nothing that looks like a job.
        doomed = job.folder.with_name(f".deleted-{job.identifier}")
        try:
            job.folder.rename(doomed)
            shutil.rmtree(doomed)
        except OSError as error:
            raise JobError(
                "Cannot delete the job", path=job.folder, because=error.strerror or str(error)
            ) from error

    def _settled(self, spec: JobSpec) -> JobSpec:
        return with_absolute_paths(self._with_found_teachers(spec), Path.cwd())

    def _moved_in(self, draft: Path, spec: JobSpec) -> Path:
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


def _dated_job(folder: Path) -> tuple[datetime, Job] | None:
    """A job and when it was made; None when the folder holds no readable one."""
    if folder.name.startswith(".") or not is_job_folder(folder):
        return None
    try:
        job = open_job(folder)
        return job.state().created, job
    except JobError as error:
        _log.warning("%s", error)
        return None


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:48] or "job"

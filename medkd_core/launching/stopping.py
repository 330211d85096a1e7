"""Pause and cancel jobs, wherever they run."""

from __future__ import annotations

import os
import signal
import time

from medkd_core.errors import JobError
from medkd_core.jobs.processes import ProcessIdentity
from medkd_core.jobs.state import JobState, JobStatus
from medkd_core.jobs.store import Job
from medkd_core.launching.slurm import withdraw

CANCEL_GRACE_SECONDS = 30.0
_POLL_SECONDS = 0.1
_SLURM_KILLS_WITHIN_SECONDS = 90.0
"""Slurm's own grace (its ``KillWait``, 30 s unless set), and until it says so."""


def pause_job(job: Job) -> None:
    """Ask a running job to write a checkpoint and end.

    Raises
    ------
    JobError
        The job is not running.
    """
    status = job.state().status
    if status is not JobStatus.RUNNING:
        raise JobError(
            "Cannot pause the job",
            path=job.folder,
            because=f"it is {status.value}",
            cure="Only a running job can be paused.",
        )
    job.request("pause")


def cancel_job(job: Job, grace_seconds: float = CANCEL_GRACE_SECONDS) -> JobState:
    """Cancel a job: ask first, then end its process or its job in Slurm.

    Parameters
    ----------
    job : Job
    grace_seconds : float
        How long a running job may take to finish its step; 0 asks and returns at once.

    Returns
    -------
    JobState
        `cancelled`, or `cancelling` when it was not waited for.

    Raises
    ------
    JobError
        The job has ended already, or Slurm does not let go of it.
    """
    state = job.state()
    if not state.status.is_active:
        return _cancel_idle(job, state)
    job.request("cancel")
    if grace_seconds > 0 and not _wait_until_ended(job, grace_seconds):
        _end(job, state.process)
    state = job.state()
    return _mark_cancelled(job, state) if state.status is JobStatus.INTERRUPTED else state


def _cancel_idle(job: Job, state: JobState) -> JobState:
    if state.status in (JobStatus.COMPLETED, JobStatus.CANCELLED):
        raise JobError(
            "Cannot cancel the job", path=job.folder, because=f"it is {state.status.value} already"
        )
    if state.status is JobStatus.QUEUED:
        # A process that is just starting finds the request and obeys.
        job.request("cancel")
        if number := _number_in_slurm(job):
            withdraw(job, number)
    return _mark_cancelled(job, state)


def _mark_cancelled(job: Job, state: JobState) -> JobState:
    cancelled = state.changed(status=JobStatus.CANCELLED, message="Cancelled.", seconds_left=None)
    job.set_state(cancelled)
    return cancelled


def _wait_until_ended(job: Job, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while job.state().status.is_active:
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def _end(job: Job, process: ProcessIdentity | None) -> None:
    if number := _number_in_slurm(job):
        withdraw(job, number)
        _wait_until_ended(job, _SLURM_KILLS_WITHIN_SECONDS)
    elif process is not None and process.is_alive():
        # Of several processes this is the first; torchrun ends the others when one is gone.
        os.kill(process.pid, signal.SIGKILL)
        while process.is_alive():
            time.sleep(_POLL_SECONDS)


def _number_in_slurm(job: Job) -> str | None:
    launched = job.launched()
    return launched.slurm_job if launched else None

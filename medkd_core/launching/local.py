"""Jobs as detached processes on this computer."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

from medkd_core.errors import JobError
from medkd_core.jobs.processes import ProcessIdentity
from medkd_core.jobs.state import JobState, JobStatus
from medkd_core.jobs.store import Job

CANCEL_GRACE_SECONDS = 30.0
_POLL_SECONDS = 0.1


def start_job(job: Job) -> int:
    """Start a queued or stopped job in a process of its own, in a session of its own.

    The process says itself that it runs (`JobStatus.RUNNING`); until then the job is queued.

    Returns
    -------
    int
        The process number.

    Raises
    ------
    JobError
        The job is running or completed, or the process cannot be started.
    """
    before = job.state()
    status = before.status
    if status.is_active or status is JobStatus.COMPLETED:
        raise JobError(
            "Cannot start the job",
            path=job.folder,
            because=f"it is {'completed' if status is JobStatus.COMPLETED else 'running already'}",
            cure="Make a new job from its specification to train again.",
        )
    job.mark_waiting()
    try:
        process = _spawn(job)
    except OSError as error:
        job.set_state(before)
        raise JobError(
            "Cannot start the job", path=job.folder, because=error.strerror or str(error)
        ) from error
    job.mark_launched(ProcessIdentity.of(process.pid))
    # Somebody must take the exit status, or an ended job stays behind as a zombie.
    threading.Thread(target=process.wait, daemon=True).start()
    return process.pid


def resume_job(job: Job) -> int:
    """Start a stopped job again; it goes on from its last checkpoint.

    Raises
    ------
    JobError
        The job is not stopped.
    """
    if not job.state().status.can_resume:
        raise JobError(
            "Cannot resume the job",
            path=job.folder,
            because=f"it is {job.state().status.value}",
            cure="Only a paused, cancelled, failed or interrupted job can be resumed.",
        )
    return start_job(job)


def pause_job(job: Job) -> None:
    """Ask a running job to write a checkpoint and end.

    Raises
    ------
    JobError
        The job is not running.
    """
    if job.state().status is not JobStatus.RUNNING:
        raise JobError(
            "Cannot pause the job",
            path=job.folder,
            because=f"it is {job.state().status.value}",
            cure="Only a running job can be paused.",
        )
    job.request("pause")


def cancel_job(job: Job, grace_seconds: float = CANCEL_GRACE_SECONDS) -> JobState:
    """Cancel a job: ask first, then terminate its process.

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
        The job has ended already.
    """
    state = job.state()
    if not state.status.is_active:
        return _cancel_idle(job, state)
    job.request("cancel")
    if grace_seconds > 0 and not _wait_until_ended(job, grace_seconds):
        _kill(state.process)
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


def _kill(process: ProcessIdentity | None) -> None:
    if process is None or not process.is_alive():
        return
    os.kill(process.pid, signal.SIGKILL)
    while process.is_alive():
        time.sleep(_POLL_SECONDS)


def _spawn(job: Job) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "medkd_core.distillation.run", str(job.folder)]
    # Waiting threads sleep. Spinning ones brought training to a tenth of its speed, and the window
    # to a crawl, whenever something else ran on the same cores.
    environment = {"OMP_WAIT_POLICY": "PASSIVE", **os.environ}
    with job.log_path.open("ab") as log:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=environment,
        )

"""Start a job where its specification wants it: on this computer or under Slurm."""

from __future__ import annotations

from medkd_core.errors import JobError
from medkd_core.jobs.launched import Launched
from medkd_core.jobs.state import JobState, JobStatus
from medkd_core.jobs.store import Job
from medkd_core.launching.detached import start_process
from medkd_core.launching.slurm import submit


def start_job(job: Job) -> Launched:
    """Start a queued or stopped job; it outlives this process.

    The job's process says itself that it runs (`JobStatus.RUNNING`); until then the job is queued.

    Returns
    -------
    Launched
        The process, or the job of Slurm.

    Raises
    ------
    JobError
        The job is running, started or completed, or cannot be started or submitted.
    """
    before = job.state()
    if reason := _reason_against(job, before):
        raise JobError(
            "Cannot start the job",
            path=job.folder,
            because=reason,
            cure="Make a new job from its specification to train again.",
        )
    job.mark_waiting()
    try:
        launched = _launch(job)
    except JobError:
        job.set_state(before)
        raise
    job.mark_launched(launched)
    return launched


def resume_job(job: Job) -> Launched:
    """Start a stopped job again; it goes on from its last checkpoint.

    Raises
    ------
    JobError
        The job is not stopped.
    """
    status = job.state().status
    if not status.can_resume:
        raise JobError(
            "Cannot resume the job",
            path=job.folder,
            because=f"it is {status.value}",
            cure="Only a paused, cancelled, failed or interrupted job can be resumed.",
        )
    return start_job(job)


def _reason_against(job: Job, state: JobState) -> str:
    if state.status is JobStatus.COMPLETED:
        return "it is completed"
    if not job.is_under_way(state):
        return ""
    if state.status.is_active:
        return "it is running already"
    is_under_slurm = job.spec.launch.launcher == "slurm"
    return "it waits in Slurm's queue already" if is_under_slurm else "it is starting already"


def _launch(job: Job) -> Launched:
    if job.spec.launch.launcher == "slurm":
        return Launched(slurm_job=submit(job))
    try:
        return Launched(process=start_process(job))
    except OSError as error:
        raise JobError(
            "Cannot start the job", path=job.folder, because=error.strerror or str(error)
        ) from error

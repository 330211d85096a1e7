"""Whether a job that Slurm stops is put in the queue again; no Slurm is needed to ask."""

from medkd_core.jobs.job import Job
from medkd_core.jobs.launched import Launched
from medkd_core.jobs.state import JobStatus
from medkd_core.launching.slurm_call import TrainUnderSlurm, notice_seconds


def stopped(job: Job, fruitless_turns: int = 0) -> TrainUnderSlurm | None:
    """What is put in the queue when the time limit comes before the trainer has begun."""
    again = TrainUnderSlurm(str(job.folder), fruitless_turns).checkpoint()
    return None if again is None else again.function


def test_job_waits_for_its_next_turn_and_does_not_pause_then(job: Job) -> None:
    assert stopped(job) is not None
    assert job.state().status is JobStatus.QUEUED
    assert "Slurm stopped it" in job.state().message
    assert job.requested() is None


def test_job_that_its_user_pauses_or_cancels_is_not_started_again(job: Job) -> None:
    for request in ("pause", "cancel"):
        job.request(request)
        assert stopped(job) is None


def test_completed_job_is_not_started_again(job: Job) -> None:
    job.set_state(job.state().changed(status=JobStatus.COMPLETED))
    assert stopped(job) is None
    assert job.state().status is JobStatus.COMPLETED


def test_job_that_never_comes_to_a_checkpoint_is_given_up(job: Job) -> None:
    again = stopped(job)
    assert again is not None and again.fruitless_turns == 1
    assert stopped(job, again.fruitless_turns + 1) is None
    assert job.state().status is JobStatus.FAILED
    assert "without a new checkpoint" in job.state().message
    assert job.state().status.can_resume


def test_new_checkpoint_counts_as_progress(job: Job) -> None:
    job.checkpoint_folder.mkdir()
    (job.checkpoint_folder / "last.safetensors").write_bytes(b"weights")
    again = stopped(job, 2)
    assert again is not None and again.fruitless_turns == 0


def test_notice_leaves_half_of_a_short_time_limit(job: Job) -> None:
    launch = job.spec.launch
    assert notice_seconds(launch.model_copy(update={"minutes": 1})) == 30
    assert notice_seconds(launch) == 120


def test_pause_that_slurm_asked_for_is_no_end_to_those_who_watch(job: Job) -> None:
    job.mark_launched(Launched(slurm_job="1"))
    stopped(job)
    paused = job.state().changed(status=JobStatus.PAUSED)
    job.set_state(paused)
    assert job.state().status is JobStatus.QUEUED
    job.mark_launched(Launched(slurm_job="1"))
    assert job.state() == paused

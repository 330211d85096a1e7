"""Jobs under a real Slurm of one node: queued, run, cancelled, stopped and started again."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from one_node_slurm import PARTITION, one_node_slurm, reason_against_slurm
from patience import wait_for, wait_for_epoch, wait_until
from safetensors.numpy import load_file

from medkd_core.errors import JobError
from medkd_core.jobs.events import Started
from medkd_core.jobs.result import WEIGHTS_FILE
from medkd_core.jobs.spec import LaunchSpec
from medkd_core.jobs.state import JobStatus
from medkd_core.jobs.store import Job, JobStore
from medkd_core.launching.starting import resume_job, start_job
from medkd_core.launching.stopping import cancel_job

UNDER_SLURM = LaunchSpec(launcher="slurm", partition=PARTITION, minutes=30, cpus_per_process=1)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Path]:
    if reason := reason_against_slurm():
        pytest.skip(reason)
    with one_node_slurm() as configuration:
        yield configuration


@pytest.fixture(autouse=True)
def slurm(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = request.getfixturevalue("cluster")
    monkeypatch.setenv("SLURM_CONF", str(cluster))


@pytest.fixture
def closed_partition(slurm: None) -> Iterator[None]:
    """Nothing that is queued is started."""
    tell("scontrol", "update", f"PartitionName={PARTITION}", "State=DOWN")
    yield
    tell("scontrol", "update", f"PartitionName={PARTITION}", "State=UP")


def tell(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


def number(job: Job) -> str:
    launched = job.launched()
    assert launched is not None and launched.slurm_job is not None
    return launched.slurm_job


def is_in_queue(slurm_job: str) -> bool:
    command = ["squeue", "--noheader", f"--jobs={slurm_job}"]
    return bool(subprocess.run(command, check=True, capture_output=True).stdout.strip())


def starts(job: Job) -> list[Started]:
    return [event for event in job.events() if isinstance(event, Started)]


def seen_until_start(job: Job, count: int) -> set[JobStatus]:
    """What somebody sees who watches the job until it was started so many times."""
    seen: set[JobStatus] = set()

    def is_started() -> bool:
        seen.add(job.state().status)
        return len(starts(job)) == count

    wait_until(is_started)
    return seen


def assert_same_weights(job: Job, other: Job) -> None:
    expected = load_file(other.result_folder / WEIGHTS_FILE)
    for key, array in load_file(job.result_folder / WEIGHTS_FILE).items():
        assert np.array_equal(array, expected[key]), key


def test_job_waits_for_its_turn_and_says_why(
    make_job: Callable[..., Job], closed_partition: None
) -> None:
    job = make_job(UNDER_SLURM)
    start_job(job)
    wait_until(lambda: "PartitionDown" in job.state().message)
    assert job.state().status is JobStatus.QUEUED
    with pytest.raises(JobError, match="waits in Slurm's queue already"):
        start_job(job)
    with pytest.raises(JobError, match="it was started"):
        JobStore(job.folder.parent).delete(job)

    assert cancel_job(job).status is JobStatus.CANCELLED
    wait_until(lambda: not is_in_queue(number(job)))


def test_job_that_somebody_took_out_of_the_queue_can_be_resumed(
    make_job: Callable[..., Job], closed_partition: None
) -> None:
    job = make_job(UNDER_SLURM)
    start_job(job)
    tell("scancel", number(job))
    wait_until(lambda: job.state().status is JobStatus.INTERRUPTED)
    assert "CANCELLED" in job.state().message
    first = number(job)
    resume_job(job)
    assert number(job) != first
    cancel_job(job)


def test_refusal_is_told_in_slurms_own_words(make_job: Callable[..., Job]) -> None:
    job = make_job(UNDER_SLURM.model_copy(update={"partition": "nowhere"}))
    with pytest.raises(JobError, match=r"invalid partition specified: nowhere.*sinfo"):
        start_job(job)
    assert job.state().status is JobStatus.QUEUED
    assert job.launched() is None


@pytest.mark.slow
def test_job_runs_to_its_end_in_a_folder_with_blanks(
    make_job: Callable[..., Job], tmp_path: Path
) -> None:
    made = make_job(UNDER_SLURM, epochs=2)
    folder = made.folder.rename(tmp_path / "a folder's name")
    job = Job(folder, made.spec)
    start_job(job)
    assert job.state().status is JobStatus.QUEUED
    wait_for(job, JobStatus.COMPLETED)
    assert (job.result_folder / WEIGHTS_FILE).is_file()
    assert "completed" in job.log_path.read_text()
    with pytest.raises(JobError, match="it is completed"):
        start_job(job)


@pytest.mark.slow
def test_running_job_is_asked_to_cancel_and_leaves_the_queue(make_job: Callable[..., Job]) -> None:
    job = make_job(UNDER_SLURM)
    start_job(job)
    wait_for_epoch(job, 1)
    assert cancel_job(job, grace_seconds=60).status is JobStatus.CANCELLED
    wait_until(lambda: not is_in_queue(number(job)))
    assert job.state().status is JobStatus.CANCELLED


@pytest.mark.slow
def test_job_that_slurm_stops_twice_ends_bit_for_bit_like_one_that_ran_through(
    make_job: Callable[..., Job],
) -> None:
    unbroken, stopped = make_job(epochs=15), make_job(UNDER_SLURM, epochs=15)
    start_job(stopped)
    wait_for_epoch(stopped, 2)
    # What Slurm sends before the time limit.
    tell("scancel", "--signal=USR2", number(stopped))
    assert seen_until_start(stopped, 2) <= {JobStatus.RUNNING, JobStatus.QUEUED}
    wait_for_epoch(stopped, stopped.state().epoch + 2)
    # As a scheduler does that makes room for another job.
    tell("scontrol", "requeue", number(stopped))
    assert seen_until_start(stopped, 3) <= {JobStatus.RUNNING, JobStatus.QUEUED}
    wait_for(stopped, JobStatus.COMPLETED)
    assert [event.epoch > 0 for event in starts(stopped)] == [False, True, True]

    start_job(unbroken)
    wait_for(unbroken, JobStatus.COMPLETED)
    assert_same_weights(stopped, unbroken)


@pytest.mark.slow
def test_processes_that_share_a_job_stop_and_go_on_together(make_job: Callable[..., Job]) -> None:
    job = make_job(UNDER_SLURM.model_copy(update={"processes": 2}))
    start_job(job)
    wait_for_epoch(job, 1)
    tell("scancel", "--signal=USR2", number(job))
    wait_until(lambda: job.state().status is JobStatus.QUEUED)
    wait_until(lambda: len(starts(job)) == 2)
    assert starts(job)[1].epoch > 0
    assert cancel_job(job, grace_seconds=60).status is JobStatus.CANCELLED
    assert "Traceback" not in job.log_path.read_text()

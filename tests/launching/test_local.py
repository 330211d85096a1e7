"""Jobs as processes of their own: started, paused, cancelled, killed and resumed."""

import os
import signal
from pathlib import Path

import numpy as np
import pytest
from patience import wait_for_epoch, wait_until
from safetensors.numpy import load_file

from medkd_core.errors import JobError
from medkd_core.jobs.events import Started
from medkd_core.jobs.launched import Launched
from medkd_core.jobs.result import WEIGHTS_FILE
from medkd_core.jobs.state import JobStatus
from medkd_core.jobs.store import Job, JobStore
from medkd_core.launching.starting import resume_job, start_job
from medkd_core.launching.stopping import cancel_job, pause_job


def pid(launched: Launched) -> int:
    assert launched.process is not None
    return launched.process.pid


@pytest.mark.slow
def test_job_is_paused_killed_resumed_and_cancelled(job: Job) -> None:
    start_job(job)
    wait_for_epoch(job, 1)
    with pytest.raises(JobError, match="running already"):
        start_job(job)
    with pytest.raises(JobError, match="it is running"):
        resume_job(job)

    pause_job(job)
    wait_until(lambda: job.state().status is JobStatus.PAUSED)
    epoch = job.state().epoch

    process = pid(resume_job(job))
    wait_for_epoch(job, epoch + 1)
    os.kill(process, signal.SIGKILL)
    wait_until(lambda: job.state().status is JobStatus.INTERRUPTED)

    epoch = job.state().epoch
    resume_job(job)
    wait_for_epoch(job, epoch + 1)
    assert cancel_job(job, grace_seconds=60).status is JobStatus.CANCELLED
    started = [event for event in job.events() if isinstance(event, Started)]
    assert [event.epoch > 0 for event in started] == [False, True, True]
    assert "Traceback" not in job.log_path.read_text()


@pytest.mark.slow
def test_killed_run_ends_bit_for_bit_like_one_that_was_not(job: Job) -> None:
    training = job.spec.training.model_copy(update={"epochs": 25})
    spec = job.spec.model_copy(update={"training": training})
    store = JobStore(job.folder.parent)
    unbroken, killed = store.create(spec), store.create(spec)
    start_job(unbroken)
    wait_until(lambda: unbroken.state().status is JobStatus.COMPLETED)

    process = pid(start_job(killed))
    wait_for_epoch(killed, 3)
    os.kill(process, signal.SIGKILL)
    wait_until(lambda: killed.state().status is JobStatus.INTERRUPTED)
    resume_job(killed)
    wait_until(lambda: killed.state().status is JobStatus.COMPLETED)
    expected = load_file(unbroken.result_folder / WEIGHTS_FILE)
    for key, array in load_file(killed.result_folder / WEIGHTS_FILE).items():
        assert np.array_equal(array, expected[key]), key


@pytest.mark.slow
def test_terminated_process_writes_a_checkpoint(job: Job) -> None:
    process = pid(start_job(job))
    wait_for_epoch(job, 1)
    os.kill(process, signal.SIGTERM)
    wait_until(lambda: job.state().status is JobStatus.PAUSED)
    assert "Stopped by the system" in job.state().message


@pytest.mark.slow
def test_process_that_does_not_answer_is_killed(job: Job) -> None:
    process = pid(start_job(job))
    wait_for_epoch(job, 1)
    os.kill(process, signal.SIGSTOP)
    assert cancel_job(job, grace_seconds=0.2).status is JobStatus.CANCELLED
    assert job.state().status is JobStatus.CANCELLED


@pytest.mark.slow
def test_job_cancelled_before_its_process_is_ready_does_not_run(job: Job) -> None:
    start_job(job)
    cancel_job(job)
    wait_until(lambda: any(event.type == "finished" for event in job.events()))
    assert job.state().status is JobStatus.CANCELLED


def test_process_that_cannot_begin_makes_the_job_interrupted(
    job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lightning_fabric.py").write_text("raise ImportError('broken installation')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    start_job(job)
    wait_until(lambda: job.state().status is JobStatus.INTERRUPTED)
    assert "broken installation" in job.log_path.read_text()


@pytest.mark.slow
def test_failure_is_one_sentence_and_its_traceback_is_in_the_log(job: Job) -> None:
    for path in job.spec.data.root.glob("one/*"):
        path.unlink()
    start_job(job)
    wait_until(lambda: job.state().status is JobStatus.FAILED)
    assert "one" in job.state().message
    assert "Traceback" not in job.state().message
    assert "Traceback" in job.log_path.read_text()


def test_job_at_rest_cannot_be_paused(job: Job) -> None:
    with pytest.raises(JobError, match="it is queued"):
        pause_job(job)


def test_cancelled_job_is_not_cancelled_again(job: Job) -> None:
    cancel_job(job)
    with pytest.raises(JobError, match="cancelled already"):
        cancel_job(job)

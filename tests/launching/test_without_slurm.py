"""What is said where there is no Slurm, or Slurm says nothing."""

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from medkd_core.errors import JobError
from medkd_core.jobs.launched import Launched
from medkd_core.jobs.processes import SILENCE, ProcessIdentity
from medkd_core.jobs.spec import LaunchSpec
from medkd_core.jobs.state import JobStatus
from medkd_core.jobs.store import Job
from medkd_core.launching.starting import start_job

UNDER_SLURM = LaunchSpec(launcher="slurm")


@pytest.fixture(autouse=True)
def no_programs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))


def test_machine_without_slurm_says_so_and_leaves_the_job_as_it_was(
    make_job: Callable[..., Job],
) -> None:
    job = make_job(UNDER_SLURM)
    before = job.state()
    with pytest.raises(JobError, match=r"no Slurm on this machine.*launch\.launcher = \"local\""):
        start_job(job)
    assert job.state() == before


def test_job_is_believed_while_slurm_does_not_answer(make_job: Callable[..., Job]) -> None:
    job = make_job(UNDER_SLURM)
    job.mark_launched(Launched(slurm_job="1"))
    assert job.state().status is JobStatus.QUEUED


def test_process_of_another_machine_is_gone_once_it_was_silent_for_long(job: Job) -> None:
    elsewhere = job.state().claimed().changed(host="another machine")
    job.set_state(elsewhere)
    assert job.state().status is JobStatus.RUNNING
    long_ago = elsewhere.updated - SILENCE - timedelta(minutes=1)
    job.set_state(elsewhere.model_copy(update={"updated": long_ago}))
    assert job.state().status is JobStatus.INTERRUPTED


def test_process_of_another_machine_is_not_taken_for_one_of_the_same_number_here() -> None:
    here = ProcessIdentity.of(os.getpid())
    assert here.is_alive()
    assert not here.model_copy(update={"host": "another machine"}).is_alive()

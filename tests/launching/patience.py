"""Waiting for processes, on a machine that may be busy."""

import time
from collections.abc import Callable

from medkd_core.jobs.state import JobStatus
from medkd_core.jobs.store import Job

PATIENCE_SECONDS = 600.0


def wait_until(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not what():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def wait_for_epoch(job: Job, epoch: int) -> None:
    wait_until(lambda: job.state().epoch >= epoch or _has_failed(job))
    assert not _has_failed(job), job.state().message


def wait_for(job: Job, status: JobStatus) -> None:
    wait_until(lambda: job.state().status is status or _has_failed(job))
    assert job.state().status is status, job.state().message


def _has_failed(job: Job) -> bool:
    return job.state().status in (JobStatus.FAILED, JobStatus.INTERRUPTED)

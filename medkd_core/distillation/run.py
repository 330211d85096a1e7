"""The process of a job: ``python -m medkd_core.distillation.run FOLDER``."""

from __future__ import annotations

import logging
import os
import signal
import sys
from pathlib import Path
from threading import Event as Flag

import torch
from filelock import FileLock, Timeout

from medkd_core.distillation.finishing import sweep, write_result
from medkd_core.distillation.loop.processes import place
from medkd_core.distillation.loop.shares import leave
from medkd_core.distillation.loop.trainer import Trainer
from medkd_core.distillation.preparation import prepare
from medkd_core.distillation.reporting import OnEvent, Reporter, StopRequested
from medkd_core.errors import JobError, MedKDError
from medkd_core.jobs.events import EventLog
from medkd_core.jobs.state import JobState, JobStatus
from medkd_core.jobs.store import Job, open_job

_ANOTHER = "Make a new job from its specification to train again."
_log = logging.getLogger(__name__)


def run_job(job: Job, on_event: OnEvent | None = None, terminated: Flag | None = None) -> JobState:
    """Run a queued or stopped job in this process until it ends.

    Where torchrun or Slurm started several processes for the job, each of them calls this, and the
    first one alone claims the job and writes.

    Parameters
    ----------
    job : Job
    on_event : callable, optional
        Told each event after it was written.
    terminated : threading.Event, optional
        Set it to have a checkpoint written and the job paused.

    Returns
    -------
    JobState
        `completed`, `paused`, `cancelled` or `failed`; what failed is in its message, the traceback
        in the log.

    Raises
    ------
    JobError
        The job is completed or runs already, and its state is left alone; or the disk refuses.
    """
    if not place().is_first:
        return _run(job, Reporter(job, None, terminated=terminated))
    try:
        with FileLock(job.lock_path, timeout=0):
            if job.state().status is JobStatus.COMPLETED:
                raise _cannot_run(job, "it is completed", _ANOTHER)
            sweep(job)
            with EventLog(job.events_path) as log:
                return _run(job, Reporter(job, log, on_event, terminated))
    except Timeout:
        raise _cannot_run(job, "it is running already", _ANOTHER) from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise _cannot_run(job, reason, "Free some space, or make the folder writable.") from error


def main(folder: Path) -> int:
    """Run a job, asked to stop by SIGTERM; returns the exit status of the process."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    terminated = Flag()
    signal.signal(signal.SIGTERM, lambda *_: terminated.set())
    try:
        state = run_job(open_job(folder), terminated=terminated)
    except MedKDError as error:
        _log.error("%s", error)
        return 1
    if state.status is JobStatus.FAILED:
        return 1
    leave()
    return 0


def _run(job: Job, reporter: Reporter) -> JobState:
    try:
        run = prepare(job, reporter)
        progress = Trainer(run, reporter).train()
        reporter.say("Testing the best network.")
        write_result(run, progress.best_epoch)
        return reporter.finish(JobStatus.COMPLETED, "")
    except StopRequested as stop:
        paused = stop.request == "pause"
        return reporter.finish(JobStatus.PAUSED if paused else JobStatus.CANCELLED, stop.reason)
    except KeyboardInterrupt:
        reporter.finish(JobStatus.CANCELLED, "Cancelled.")
        raise
    except Exception as error:
        _log.exception("The job failed")
        return reporter.finish(JobStatus.FAILED, _sentence(error))


_CPU_IS_FULL = "DefaultCPUAllocator"
"""PyTorch has no error of its own for memory that the CPU lacks; it names who asked for it."""


def _sentence(error: Exception) -> str:
    if isinstance(error, MedKDError):
        return str(error)
    if isinstance(error, MemoryError | torch.OutOfMemoryError) or _CPU_IS_FULL in str(error):
        return (
            "Cannot train: the memory is full. Lower the batch size, the image size or the width."
        )
    if isinstance(error, OSError):
        named = f" {os.fsdecode(error.filename)}" if isinstance(error.filename, str | bytes) else ""
        return (
            f"Cannot use the job's files{named}: {error.strerror or error}. "
            "Put that right and resume the job; the last checkpoint is still good."
        )
    if place().count > 1:
        return (
            "Cannot train: one of the processes ended before the others. "
            "The first error in log.txt says why."
        )
    return f"Cannot train: something unexpected happened ({type(error).__name__}). See log.txt."


def _cannot_run(job: Job, reason: str, cure: str) -> JobError:
    return JobError("Cannot run the job", path=job.folder, because=reason, cure=cure)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

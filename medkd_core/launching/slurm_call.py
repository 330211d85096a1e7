"""What runs on a compute node of Slurm: a small process that starts the trainer and watches it."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from medkd_core.jobs.processes import ProcessIdentity
from medkd_core.jobs.spec import LaunchSpec
from medkd_core.jobs.state import JobStatus
from medkd_core.jobs.store import Job, open_job
from medkd_core.launching.commands import training_command, training_environment

if TYPE_CHECKING:
    from submitit.helpers import DelayedSubmission

Checkpoints = dict[str, int]
"""When each file of a checkpoint was written."""

_POLL_SECONDS = 0.1
_ENDED = (JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED)
_MOST_FRUITLESS_TURNS = 3
_STOPPED = "Slurm stopped it; it goes on when Slurm starts it again."
_FRUITLESS = (
    f"Cannot go on: {_MOST_FRUITLESS_TURNS} time limits passed without a new checkpoint. Make a "
    "new job with more launch.minutes, or resume this one if it only prepares itself."
)


class TrainUnderSlurm:
    """Runs a job to its end, and puts it in the queue again when Slurm wants it to stop.

    Slurm stops a job in two ways. Before the time limit it sends the signal that submitit answers
    with `checkpoint`: the job pauses, and submitit has it put in the queue again. When it makes
    room for another job (preemption, ``scontrol requeue``) it sends SIGTERM to all its processes,
    upon which the trainer pauses by itself, and puts the job in the queue again by itself.

    Parameters
    ----------
    folder : str
        Of the job; a plain text, since submitit pickles this object.
    fruitless_turns : int
        Time limits in a row that passed without a new checkpoint. After three the job is given up:
        it would take processors from others for ever.
    """

    def __init__(self, folder: str, fruitless_turns: int = 0) -> None:
        self.folder = folder
        self.fruitless_turns = fruitless_turns
        self._checkpoints: Checkpoints = {}
        self._process: ProcessIdentity | None = None
        self._is_stopped = False

    def __call__(self) -> None:
        """Run the job.

        Raises
        ------
        SystemExit
            The trainer failed: so that Slurm's accounts say so too.
        """
        job = open_job(Path(self.folder))
        self._checkpoints = _checkpoints(job)
        _mark(job, is_stopping=False)
        signal.signal(signal.SIGTERM, self._note_stop)
        with job.log_path.open("ab") as log:
            process = subprocess.Popen(
                _deaf_to_notice(training_command(job)),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=training_environment(job),
            )
            self._process = ProcessIdentity.of(process.pid)
            status = process.wait()
        if self._is_stopped:
            _wait_for_next_turn(job)
        elif status:
            sys.exit(status)

    def checkpoint(self) -> DelayedSubmission | None:
        """Pause the job; None when it has ended, or is not to go on.

        Called by submitit in a signal handler, while `__call__` waits for the trainer.
        """
        from submitit.helpers import DelayedSubmission

        job = open_job(Path(self.folder))
        asked_by_user = job.requested() is not None
        if not asked_by_user:
            _mark(job, is_stopping=True)
            job.request("pause")
        self._wait_for_process(_patience_seconds(job))
        fruitless = self.fruitless_turns + 1 if _checkpoints(job) == self._checkpoints else 0
        if asked_by_user or not _wait_for_next_turn(job, fruitless):
            return None
        return DelayedSubmission(TrainUnderSlurm(self.folder, fruitless))

    def _note_stop(self, *_: object) -> None:
        self._is_stopped = True
        _mark(open_job(Path(self.folder)), is_stopping=True)

    def _wait_for_process(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while self._process and self._process.is_alive() and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)


def notice_seconds(launch: LaunchSpec) -> int:
    """How long before its time limit a job is told to write a checkpoint."""
    return min(120, launch.minutes * 60 // 2)


def _wait_for_next_turn(job: Job, fruitless_turns: int = 0) -> bool:
    """Say that a stopped job will go on; False when it will not."""
    state = job.state()
    if state.status in _ENDED or job.requested() == "cancel":
        return False
    # A pause that did not come in time must not stop the job when it is started again.
    job.clear_request()
    if fruitless_turns >= _MOST_FRUITLESS_TURNS:
        job.set_state(state.changed(status=JobStatus.FAILED, message=_FRUITLESS, seconds_left=None))
        return False
    job.set_state(state.changed(status=JobStatus.QUEUED, message=_STOPPED, seconds_left=None))
    return True


def _mark(job: Job, *, is_stopping: bool) -> None:
    """Let those who watch the job know whether its next pause is Slurm's or its user's."""
    if launched := job.launched():
        job.mark_launched(launched.model_copy(update={"is_stopping": is_stopping}))


def _checkpoints(job: Job) -> Checkpoints:
    if not job.checkpoint_folder.is_dir():
        return {}
    return {path.name: path.stat().st_mtime_ns for path in job.checkpoint_folder.iterdir()}


def _patience_seconds(job: Job) -> float:
    """Three quarters of the notice; what is left is for submitit and Slurm."""
    return 0.75 * notice_seconds(job.spec.launch)


def _deaf_to_notice(command: list[str]) -> list[str]:
    """A command that does not hear submitit's signal, which Slurm sends to all processes."""
    return ["sh", "-c", 'trap "" USR2; exec "$@"', "sh", *command]

"""Starts jobs one after another, and does what is asked of them."""

from __future__ import annotations

from pathlib import Path

from medkd_core.errors import MedKDError
from medkd_core.jobs.launched import Launched
from medkd_core.jobs.state import JobStatus
from medkd_core.jobs.store import Job
from medkd_core.launching.starting import resume_job, start_job
from medkd_core.launching.stopping import cancel_job, pause_job
from medkd_viewer.training.actions import Action
from medkd_viewer.training.runs import Run, Runs

END_GRACE_SECONDS = 0.2
_ENDED_EARLY = (
    None,
    JobStatus.PAUSED,
    JobStatus.CANCELLED,
    JobStatus.FAILED,
    JobStatus.INTERRUPTED,
)


class JobQueue:
    """Starts the jobs that were handed to it: one runs at a time, teachers before students.

    It starts nothing that it was not given: a waiting job of another program is that program's.

    Parameters
    ----------
    runs : Runs
        Where the states of the jobs are seen.
    """

    def __init__(self, runs: Runs) -> None:
        self._runs = runs
        self._waiting: list[str] = []

    def submit(self, job: Job) -> None:
        """Hand over a queued job; it is started once its turn comes."""
        self._waiting.append(job.identifier)

    def advance(self) -> str:
        """Start the next job if none is running.

        Returns
        -------
        str
            Why a job could not be started; empty when all is well.
        """
        problem = self._forget_dead_starts()
        self._waiting = [name for name in self._waiting if self._is_queued(name)]
        if problem or self._is_busy():
            return problem
        ready = next((name for name in self._waiting if self._is_ready(name)), None)
        run = self._runs.get(ready) if ready else None
        return self._attempt(Action.START, run) if run else ""

    def perform(self, action: Action, run: Run) -> str:
        """Do what was asked of a run; returns why it could not be done, or nothing."""
        return self._attempt(action, run)

    def outlook(self, run: Run) -> str:
        """What a waiting run waits for, in a sentence; nothing for any other run."""
        if run.status is not JobStatus.QUEUED or run.starting:
            return ""
        if run.job and run.job.launched():
            return run.state.message if run.state else ""
        if run.identifier not in self._waiting:
            return "It waits until somebody presses Start."
        for teacher in self._teachers(run.identifier):
            if teacher.status in _ENDED_EARLY:
                return f"It waits for its teacher '{teacher.title}', which is {teacher.word}."
        return "It starts by itself once its turn comes, while this window is open."

    def _attempt(self, action: Action, run: Run) -> str:
        if run.job is None:
            return run.problem
        try:
            self._do(action, run.job)
        except MedKDError as error:
            self._waiting = [name for name in self._waiting if name != run.identifier]
            return str(error)
        except OSError as error:
            return f"'{run.title}' could not be changed: {error.strerror or error}."
        return ""

    def _do(self, action: Action, job: Job) -> None:
        if action is Action.START:
            self._remember_start(job, start_job(job))
        elif action is Action.RESUME:
            self._remember_start(job, resume_job(job))
        elif action is Action.PAUSE:
            pause_job(job)
        elif action is Action.CANCEL:
            cancel_job(job, grace_seconds=0)
        elif action is Action.END:
            cancel_job(job, grace_seconds=END_GRACE_SECONDS)
        elif action is Action.DELETE:
            self._runs.store.delete(job)

    def _remember_start(self, job: Job, launched: Launched) -> None:
        self._waiting = [name for name in self._waiting if name != job.identifier]
        # A job of Slurm may wait there for days, and its process is seldom on this machine.
        if launched.process is not None:
            self._runs.starting[job.identifier] = launched.process

    def _forget_dead_starts(self) -> str:
        """Drop the processes that ended before they said that they run."""
        for name, process in list(self._runs.starting.items()):
            run = self._runs.get(name)
            if not process.is_alive() or run is None:
                del self._runs.starting[name]
                if run and run.status is JobStatus.QUEUED:
                    self._waiting = [other for other in self._waiting if other != name]
                    return f"The process of '{run.title}' ended before it began; see its log."
        return ""

    def _is_busy(self) -> bool:
        return bool(self._runs.starting) or any(
            run.status is not None and run.status.is_active for run in self._runs.all
        )

    def _is_queued(self, name: str) -> bool:
        run = self._runs.get(name)
        return run is not None and run.status is JobStatus.QUEUED

    def _is_ready(self, name: str) -> bool:
        return all(teacher.status is JobStatus.COMPLETED for teacher in self._teachers(name))

    def _teachers(self, name: str) -> list[Run]:
        run = self._runs.get(name)
        specs = run.job.spec.teachers if run and run.job else ()
        found = (self._runs.get(Path(teacher.job).name) for teacher in specs)
        return [teacher for teacher in found if teacher]

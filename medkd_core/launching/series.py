"""The jobs of an experiment, one after the other; what is completed already is not run again."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from medkd_core.errors import JobError, MedKDError
from medkd_core.jobs.experiment import Step
from medkd_core.jobs.spec import JobSpec
from medkd_core.jobs.state import JobState, JobStatus
from medkd_core.jobs.store import Job, JobStore
from medkd_core.launching.starting import start_job
from medkd_core.launching.stopping import cancel_job, pause_job

_POLL_SECONDS = 0.3
_PAUSE_SECONDS = 60.0

Told = Callable[[int, JobState], None]
"""Called again and again with the number of the step at work, from 0, and where its job stands."""
Ended = Callable[[int, "Outcome"], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a step.

    Attributes
    ----------
    step : Step
    job : Job or None
        None when no job could be made.
    problem : str
        Why the job is not completed, as a sentence; empty when it is.
    """

    step: Step
    job: Job | None
    problem: str = ""


def run_series(
    steps: Sequence[Step], store: JobStore, told: Told | None = None, ended: Ended | None = None
) -> list[Outcome]:
    """Run jobs in their order, each in a process of its own.

    A job is known by its specification: one that is completed is not run again, one that was
    stopped goes on from its last checkpoint, one that runs already is waited for. A job that fails
    stops those that learn from it, and no other. When this process is interrupted (Ctrl+C), the
    job at work is paused.

    Parameters
    ----------
    steps : sequence of Step
    store : JobStore
    told, ended : callable, optional

    Returns
    -------
    list of Outcome
        One for each step.
    """
    outcomes: list[Outcome] = []
    for number, step in enumerate(steps):
        listener = partial(told, number) if told is not None else _unheard
        outcome = _outcome(step, store, outcomes, listener)
        outcomes.append(outcome)
        if ended is not None:
            ended(number, outcome)
    return outcomes


def _unheard(_: JobState) -> None:
    """Nobody asked to be told."""


def _outcome(
    step: Step, store: JobStore, earlier: Sequence[Outcome], told: Callable[[JobState], None]
) -> Outcome:
    job: Job | None = None
    try:
        spec = _with_teachers(step.spec, earlier)
        job = store.find(spec) or store.create(spec)
        state = _run(job, told)
    except MedKDError as error:
        return Outcome(step, job, str(error))
    if state.status is JobStatus.COMPLETED:
        return Outcome(step, job)
    return Outcome(step, job, f"{state.status.value}: {state.message}".rstrip(": "))


def _with_teachers(spec: JobSpec, earlier: Sequence[Outcome]) -> JobSpec:
    """Teachers of the same series by their jobs: another one may have been given the same name."""
    by_name = {outcome.step.spec.name: outcome for outcome in earlier}
    teachers = []
    for teacher in spec.teachers:
        outcome = by_name.get(teacher.job)
        if outcome is not None and (outcome.problem or outcome.job is None):
            raise JobError(
                f"Cannot train '{spec.name}'",
                because=f"its teacher '{teacher.job}' is not completed",
                cure="Run the experiment again once the teacher can be trained.",
            )
        reference = str(outcome.job.folder) if outcome and outcome.job else teacher.job
        teachers.append(teacher.model_copy(update={"job": reference}))
    return spec.model_copy(update={"teachers": tuple(teachers)})


def _run(job: Job, told: Callable[[JobState], None]) -> JobState:
    state = job.state()
    if state.status is JobStatus.COMPLETED:
        return state
    try:
        if not job.is_under_way(state):
            start_job(job)
        return _wait(job, told)
    except KeyboardInterrupt:
        _stop(job)
        raise


def _wait(job: Job, told: Callable[[JobState], None]) -> JobState:
    while True:
        state = job.state()
        told(state)
        if state.status is not JobStatus.QUEUED and not state.status.is_active:
            return state
        time.sleep(_POLL_SECONDS)


def _stop(job: Job) -> None:
    """Have a checkpoint written; a job that has not begun yet is cancelled."""
    if job.state().status is not JobStatus.RUNNING:
        cancel_job(job)
        return
    pause_job(job)
    deadline = time.monotonic() + _PAUSE_SECONDS
    while job.state().status.is_active and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)

"""``train`` and ``jobs``: distillation jobs from the command line."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Column, Table

from medkd_core.cli.console import answers, errors, write_json
from medkd_core.cli.options import JobsOption, JsonOption
from medkd_core.jobs.events import EpochDone, Event, EventReader, Finished, Message
from medkd_core.jobs.spec_file import load_spec
from medkd_core.jobs.state import JobStatus
from medkd_core.jobs.store import Job, JobStore
from medkd_core.launching.starting import resume_job, start_job
from medkd_core.launching.stopping import cancel_job, pause_job

_POLL_S = 0.5
_ENDED = {
    JobStatus.PAUSED,
    JobStatus.CANCELLED,
    JobStatus.FAILED,
    JobStatus.INTERRUPTED,
    JobStatus.COMPLETED,
}

app = typer.Typer(help="The jobs in the jobs folder.", no_args_is_help=True)
JobArgument = Annotated[str, typer.Argument(help="Identifier of a job, or its folder.")]


def register(parent: typer.Typer) -> None:
    """Add the commands of this module."""
    parent.command()(train)
    parent.add_typer(app, name="jobs")


def train(
    spec: Annotated[Path, typer.Argument(help="What to train, as TOML.")],
    jobs: JobsOption = None,
    detach: Annotated[bool, typer.Option(help="Start the job and leave it running.")] = False,
    start: Annotated[
        bool,
        typer.Option(help="Or make the job's folder only, for a torchrun or srun of your own."),
    ] = True,
) -> None:
    """Run one job: a teacher, a student without teachers, or a distilled student.

    Ctrl+C cancels the job; its last checkpoint stays and it can be resumed.
    """
    job = JobStore(jobs).create(load_spec(spec))
    if not start:
        answers.print(f"Job {job.identifier} in {job.folder}", soft_wrap=True)
        return
    start_job(job)
    answers.print(f"Job {job.identifier} in {job.folder}", soft_wrap=True)
    if detach:
        answers.print(f"Watch it with: medkd jobs follow {job.identifier}")
        return
    try:
        _follow(job)
    except KeyboardInterrupt:
        cancel_job(job)
        raise


@app.command("list")
def list_jobs(jobs: JobsOption = None, json: JsonOption = False) -> None:
    """List all jobs, the oldest first."""
    found = JobStore(jobs).list()
    if json:
        write_json({"jobs": [_facts(job) for job in found]})
        return
    table = Table(
        Column("job", overflow="fold"),
        "kind",
        "network",
        "state",
        "epoch",
        "best macro F1",
        box=None,
    )
    for job in found:
        state = job.state()
        best = "" if state.best_metric is None else f"{state.best_metric:.3f}"
        epochs = f"{state.epoch} of {state.epochs}"
        table.add_row(
            job.identifier, job.spec.kind, job.spec.network.name, state.status, epochs, best
        )
    answers.print(table)


@app.command()
def show(job: JobArgument, jobs: JobsOption = None, json: JsonOption = False) -> None:
    """Say what a job is, where it stands and how it went."""
    found = JobStore(jobs).get(job)
    if json:
        write_json(
            _facts(found)
            | {"spec": found.spec.model_dump(mode="json")}
            | {"events": [event.model_dump(mode="json") for event in found.events()]}
        )
        return
    state = found.state()
    answers.print(f"{found.identifier}: {state.status}. {state.message}")
    answers.print(f"{found.folder}", soft_wrap=True)
    for event in found.events():
        _print_event(event)


@app.command()
def follow(job: JobArgument, jobs: JobsOption = None) -> None:
    """Watch a job until it ends; Ctrl+C stops watching, not the job."""
    _follow(JobStore(jobs).get(job))


@app.command()
def pause(job: JobArgument, jobs: JobsOption = None) -> None:
    """Ask a running job to write a checkpoint and stop; `resume` goes on from there."""
    pause_job(JobStore(jobs).get(job))


@app.command()
def cancel(job: JobArgument, jobs: JobsOption = None) -> None:
    """Stop a job."""
    cancel_job(JobStore(jobs).get(job))


@app.command()
def resume(
    job: JobArgument,
    jobs: JobsOption = None,
    detach: Annotated[bool, typer.Option(help="Leave it running.")] = False,
) -> None:
    """Go on with a paused, interrupted, cancelled or failed job from its last checkpoint."""
    found = JobStore(jobs).get(job)
    seen = found.events()
    resume_job(found)
    if not detach:
        _follow(found, after=seen[-1].seq if seen else 0)


@app.command()
def delete(job: JobArgument, jobs: JobsOption = None) -> None:
    """Delete a job's folder with its checkpoints and results."""
    store = JobStore(jobs)
    store.delete(store.get(job))


def _facts(job: Job) -> dict[str, object]:
    return {
        "job": job.identifier,
        "folder": str(job.folder),
        "name": job.spec.name,
        "kind": job.spec.kind,
        "network": job.spec.network.name,
        "state": job.state().model_dump(mode="json"),
    }


def _follow(job: Job, after: int = 0) -> None:
    reader, told, waiting = EventReader(job.events_path), False, ""
    while True:
        # The state is read first: what was written before the end is then still printed.
        state = job.state()
        if state.status is JobStatus.QUEUED and state.message != waiting:
            waiting = state.message
            errors.print(waiting, soft_wrap=True)
        for event in reader.read():
            if event.seq > after:
                _print_event(event)
                told = isinstance(event, Finished)
        if state.status in _ENDED:
            break
        time.sleep(_POLL_S)
    if not told:  # a killed process has no last word
        errors.print(f"{state.status}. {state.message}", soft_wrap=True)
    if state.status not in {JobStatus.COMPLETED, JobStatus.PAUSED}:
        raise typer.Exit(1)


def _print_event(event: Event) -> None:
    match event:
        case EpochDone():
            answers.print(
                f"epoch {event.epoch}: loss {event.train_loss:.4f}, validation "
                f"{event.validation_loss:.4f}, macro F1 {event.macro_f1:.3f}, "
                f"balanced accuracy {event.balanced_accuracy:.3f} ({event.seconds:.0f} s)",
                soft_wrap=True,
            )
        case Message():
            answers.print(event.text, soft_wrap=True)
        case Finished():
            errors.print(f"{event.status}. {event.message}".rstrip(), soft_wrap=True)
        case _:
            pass

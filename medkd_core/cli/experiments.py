"""``recipe`` and ``experiment``: several jobs with an order, a question and an answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from medkd_core import RESEARCH_USE_ONLY
from medkd_core.cli.console import answers, errors, write_json
from medkd_core.cli.data_sets import load_with_bar
from medkd_core.cli.experiment_results import (
    RESULTS_TEXT,
    print_report,
    report_of,
    write_report,
)
from medkd_core.cli.options import JobsOption, JsonOption
from medkd_core.cli.series_progress import SeriesProgress
from medkd_core.cli.writing import write_together
from medkd_core.errors import DatasetError, JobError, SpecError
from medkd_core.jobs.experiment import Experiment, load_experiment
from medkd_core.jobs.recipes import RECIPES, recipe_text
from medkd_core.jobs.store import JobStore
from medkd_core.launching.series import Outcome, run_series

_LOCK_FILE = ".experiment.lock"

DataOption = Annotated[
    Path | None, typer.Option("--data", help="Root of the data set, instead of the one written.")
]
ElsewhereOption = Annotated[
    Path | None,
    typer.Option("--elsewhere", help="Root of a data set of the same classes to test on, too."),
]


def register(parent: typer.Typer) -> None:
    """Add the commands of this module."""
    parent.command()(recipe)
    parent.command()(experiment)


def recipe(
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(RECIPES)}.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Folder to write the specs into.")
    ] = None,
    data: DataOption = None,
    elsewhere: ElsewhereOption = None,
    every_entry: Annotated[
        bool, typer.Option("--every-entry", help="Also the entries that are seldom changed.")
    ] = False,
) -> None:
    """Write commented specs of a known experiment."""
    texts = _texts(name, data, elsewhere, every_entry=every_entry)
    if output is None:
        for file_name, text in texts.items():
            typer.echo(f"# ---- {file_name}\n{text}")
        return
    _write_specs(output, texts)
    for file_name in texts:
        answers.print(f"{output / file_name}", soft_wrap=True)


def experiment(
    name: Annotated[
        str, typer.Argument(help=f"Folder of specs, or a recipe: {', '.join(RECIPES)}.")
    ],
    data: DataOption = None,
    elsewhere: ElsewhereOption = None,
    seeds: Annotated[
        int | None, typer.Option(min=1, help="Train each student from so many seeds.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Folder for a recipe's specs; its name by default."),
    ] = None,
    jobs: JobsOption = None,
    json: JsonOption = False,
) -> None:
    """Run all jobs of an experiment and compare the students.

    Teachers are trained once, students from several seeds. Ctrl+C pauses; the same command goes on
    where it was stopped, and does not run again what is completed. The table with intervals, the
    differences and the sources of the images are also written into the experiment's folder.
    """
    folder = _folder(name, output, data, elsewhere)
    found = load_experiment(folder, data=data, elsewhere=elsewhere, seeds=seeds)
    _refuse_missing_data(found)
    _refuse_other_classes(found)
    with _alone_in(folder):
        outcomes = _run(found, JobStore(jobs))
        report = report_of(found, outcomes)
        write_report(folder, report)
    if json:
        write_json(report)
    else:
        print_report(report)
        answers.print(f"Report in {folder / RESULTS_TEXT}. {RESEARCH_USE_ONLY}", soft_wrap=True)
    if report.missing:
        errors.print(
            f"{len(report.missing)} of {len(outcomes)} jobs are not completed; the same command "
            "tries them again.",
            style="red",
            soft_wrap=True,
        )
        raise typer.Exit(1)


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Hold an experiment's folder; a second command for it is refused."""
    # Imported here: a reading room, which trains nothing, has no filelock.
    from filelock import FileLock, Timeout

    try:
        with FileLock(folder / _LOCK_FILE, timeout=0):
            yield
    except Timeout:
        raise JobError(
            "Cannot run the experiment",
            path=folder,
            because="it is being run already",
            cure="Wait for the other command, or stop it.",
        ) from None


def _run(found: Experiment, store: JobStore) -> list[Outcome]:
    steps = found.steps()
    try:
        with SeriesProgress(steps) as progress:
            return run_series(steps, store, progress.told, progress.ended)
    except KeyboardInterrupt:
        errors.print("The job at work was paused; the same command goes on from there.")
        raise


def _folder(name: str, output: Path | None, data: Path | None, elsewhere: Path | None) -> Path:
    """The experiment's folder; a recipe is written into one, or found there from last time."""
    folder = output or Path(name)
    if any(folder.glob("*.toml")) or (folder.exists() and name not in RECIPES):
        return folder  # without specifications it is refused when it is read
    if name not in RECIPES:
        raise SpecError(
            f"Cannot run the experiment '{name}'",
            because="there is neither a folder nor a recipe of that name",
            cure=f"The recipes are {', '.join(RECIPES)}.",
        )
    texts = _texts(name, data, elsewhere)
    _write_specs(folder, texts)
    return folder


def _texts(
    name: str, data: Path | None, elsewhere: Path | None, *, every_entry: bool = False
) -> dict[str, str]:
    # A relative path in a specification is one from its own folder.
    return recipe_text(
        name,
        data=data and data.absolute(),
        elsewhere=elsewhere and elsewhere.absolute(),
        every_entry=every_entry,
    )


def _write_specs(folder: Path, texts: dict[str, str]) -> None:
    taken = [file_name for file_name in texts if (folder / file_name).exists()]
    if taken:
        raise JobError("Cannot write", path=folder / taken[0], because="it is there already")
    write_together(folder, {file_name: text.encode() for file_name, text in texts.items()})


def _refuse_missing_data(found: Experiment) -> None:
    """Say at once what would otherwise fail one job after the other."""
    roots = {arm.spec.data.root: "--data" for arm in found.arms}
    if found.spec.elsewhere is not None:
        roots[found.spec.elsewhere.root] = "--elsewhere"
    for root, option in roots.items():
        if not root.is_dir():
            raise SpecError(
                "Cannot run the experiment on",
                path=root,
                because="there is no such folder",
                cure=f"Name the data set's folder with {option}, or in the specifications.",
            )


def _refuse_other_classes(found: Experiment) -> None:
    """Say at once what would otherwise come out after all training."""
    if found.spec.elsewhere is None:
        return
    there = load_with_bar(found.spec.elsewhere, seed=0)
    here = load_with_bar(found.arms[0].spec.data, found.arms[0].spec.seed)
    if set(there.classes) != set(here.classes):
        raise DatasetError(
            "Cannot test on",
            path=found.spec.elsewhere.root,
            because=f"its classes are {', '.join(there.classes)}, those of {here.name} are "
            f"{', '.join(here.classes)}",
            cure="Name the folders or labels of the two data sets alike.",
        )

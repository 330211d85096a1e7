"""From an experiment's jobs to its report, on the disk and on the screen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from rich.table import Column, Table

from medkd_core.cli.console import answers, progress_bar
from medkd_core.cli.data_sets import load_with_bar
from medkd_core.errors import MedKDError
from medkd_core.evaluation.decisions import Decisions, decisions_of
from medkd_core.evaluation.experiment_report import ArmRuns, compare_arms
from medkd_core.evaluation.experiment_schema import ExperimentReport, SetResult
from medkd_core.evaluation.experiment_text import HOW_TO_READ, experiment_text, written
from medkd_core.evaluation.over_seeds import Estimate
from medkd_core.jobs.durable import write_durably
from medkd_core.jobs.experiment import Experiment
from medkd_core.jobs.result import read_result
from medkd_core.jobs.store import Job
from medkd_core.launching.series import Outcome

RESULTS_JSON, RESULTS_TEXT = "results.json", "results.md"

_OVERLAP = "Whether images of this set are also in the one that was trained on was not looked at."

Decide = Callable[[Job], Decisions]


def report_of(experiment: Experiment, outcomes: Sequence[Outcome]) -> ExperimentReport:
    """Measure what is completed, on the test split and on the data set elsewhere.

    What cannot be measured is told in the report, so that it costs nothing of the rest.
    """
    missing = [
        f"{outcome.step.spec.name}: {outcome.problem}" for outcome in outcomes if outcome.problem
    ]
    completed = [outcome for outcome in outcomes if not outcome.problem]
    tests: list[SetResult] = []
    for measured in (_test_split, _elsewhere):
        try:
            tests += measured(experiment, completed) if completed else []
        except MedKDError as error:
            missing.append(str(error))
    return ExperimentReport(
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        title=experiment.title,
        question=experiment.spec.question,
        tests=tests,
        missing=missing,
    )


def write_report(folder: Path, report: ExperimentReport) -> None:
    """Write `results.json` and `results.md`; MedKDError when the disk refuses."""
    try:
        write_durably(folder / RESULTS_TEXT, experiment_text(report))
        write_durably(folder / RESULTS_JSON, report.model_dump_json(indent=2) + "\n")
    except OSError as error:
        raise MedKDError(
            "Cannot write the results into",
            path=folder,
            because=error.strerror or str(error),
            cure="Free some space or make the folder writable; nothing has to be trained again.",
        ) from error


def print_report(report: ExperimentReport) -> None:
    """Show the arms, the differences and the sources of every test set."""
    for test in report.tests:
        answers.print(f"{test.name}: {test.images} images of {test.groups} groups", style="bold")
        answers.print(_arms(test))
        if test.comparisons:
            answers.print(_differences(test))
        if any(arm.by_source for arm in test.arms):
            answers.print(_sources(test))
        for warning in test.warnings:
            answers.print(f"Mind: {warning}", soft_wrap=True)
    if report.tests:
        answers.print(HOW_TO_READ, soft_wrap=True)
    else:
        answers.print("Nothing was measured: no job is completed, or there is no test split.")


def _test_split(experiment: Experiment, completed: Sequence[Outcome]) -> list[SetResult]:
    """Nothing for a data set without a test split."""
    arms = _arm_runs(experiment, completed, decisions_of)
    if not any(run.images for arm in arms for run in arm.runs.values()):
        return []
    results = [read_result(outcome.job.result_folder) for outcome in completed if outcome.job]
    warnings = list(dict.fromkeys(text for result in results for text in result.warnings))
    pairs = experiment.comparisons
    name = results[0].dataset
    return [compare_arms(name, arms, pairs, trained_here=True, warnings=warnings)]


def _elsewhere(experiment: Experiment, completed: Sequence[Outcome]) -> list[SetResult]:
    """Nothing without another data set."""
    if experiment.spec.elsewhere is None:
        return []
    from medkd_core.distillation.elsewhere import decisions_elsewhere

    dataset = load_with_bar(experiment.spec.elsewhere, seed=0)
    with progress_bar(f"Testing on {dataset.name}") as update:
        done = count()

        def decide(job: Job) -> Decisions:
            update(next(done), len(completed))
            return decisions_elsewhere(job, dataset)

        arms = _arm_runs(experiment, completed, decide)
    warnings = [*dataset.warnings, _OVERLAP]
    pairs = experiment.comparisons
    return [compare_arms(dataset.name, arms, pairs, trained_here=False, warnings=warnings)]


def _arm_runs(
    experiment: Experiment, completed: Sequence[Outcome], decide: Decide
) -> list[ArmRuns]:
    """Arms with at least one completed job."""
    found = []
    for arm in experiment.arms:
        jobs = {
            outcome.step.spec.seed: outcome.job
            for outcome in completed
            if outcome.step.arm == arm.name and outcome.job
        }
        if jobs:
            names = {seed: job.identifier for seed, job in jobs.items()}
            runs = {seed: decide(job) for seed, job in jobs.items()}
            found.append(ArmRuns(arm.name, arm.spec, names, runs))
    return found


def _arms(test: SetResult) -> Table:
    return _table(
        ("arm", "seeds"),
        [((arm.arm, str(len(arm.seeds))), arm.metrics) for arm in test.arms],
    )


def _differences(test: SetResult) -> Table:
    return _table(
        ("difference",),
        [((f"{each.arm} − {each.against}",), each.metrics) for each in test.comparisons],
        signed=True,
    )


def _sources(test: SetResult) -> Table:
    return _table(
        ("source, images", "arm"),
        [
            ((f"{row.source}, {row.images}", arm.arm), row.metrics)
            for row, arm in sorted(
                ((row, arm) for arm in test.arms for row in arm.by_source),
                key=lambda pair: pair[0].source,
            )
        ],
    )


def _table(
    columns: tuple[str, ...],
    rows: Sequence[tuple[tuple[str, ...], Mapping[str, Estimate]]],
    *,
    signed: bool = False,
) -> Table:
    first = [Column(name, overflow="fold") for name in columns]
    table = Table(*first, *(Column(name, no_wrap=True) for name in _SHOWN.values()), box=None)
    for names, metrics in rows:
        cells = [written(metrics[name], signed=signed, between=", ") for name in _SHOWN]
        table.add_row(*names, *cells)
    return table


_SHOWN = {"macro_f1": "macro F1", "balanced_accuracy": "balanced accuracy"}
"""All metrics are in the files; these fit into a terminal."""

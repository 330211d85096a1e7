"""``evaluate`` and ``compare``: how good, compared with what."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Column, Table

from medkd_core import RESEARCH_USE_ONLY
from medkd_core.bundles.read import open_bundle
from medkd_core.cli.console import answers, progress_bar, write_json
from medkd_core.cli.data_sets import load_with_bar
from medkd_core.cli.options import DeviceOption, JobsOption, JsonOption, ModelOption
from medkd_core.cli.writing import refuse_if_no_folder
from medkd_core.datasets.record import Split
from medkd_core.evaluation.report import evaluate_bundle
from medkd_core.jobs.result import JobResult, read_result
from medkd_core.jobs.spec_file import load_spec
from medkd_core.jobs.store import Job, JobStore

METRICS = ("macro_f1", "balanced_accuracy", "accuracy")


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(evaluate)
    app.command()(compare)


def evaluate(
    data: Annotated[Path, typer.Option(help="Job spec whose [data] names the images.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="New folder for the report.")],
    model: ModelOption = None,
    split: Annotated[Split, typer.Option(help="Which images.")] = "test",
    device: DeviceOption = "auto",
) -> None:
    """Measure a bundle on a data set: metrics with intervals, calibration, a table per source."""
    refuse_if_no_folder(output)
    bundle = open_bundle(model)
    spec = load_spec(data)
    dataset = load_with_bar(spec.data, spec.seed)
    with progress_bar(f"Evaluating {bundle.manifest.name}") as update:
        report = evaluate_bundle(bundle, dataset, split, output, device=device, progress=update)
    for name in METRICS:
        answers.print(_with_interval(report.metrics, name))
    answers.print(f"Report in {output}. {RESEARCH_USE_ONLY}", soft_wrap=True)


def compare(
    runs: Annotated[list[str], typer.Argument(help="Jobs (identifiers or folders).")],
    jobs: JobsOption = None,
    json: JsonOption = False,
) -> None:
    """Put completed jobs side by side, each on its own test split."""
    store = JobStore(jobs)
    found = [store.get(run) for run in runs]
    results = [read_result(job.result_folder) for job in found]
    if json:
        rows = [
            {"job": job.identifier, "kind": job.spec.kind, **result.model_dump(mode="json")}
            for job, result in zip(found, results, strict=True)
        ]
        write_json({"research_use_only": RESEARCH_USE_ONLY, "runs": rows})
        return
    answers.print(_comparison(found, results))
    if len({(result.dataset, result.test_images) for result in results}) > 1:
        answers.print("These runs were tested on different images: do not compare their numbers.")


def _with_interval(metrics: dict[str, float], name: str) -> str:
    low, high = metrics[f"{name}_low"], metrics[f"{name}_high"]
    return f"{name.replace('_', ' ')}: {metrics[name]:.3f} (95 % interval {low:.3f} to {high:.3f})"


def _comparison(jobs: list[Job], results: list[JobResult]) -> Table:
    table = Table(
        Column("job", overflow="fold"), "kind", "network", "width", "test images", box=None
    )
    for name in METRICS:
        table.add_column(name.replace("_", " "))
    for job, result in zip(jobs, results, strict=True):
        network = job.spec.network
        cells = [job.identifier, job.spec.kind, network.name, f"{network.width:g}"]
        metrics = result.metrics
        # Without a test split nothing was measured.
        values = [
            f"{metrics[name]:.3f} ({metrics[f'{name}_low']:.3f} to {metrics[f'{name}_high']:.3f})"
            if name in metrics
            else ""
            for name in METRICS
        ]
        table.add_row(*cells, str(result.test_images), *values)
    return table

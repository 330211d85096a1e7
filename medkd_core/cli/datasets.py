"""``medkd datasets``: look at a data set before trusting it; draw one to try things on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from medkd_core import RESEARCH_USE_ONLY
from medkd_core.cli.console import answers, progress_bar, write_json
from medkd_core.cli.options import JsonOption
from medkd_core.datasets.audit import AuditReport, audit_dataset
from medkd_core.datasets.phantom_files import write_covid_qu_ex
from medkd_core.datasets.record import Split
from medkd_core.jobs.spec import DatasetKind

app = typer.Typer(help="Data sets: audit them, draw one.", no_args_is_help=True)


@app.command()
def audit(
    root: Annotated[Path, typer.Argument(help="Folder of the data set.")],
    kind: Annotated[DatasetKind, typer.Option(help="How it is laid out.")],
    json: JsonOption = False,
) -> None:
    """Count images; find unreadable files, duplicates, and leaks across splits and classes."""
    with progress_bar("Looking at the images") as update:
        report = audit_dataset(root, kind, progress=update)
    if json:
        write_json(report)
    else:
        _print_report(report)


@app.command()
def phantom(
    root: Annotated[Path, typer.Argument(help="New folder to write into.")],
    train: Annotated[int, typer.Option(min=1, help="Training films of each class.")] = 120,
    validation: Annotated[int, typer.Option(min=1, help="Validation films of each class.")] = 30,
    test: Annotated[int, typer.Option(min=1, help="Test films of each class.")] = 60,
    side: Annotated[int, typer.Option(min=64, max=2048, help="Pixels of a side.")] = 256,
    seed: Annotated[int, typer.Option(min=0)] = 0,
) -> None:
    """Draw chest films with masks in COVID-QU-Ex's layout."""
    counts: dict[Split, int] = {"train": train, "validation": validation, "test": test}
    with progress_bar("Drawing films") as update:
        write_covid_qu_ex(root, counts, seed=seed, side=side, progress=update)
    answers.print(f"{3 * sum(counts.values())} drawn films in {root}", soft_wrap=True)


def _print_report(report: AuditReport) -> None:
    table = Table("split", *report.classes, box=None)
    for split, counts in report.splits.items():
        table.add_row(split, *(str(counts.get(name, 0)) for name in report.classes))
    answers.print(table)
    for problem in (*report.unreadable, *report.mask_problems):
        answers.print(f"{problem.path}: {problem.problem}", soft_wrap=True)
    for what, found in (("splits", report.leaks), ("classes", report.contradictions)):
        for copies in found:
            images = ", ".join(copies.images)
            answers.print(f"Copies across {what}: {images}", soft_wrap=True)
    for warning in report.warnings:
        answers.print(f"Mind: {warning}", soft_wrap=True)
    answers.print(
        f"{report.images} images, {len(report.unreadable)} unreadable, "
        f"{len(report.duplicates)} sets of copies, {len(report.leaks)} across splits. "
        f"{RESEARCH_USE_ONLY}"
    )

"""``medkd datasets``: look at a data set before trusting it; draw one to try things on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, cast

import typer
from rich.table import Table

from medkd_core.cli.console import answers, write_json
from medkd_core.cli.options import JsonOption
from medkd_core.datasets.audit import AuditReport, audit_dataset
from medkd_core.datasets.phantom_files import write_covid_qu_ex
from medkd_core.jobs.spec import DatasetKind

app = typer.Typer(help="Data sets: audit them, draw one.", no_args_is_help=True)


@app.command()
def audit(
    root: Annotated[Path, typer.Argument(help="Folder of the data set.")],
    kind: Annotated[str, typer.Option(help="covid-qu-ex, lc25000 or folder.")],
    json: JsonOption = False,
) -> None:
    """Count images; find unreadable files, duplicates, and leaks across splits and classes."""
    if kind not in {"covid-qu-ex", "lc25000", "folder"}:
        raise typer.BadParameter("covid-qu-ex, lc25000 or folder", param_hint="--kind")
    report = audit_dataset(root, cast(DatasetKind, kind))
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
    counts = {"train": train, "validation": validation, "test": test}
    write_covid_qu_ex(root, counts, seed=seed, side=side)
    answers.print(f"{3 * sum(counts.values())} drawn films in {root}", markup=False, soft_wrap=True)

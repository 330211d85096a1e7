"""``medkd datasets``: audit a data set before trusting it, group it, draw one to try things on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.table import Table

from medkd_core import RESEARCH_USE_ONLY
from medkd_core.cli.console import answers, on_one_line, progress_bar, write_json
from medkd_core.cli.options import JsonOption
from medkd_core.cli.writing import refuse_if_no_folder, write_together
from medkd_core.datasets.audit import AuditReport, audit_dataset
from medkd_core.datasets.loading import list_images
from medkd_core.datasets.phantom_files import write_covid_qu_ex
from medkd_core.datasets.record import Split
from medkd_core.datasets.tissue_groups.remembered import remembered_groups
from medkd_core.datasets.tissue_groups.table import group_table
from medkd_core.errors import MedKDError
from medkd_core.jobs.spec import DatasetKind, DataSpec

_MOST_SIZES = 5

app = typer.Typer(help="Data sets: audit them, group them, draw one.", no_args_is_help=True)


@app.command()
def audit(
    root: Annotated[Path, typer.Argument(help="Folder of the data set.")],
    kind: Annotated[DatasetKind, typer.Option(help="How it is laid out.")],
    table: Annotated[Path | None, typer.Option(help="CSV of labels, for csv and dicom.")] = None,
    path_column: Annotated[str, typer.Option(help="Its column of paths or UIDs.")] = "path",
    label_column: Annotated[str, typer.Option(help="Its column of classes.")] = "label",
    split_column: Annotated[str, typer.Option(help="Its column of splits, if any.")] = "split",
    groups: Annotated[
        Path | None, typer.Option(help="CSV of groups (patients, tissue), for any kind.")
    ] = None,
    group_column: Annotated[str, typer.Option(help="Column of patients, if any.")] = "group",
    json: JsonOption = False,
) -> None:
    """Count images; find unreadable files, duplicates, and leaks across splits and classes.

    Exit status 1 when no network could be trained on it as it is: a class is empty, say, or splits
    tear patients apart.
    """
    spec = DataSpec(
        kind=kind,
        root=root,
        table=table,
        path_column=path_column,
        label_column=label_column,
        split_column=split_column,
        groups=groups,
        group_column=group_column,
        # What is missing is to be counted, not to end the audit.
        skip_unreadable=True,
    )
    with progress_bar("Looking at the images") as update:
        report = audit_dataset(spec, progress=update)
    if json:
        write_json(report)
    else:
        _print_report(report)
    if report.refusal:
        raise typer.Exit(1)


@app.command()
def group(
    root: Annotated[Path, typer.Argument(help="Folder of the tissue tiles.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="CSV to write.")],
    kind: Annotated[
        Literal["lc25000", "folder"], typer.Option(help="How they are laid out.")
    ] = "lc25000",
) -> None:
    """Find tiles that show the same tissue: turned, mirrored, sheared copies, and overlaps.

    The table (path, group, original) goes into a specification as data.groups.
    """
    refuse_if_no_folder(output.parent)
    _refuse_folder(output)
    found = list_images(DataSpec(kind=kind, root=root)).images
    paths = [image.path for image in found]
    with progress_bar("Looking for tiles of the same tissue") as update:
        groups = remembered_groups(paths, update)
    write_together(output.parent, {output.name: group_table(root, paths, groups)})
    answers.print(
        f"{groups.number} pieces of tissue in {len(paths)} tiles, written to {output}",
        soft_wrap=True,
    )


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


def _refuse_folder(path: Path) -> None:
    if path.is_dir():
        raise MedKDError(
            "Cannot write the table to",
            path=path,
            because="it is a folder",
            cure="Name a file in it.",
        )


def _print_report(report: AuditReport) -> None:
    table = Table("split", *report.classes, box=None)
    for split, counts in report.splits.items():
        table.add_row(split, *(str(counts.get(name, 0)) for name in report.classes))
    answers.print(table)
    for line in (*_counted(report), *_found(report)):
        answers.print(on_one_line(line), soft_wrap=True)
    answers.print(
        f"{report.images} images, {len(report.unreadable)} unreadable, "
        f"{len(report.duplicates)} sets of copies, {len(report.leaks)} across splits. "
        f"{RESEARCH_USE_ONLY}"
    )


def _counted(report: AuditReport) -> Iterator[str]:
    """Sizes, balance and masks."""
    sizes = [f"{count} of {size}" for size, count in report.sizes.items()]
    yield f"Sizes: {', '.join(sizes[:_MOST_SIZES])}{', ...' * (len(sizes) > _MOST_SIZES)}"
    yield f"Balance: the smallest class has {report.balance:.0%} of the images of the largest"
    for organ, masks in (("Lung", report.lung_masks), ("Infection", report.infection_masks)):
        for name, counts in masks.items():
            yield (
                f"{organ} masks of {name}: {counts.present}, {counts.blank} blank, "
                f"{counts.missing} missing"
            )


def _found(report: AuditReport) -> Iterator[str]:
    """What is wrong, and what to beware of."""
    if report.refusal:
        yield f"Training refuses it: {report.refusal}"
    for problem in (*report.unreadable, *report.mask_problems):
        yield f"{problem.path}: {problem.problem}"
    for what, sets in (("splits", report.leaks), ("classes", report.contradictions)):
        for copies in sets:
            yield f"Copies across {what}: {', '.join(copies.images)}"
    for warning in report.warnings:
        yield f"Mind: {warning}"

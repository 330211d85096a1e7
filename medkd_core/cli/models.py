"""``publish``, ``verify`` and ``weights``: the files that networks live in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medkd_core import RESEARCH_USE_ONLY
from medkd_core.bundles.verify import verify_bundle
from medkd_core.cli.console import answers, errors, progress_bar, write_json
from medkd_core.cli.options import JobsOption, JsonOption
from medkd_core.jobs.store import JobStore
from medkd_core.networks.published import (
    PUBLISHED,
    fetch_weights,
    import_weights,
    origin_of,
    weights_path,
)
from medkd_core.networks.registry import NETWORKS, network_facts

weights = typer.Typer(help="Published weights in the user's cache.", no_args_is_help=True)
NameArgument = Annotated[
    str, typer.Argument(help=f"One of {', '.join(NETWORKS)}, or timm:NAME for any other of timm.")
]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("publish")(publish_job)
    app.command()(verify)
    app.add_typer(weights, name="weights")


def publish_job(
    job: Annotated[str, typer.Argument(help="A completed job: identifier or folder.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="New folder for the bundle.")],
    name: Annotated[str, typer.Option(help="What readers see; the job's name if left out.")] = "",
    version: Annotated[str, typer.Option("--bundle-version", help="For example 1.0.")] = "1.0",
    jobs: JobsOption = None,
) -> None:
    """Publish a student with its teachers as a bundle: weights, graphs, calibration, model card."""
    from medkd_core.distillation.publishing import publish

    found = JobStore(jobs).get(job)

    def say(sentence: str) -> None:
        errors.print(sentence, soft_wrap=True)

    publish(found, output, name=name or found.spec.name, version=version, say=say)
    answers.print(f"{output} is published. {RESEARCH_USE_ONLY}", soft_wrap=True)


def verify(
    bundle: Annotated[Path, typer.Argument(help="Folder or zip.")],
) -> None:
    """Check every file of a bundle against its sum, and run each network once."""
    report = verify_bundle(bundle)
    manifest = report.manifest
    answers.print(
        f"{manifest.name} {manifest.version}: every file is as it was published.", soft_wrap=True
    )
    answers.print(f"Networks that answer: {', '.join(report.networks)}")
    answers.print(f"Digest {report.digest}. {RESEARCH_USE_ONLY}", soft_wrap=True)


@weights.command("list")
def list_weights(json: JsonOption = False) -> None:
    """List where the published weights are, under which licence, and which are here."""
    rows = [_published_row(name) for name in PUBLISHED]
    if json:
        write_json({"research_use_only": RESEARCH_USE_ONLY, "weights": rows})
        return
    for row in rows:
        here = f"here, {_megabytes(row['here'])}" if row["here"] else "not here"
        if row["imported"]:
            here += ", imported from a file"
        checked = "digest pinned" if row["digest"] else "no digest known beforehand"
        line = f"{row['trained_on']}, {row['licence']}, {checked}, {here}"
        answers.print(f"{row['network']}: {line}", soft_wrap=True)
        answers.print(f"    {row['address']}", soft_wrap=True)


@weights.command()
def fetch(name: NameArgument) -> None:
    """Fetch a network's published weights into the user's cache."""
    with progress_bar(f"Fetching {name}", in_bytes=True) as update:
        path = fetch_weights(name, progress=update)
    errors.print(f"From {origin_of(path)}", soft_wrap=True)
    answers.print(str(path), soft_wrap=True)


@weights.command("import")
def import_file(
    name: NameArgument,
    file: Annotated[Path, typer.Argument(help="safetensors, or a checkpoint as it was released.")],
) -> None:
    """Take over a weights file that you have, after checking that it fits the network."""
    report = import_weights(name, file)
    spelling = f" Its layers were named as in {report.spelling}." if report.spelling else ""
    errors.print(f"It tells {report.classes_in_file} classes apart.{spelling}", soft_wrap=True)
    answers.print(str(weights_path(name)), soft_wrap=True)


def _published_row(name: str) -> dict[str, object]:
    published, path = PUBLISHED[name], weights_path(name)
    origin = origin_of(path)
    return {
        "network": name,
        "trained_on": published.trained_on,
        "licence": network_facts(name).licence,
        "address": published.address,
        "digest": published.digest,
        "here": None if origin is None else str(path),
        "imported": origin is not None and origin != published.address,
    }


def _megabytes(path: object) -> str:
    return f"{Path(str(path)).stat().st_size / 1e6:.0f} MB"

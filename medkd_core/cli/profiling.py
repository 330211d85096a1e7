"""``profile``: what student and teachers cost on this machine, per engine."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Column, Table

from medkd_core import RESEARCH_USE_ONLY
from medkd_core.bundles.read import open_bundle
from medkd_core.cli.console import answers, errors, write_json
from medkd_core.cli.options import DeviceOption, JsonOption, ModelOption
from medkd_core.cli.writing import refuse_if_no_folder, write_together
from medkd_core.engines.choice import possible_engines
from medkd_core.errors import MedKDError
from medkd_core.evaluation.efficiency import profile as profile_networks
from medkd_core.evaluation.efficiency_picture import draw_report, refuse_without_matplotlib
from medkd_core.evaluation.efficiency_schema import (
    EfficiencyReport,
    MachineFacts,
    NetworkProfile,
)
from medkd_core.evaluation.efficiency_subjects import (
    bundle_subjects,
    published_names,
    published_subjects,
)
from medkd_core.evaluation.machine import machine_facts

_Names = Annotated[
    list[str] | None,
    typer.Option("--network", help="Only this one beside the student; may be repeated."),
]
_Published = Annotated[
    bool,
    typer.Option(
        "--published",
        help="The published networks instead of a bundle's: full width, fresh weights.",
    ),
]
_Picture = Annotated[Path | None, typer.Option("--picture", help="Also draw it into this PNG.")]


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(profile)


def profile(
    model: ModelOption = None,
    published: _Published = False,
    network: _Names = None,
    device: DeviceOption = "auto",
    picture: _Picture = None,
    json: JsonOption = False,
) -> None:
    """Measure what student and teachers cost on this machine, on every engine it has."""
    if model and published:
        raise typer.BadParameter("--model and --published exclude each other.")
    if picture:
        _refuse_picture(picture)
    names = network or []
    report = _of_published(names, device) if published else _of_bundle(model, names, device)
    if picture:
        write_together(picture.parent, {picture.name: draw_report(report)})
    if json:
        write_json(report)
    else:
        _print(report)


def _refuse_picture(picture: Path) -> None:
    """What would be refused after a minute of measuring."""
    refuse_without_matplotlib()
    if picture.suffix.lower() != ".png" or picture.is_dir():
        raise MedKDError(
            "Cannot draw into",
            path=picture,
            because="it is no file that ends in .png",
            cure="Name a PNG file.",
        )
    refuse_if_no_folder(picture.parent)


def _of_bundle(model: Path | None, names: list[str], device: str) -> EfficiencyReport:
    bundle = open_bundle(model)
    choices = possible_engines(device)
    machine = machine_facts()
    subjects = bundle_subjects(bundle, names)
    manifest = bundle.manifest
    return EfficiencyReport(
        subject=f"{manifest.name} {manifest.version}",
        demo=manifest.demo,
        test_images=manifest.provenance.test_images,
        machine=machine,
        networks=profile_networks(subjects, choices, announce=_announce),
    )


def _of_published(names: list[str], device: str) -> EfficiencyReport:
    wanted = published_names(names)
    choices = possible_engines(device)
    machine = machine_facts()
    # Closed, and with it the folder of exported networks, however this ends.
    with closing(published_subjects(wanted, _announce)) as subjects:
        networks = profile_networks(subjects, choices, announce=_announce)
    return EfficiencyReport(
        subject="Published networks, fresh weights, 1000 classes",
        demo=False,
        test_images=0,
        machine=machine,
        networks=networks,
    )


def _announce(what: str) -> None:
    errors.print(f"{what} ...", soft_wrap=True, style="dim")


def _print(report: EfficiencyReport) -> None:
    demo = " (the embedded demo)" if report.demo else ""
    answers.print(f"{report.subject}{demo}", style="bold", soft_wrap=True)
    answers.print(_sizes(report.networks))
    if any(network.score for network in report.networks):
        answers.print(f"\nAccuracy on {report.test_images} test images", style="bold")
        answers.print(_scores(report.networks))
    for index, engine in enumerate(report.networks[0].engines):
        answers.print(f"\n{engine.label}", style="bold", soft_wrap=True)
        answers.print(_times(report.networks, index))
    answers.print(
        "\n×: multiple of the student's. MACs: multiply-accumulates of one image."
        " Memory: peak, weights and activations, one image at a time.",
    )
    for line in (*_remarks(report), _machine_line(report.machine), RESEARCH_USE_ONLY):
        answers.print(line)


def _sizes(networks: list[NetworkProfile]) -> Table:
    heads = ("network", "input", "parameters", "×", "MACs", "×", "file", "×")
    table = Table(*_heads(*heads), box=None)
    for network in networks:
        ratios = network.to_student
        table.add_row(
            network.label,
            f"{network.input_size} px",
            _amount(network.parameters),
            _times_as(ratios.parameters),
            _amount(network.macs),
            _times_as(ratios.macs),
            _bytes(network.file_bytes),
            _times_as(ratios.file_bytes),
        )
    return table


def _scores(networks: list[NetworkProfile]) -> Table:
    table = Table(*_heads("network", "macro F1", "95 % interval", "MACs per point of F1"), box=None)
    for network in networks:
        score = network.score
        if score is None:
            continue
        known = score.low is not None and score.high is not None
        interval = f"{score.low:.3f} to {score.high:.3f}" if known else ""
        cost = _amount(score.macs_per_point)
        table.add_row(network.label, f"{score.macro_f1:.3f}", interval, cost)
    return table


def _times(networks: list[NetworkProfile], index: int) -> Table:
    heads = ("network", "one image", "95th", "×", "images/s", "batch", "×", "memory", "×")
    table = Table(*_heads(*heads), box=None)
    for network in networks:
        engine = network.engines[index]
        times, ratios = engine.times, engine.to_student
        if times is None:
            table.add_row(network.label, "failed")
            continue
        table.add_row(
            network.label,
            f"{_three(times.latency_ms_median)} ms",
            _three(times.latency_ms_p95),
            _times_as(ratios.latency if ratios else None),
            _three(times.best.images_per_second),
            str(times.best.batch),
            _times_as(ratios.images_per_second if ratios else None),
            _bytes(times.single_memory_bytes),
            _times_as(ratios.single_memory if ratios else None),
        )
    return table


def _heads(first: str, *others: str) -> list[Column]:
    columns = [Column(first, overflow="fold")]
    for name in others:
        style = "dim" if name == "×" else ""
        columns.append(Column(name, justify="right", style=style, no_wrap=True))
    return columns


def _remarks(report: EfficiencyReport) -> Iterable[str]:
    for network in report.networks:
        counted = network.recount
        if counted and network.miscounted:
            yield (
                f"{network.label}: torch counts {counted.parameters:,} parameters and"
                f" {counted.macs:,} MACs, not {network.parameters:,} and {network.macs:,}."
            )
        for engine in network.engines:
            if engine.failure:
                yield f"{network.label}, {engine.label}: {engine.failure}"
    if worst := report.most_disturbed:
        network, engine = worst
        yield (
            f"Other programs were busy meanwhile (at {network.label}, {engine.label}:"
            f" {engine.others_busy_cores:.1f} cores), which spoils times and ratios."
            " Measure again when the machine is idle."
        )


def _machine_line(machine: MachineFacts) -> str:
    memory = f", {machine.memory_bytes / 2**30:.0f} GiB" if machine.memory_bytes else ""
    packages = ", ".join(f"{name} {number}" for name, number in machine.packages.items())
    hardware = ", ".join(
        [f"{machine.processor}, {machine.cores_used} cores{memory}", *machine.gpus]
    )
    return f"{hardware}; {machine.system}; {packages}; {machine.date}"


def _amount(count: float) -> str:
    """``9.14 M``, ``4.29 G``."""
    unit, letter = (1e9, "G") if count >= 1e9 else (1e6, "M") if count >= 1e6 else (1e3, "k")
    return f"{_three(count / unit)} {letter}"


def _bytes(count: int | None) -> str:
    return "" if count is None else f"{_three(count / 1e6)} MB"


def _times_as(ratio: float | None) -> str:
    return "" if ratio is None else _three(ratio)


def _three(value: float) -> str:
    """Three significant digits, without an exponent: 0.0123, 4.56, 78.9, 1234."""
    return f"{value:.0f}" if value >= 100 else f"{value:#.3g}"

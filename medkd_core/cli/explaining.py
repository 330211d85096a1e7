"""``explain``: where the networks looked, on one film or on folders of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from medkd_core.bundles.read import Bundle
from medkd_core.bundles.schema import file_stem
from medkd_core.cli.asked_networks import Wish
from medkd_core.cli.console import answers, progress_bar
from medkd_core.cli.drawn_masks import DrawnMasks
from medkd_core.cli.explained_files import explain_into, film_folders, write_overview
from medkd_core.cli.films import (
    FrameOption,
    PathsArgument,
    frames,
    leave_if_nothing,
    search,
)
from medkd_core.cli.options import DeviceOption, ModelOption
from medkd_core.cli.wording import model_line, print_refused
from medkd_core.cli.writing import refuse_if_no_folder
from medkd_core.errors import ExplanationError, MedKDError
from medkd_core.evaluation.explained_film import ExplainedFilm, ExplainedNetwork, Measured
from medkd_core.evaluation.maps_summary import NetworkSummary, maps_summary, median
from medkd_core.explanation.any_method import METHOD_NAMES, check_method
from medkd_core.explanation.baselines import BASELINES, DEFAULT_BASELINE, check_baseline
from medkd_core.explanation.score_cam import DEFAULT_DIALECT
from medkd_core.imaging.decoding.pool import DecoderPool
from medkd_core.imaging.study import Refusal
from medkd_core.serving.messages import LoadModel
from medkd_core.serving.model import OpenModel

_BASELINES = ", ".join(BASELINES)


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(explain)


def explain(
    paths: PathsArgument,
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder to write into.")],
    model: ModelOption = None,
    network: Annotated[
        list[str] | None, typer.Option(help="Only this network; may be repeated.")
    ] = None,
    class_name: Annotated[
        str, typer.Option("--class", help="Class to explain; the student's decision if left out.")
    ] = "",
    dialect: Annotated[
        str,
        typer.Option("--dialect", "--method", help=f"One of {', '.join(METHOD_NAMES)}."),
    ] = DEFAULT_DIALECT,
    preview: Annotated[bool, typer.Option(help="At most 32 masked passes a network.")] = False,
    measure: Annotated[
        bool, typer.Option(help="Measure faithfulness, too; takes as long as the maps and longer.")
    ] = False,
    baseline: Annotated[
        str, typer.Option(help=f"What is seen where pixels are taken away: {_BASELINES}.")
    ] = DEFAULT_BASELINE,
    masks: Annotated[
        Path | None,
        typer.Option(help="Folder of findings that were drawn, in pictures named as the films."),
    ] = None,
    lungs: Annotated[Path | None, typer.Option(help="The same of the lungs.")] = None,
    frame: FrameOption = 0,
    device: DeviceOption = "auto",
) -> None:
    """Write where the networks looked.

    One film: a map and a picture for each network, explanation.json, and a page to look at.
    Several films or folders: the same in one folder a film, one page and one table (maps.csv) of
    all; films that are there already are not asked again.
    """
    refuse_if_no_folder(output)
    check_method(dialect)
    check_baseline(baseline)
    drawn = DrawnMasks(masks, lungs)
    opened = OpenModel(LoadModel(model, device))
    every = [entry.name for entry in opened.bundle.manifest.networks]
    wish = Wish(
        networks=tuple(opened.bundle.entry(n).name for n in dict.fromkeys(network or every)),
        class_index=_class_index(opened.bundle, class_name),
        dialect=dialect,
        preview=preview,
        baseline=baseline if measure else None,
    )
    if len(paths) == 1 and paths[0].is_file() and paths[0].suffix.lower() != ".zip":
        films = [_explain_one(opened, wish, drawn, paths[0], frame, output)]
    else:
        films = _explain_many(opened, wish, drawn, paths, frame, output)
    answers.print(model_line(opened), soft_wrap=True)
    _leave_if_any_failed(films)


def _explain_one(
    opened: OpenModel, wish: Wish, drawn: DrawnMasks, file: Path, frame: int, output: Path
) -> ExplainedFilm:
    refused: list[Refusal] = []
    with DecoderPool() as decoders, progress_bar("Explaining") as update:
        picture, masks = decoders.decode(file, frame).result(), drawn.of(file, decoders, refused)
        film = explain_into(output, opened, wish, file, frame, picture, masks, update)
    write_overview(output, {"": film})
    for found in film.networks:
        what = f"{file_stem(found.network)}.png"
        if found.no_map:
            what = "no map: there is nothing to show for this class"
        answers.print(f"{found.label:16} {what} ({found.forwards} passes, {found.seconds:.1f} s)")
    print_refused(refused, "Not used")
    return film


def _explain_many(
    opened: OpenModel,
    wish: Wish,
    drawn: DrawnMasks,
    paths: list[Path],
    frame: int,
    output: Path,
) -> list[ExplainedFilm]:
    _refuse_among_films(output, paths)
    found = search(paths)
    refused = list(found.refused)
    written = output.resolve()
    instances = [
        instance
        for study in found.studies
        for instance in study.instances
        # Pictures of an earlier run are no films.
        if not instance.path.resolve().is_relative_to(written)
    ]
    folders = film_folders([instance.path for instance in instances], paths)
    films: dict[str, ExplainedFilm] = {}
    with DecoderPool() as decoders, progress_bar("Explaining films") as update:
        for done, (instance, picture) in enumerate(frames(instances, refused, frame)):
            file, folder = instance.path, folders[instance.path]
            update(done, len(instances))
            try:
                masks = drawn.of(file, decoders, refused)
                films[folder] = explain_into(
                    output / folder, opened, wish, file, frame, picture, masks
                )
            except ExplanationError as error:
                refused.append(Refusal.of(file, error))
    if films:
        write_overview(output, films)
        for table in _tables(list(films.values())):
            answers.print(table)
        answers.print(
            f"{output / 'index.html'} shows every film, maps.csv lists them. Above are medians.",
            soft_wrap=True,
        )
    print_refused(refused, "Not explained")
    leave_if_nothing(found, paths)
    if not films:
        raise typer.Exit(1)
    return [*films.values()]


def _leave_if_any_failed(films: Sequence[ExplainedFilm]) -> None:
    """Name the networks that could not explain a film, and end with status 1."""
    failed = [
        Refusal(Path(film.file), f"{one.label}: {one.reason}")
        for film in films
        for one in film.failed
    ]
    print_refused(failed, "Not explained")
    if failed:
        raise typer.Exit(1)


def _refuse_among_films(output: Path, paths: Sequence[Path]) -> None:
    if output.resolve() in {path.resolve() for path in paths}:
        raise MedKDError(
            "Cannot write into",
            path=output,
            because="the films are in it",
            cure="Name another folder; one below it will do.",
        )


def _tables(films: Sequence[ExplainedFilm]) -> Iterator[Table]:
    """What the films have in common: medians, by network; maps.csv has every film."""
    summary = maps_summary(films)
    table = _numbers_table(
        *("Network", "Films", "No map", "Failed", "Other classes", "Channel mean"),
        *(f"Like {summary.first}", "Other films", "Random"),
    )
    for one in summary.networks.values():
        table.add_row(*_cells(one))
    yield table
    for name in summary.networks:
        found = [map_ for film in films for map_ in film.networks if map_.network == name]
        if any(map_.measures for map_ in found):
            yield _measured_table(found)


def _cells(one: NetworkSummary) -> Iterator[str]:
    yield one.label
    yield from map(str, (one.films, one.no_map, one.failed))
    values = (one.other_classes, one.channel_mean, one.like_first, one.other_films, one.random)
    yield from map(_figure, values)


def _measured_table(maps: Sequence[ExplainedNetwork]) -> Table:
    """Medians by measure; a film without a mask has fewer measures than others."""
    table = _numbers_table(maps[0].label, "Map", "Random", "Centre")
    by_name: dict[str, list[Measured]] = {}
    for measured in (measured for one in maps for measured in one.measures):
        by_name.setdefault(measured.name, []).append(measured)
    for found in by_name.values():
        values = (median(getattr(m, of) for m in found) for of in ("value", "random", "centre"))
        table.add_row(found[0].label, *map(_figure, values))
    return table


def _numbers_table(first: str, *headings: str) -> Table:
    """Headings break into lines on a narrow screen, names do not."""
    table = Table(box=None, padding=(0, 1, 0, 0))
    table.add_column(first, no_wrap=True)
    for heading in headings:
        widest_word = max(map(len, heading.split()))
        table.add_column(heading, justify="right", vertical="bottom", min_width=widest_word)
    return table


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _class_index(bundle: Bundle, name: str) -> int | None:
    if not name:
        return None
    classes = bundle.manifest.classes
    for index, known in enumerate(classes):
        if known.casefold() == name.casefold():
            return index
    raise ExplanationError(
        f"Cannot explain class {name}", because=f"the model knows {', '.join(classes)}"
    )

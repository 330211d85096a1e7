"""``explain``: where the networks looked, on one film or on folders of them."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.table import Table

from medkd_core.bundles.read import Bundle
from medkd_core.bundles.schema import file_stem
from medkd_core.cli.console import answers, progress_bar
from medkd_core.cli.drawn_masks import DrawnMasks
from medkd_core.cli.explained_files import Wish, explain_into, film_folders, write_overview
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
from medkd_core.explanation.agreement import agreement, different_images, random_maps
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
        _explain_one(opened, wish, drawn, paths[0], frame, output)
    else:
        _explain_many(opened, wish, drawn, paths, frame, output)
    answers.print(model_line(opened), soft_wrap=True)


def _explain_one(
    opened: OpenModel, wish: Wish, drawn: DrawnMasks, file: Path, frame: int, output: Path
) -> None:
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


def _explain_many(
    opened: OpenModel,
    wish: Wish,
    drawn: DrawnMasks,
    paths: list[Path],
    frame: int,
    output: Path,
) -> None:
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
    maps = {
        first.network: [m for film in films for m in film.networks if m.network == first.network]
        for first in films[0].networks
    }
    first = films[0].networks[0]
    nulls = ("Other films", "Random")
    summary = Table(
        *("Network", "Films", "No map", "Other classes", "Channel mean"),
        *(f"Like {first.label}", *nulls),
    )
    for found in maps.values():
        summary.add_row(
            found[0].label,
            str(len(found)),
            str(sum(one.no_map for one in found)),
            _median(one.other_classes for one in found),
            _median(one.channel_mean for one in found),
            *_agreement_cells(maps[first.network], found),
        )
    yield summary
    for found in maps.values():
        if any(one.measures for one in found):
            yield _measured_table(found)


def _agreement_cells(
    first: Sequence[ExplainedNetwork], other: Sequence[ExplainedNetwork]
) -> tuple[str, ...]:
    """Median rank correlation of two networks' maps: of one film, of different ones, by chance."""
    pairs = [
        (np.array(one.native_map, np.float32), np.array(also.native_map, np.float32))
        for one, also in zip(first, other, strict=True)
        if not (one.no_map or also.no_map)
    ]
    if first is other or not pairs:
        return ()
    ones, others = zip(*pairs, strict=True)
    observed = [agreement(*pair) for pair in pairs]
    mixed = different_images(ones, others) if len(pairs) > 1 else []
    random = [null for pair in pairs[:20] for null in random_maps(*pair, count=5)]
    return tuple(_median(one.spearman for one in found) for found in (observed, mixed, random))


def _measured_table(maps: Sequence[ExplainedNetwork]) -> Table:
    """Medians by measure; a film without a mask has fewer measures than others."""
    table = Table(maps[0].label, "Map", "Random", "Centre")
    by_name: dict[str, list[Measured]] = {}
    for measured in (measured for one in maps for measured in one.measures):
        by_name.setdefault(measured.name, []).append(measured)
    for found in by_name.values():
        values = (_median(getattr(m, of) for m in found) for of in ("value", "random", "centre"))
        table.add_row(found[0].label, *values)
    return table


def _median(values: Iterable[float | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{statistics.median(known):.2f}" if known else "–"


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

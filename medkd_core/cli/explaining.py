"""``explain``: where the networks looked, on one film or on folders of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from medkd_core.bundles.read import Bundle
from medkd_core.bundles.schema import file_stem
from medkd_core.cli.asked_networks import Wish
from medkd_core.cli.console import answers, progress_bar
from medkd_core.cli.drawn_masks import DrawnMasks
from medkd_core.cli.explained_files import (
    DOCUMENT,
    explain_into,
    film_folders,
    film_place,
    refuse_over_film,
    remove_answer,
)
from medkd_core.cli.films import FrameOption, PathsArgument, leave_if_nothing, search
from medkd_core.cli.maps_overview import write_overview
from medkd_core.cli.maps_tables import maps_tables
from medkd_core.cli.options import DeviceOption, ModelOption
from medkd_core.cli.wording import model_line, print_refused
from medkd_core.cli.writing import refuse_if_no_folder
from medkd_core.errors import ExplanationError, MedKDError
from medkd_core.evaluation.explained_film import ExplainedFilm, FailedFilm, Film, answered
from medkd_core.evaluation.map_measures import Masks
from medkd_core.evaluation.maps_page import method_remark
from medkd_core.explanation.any_method import METHOD_NAMES, check_method
from medkd_core.explanation.baselines import BASELINES, DEFAULT_BASELINE, check_baseline
from medkd_core.explanation.score_cam import DEFAULT_DIALECT
from medkd_core.imaging.decoding.pool import DecoderPool
from medkd_core.imaging.frame import Frame
from medkd_core.imaging.study import FoundStudies, Refusal
from medkd_core.serving.messages import LoadModel
from medkd_core.serving.model import OpenModel

_UNUSED = "Mask not used"
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
        str, typer.Option(help=f"What is seen under a mask: {_BASELINES}.")
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
    one = len(paths) == 1 and paths[0].is_file() and paths[0].suffix.lower() != ".zip"
    if not one:
        _refuse_among_films(output, paths)
    opened = OpenModel(LoadModel(model, device))
    every = [entry.name for entry in opened.bundle.manifest.networks]
    wish = Wish(
        networks=tuple(opened.bundle.entry(n).name for n in dict.fromkeys(network or every)),
        class_index=_class_index(opened.bundle, class_name),
        dialect=dialect,
        preview=preview,
        baseline=baseline,
        measure=measure,
    )
    with DecoderPool() as decoders:
        asked = _Asked(opened, wish, decoders, frame, output)
        films = _explain_one(asked, drawn, paths[0]) if one else _explain_many(asked, drawn, paths)
    remark = method_remark(dialect)
    if remark:
        answers.print(remark, soft_wrap=True)
    answers.print(model_line(opened), soft_wrap=True)
    _leave_if_any_failed(films)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is the same for every film."""

    opened: OpenModel
    wish: Wish
    decoders: DecoderPool
    frame: int
    output: Path


def _explain_one(asked: _Asked, drawn: DrawnMasks, file: Path) -> list[Film]:
    refuse_over_film(asked.output, file, asked.wish.networks)
    unused: list[Refusal] = []
    picture = asked.decoders.decode(file, asked.frame)
    picture.result()  # what is no film leaves no page
    with progress_bar("Explaining") as update:
        masks = drawn.chosen({file: file.name}).of(file, asked.decoders, unused)
        film = _explain(asked, file, "", picture, masks, update)
    print_refused(unused, _UNUSED)
    write_overview(asked.output, {"": film})
    for found in film.networks if isinstance(film, ExplainedFilm) else ():
        what = f"{file_stem(found.network)}.png"
        if found.no_map:
            what = "no map: there is nothing to show for this class"
        line = f"{found.label:16} {what} ({found.forwards} passes, {found.seconds:.1f} s)"
        answers.print(line, soft_wrap=True)
    return [film]


def _explain_many(asked: _Asked, drawn: DrawnMasks, paths: list[Path]) -> list[Film]:
    found = search(paths)
    refused = list(found.refused)
    files = _to_explain(found, asked.output, refused)
    print_refused(refused, "Not explained")
    leave_if_nothing(found, paths)
    if not files:
        raise typer.Exit(1)
    films: dict[str, Film] = {}
    try:
        _explain_each(asked, drawn, {file: film_place(file, paths) for file in files}, films)
    finally:
        # Also after Ctrl-C: what was computed until then can be looked at.
        if films:
            write_overview(asked.output, films, len(files) - len(films))
    _print_tables(answered(films.values()))
    answers.print(
        f"{asked.output / 'index.html'} shows every film, maps.csv lists them.", soft_wrap=True
    )
    return [*films.values()]


def _to_explain(found: FoundStudies, output: Path, refused: list[Refusal]) -> list[Path]:
    """The films, without the pictures of an earlier run; what else is not one is refused."""
    files = []
    for instance in (one for study in found.studies for one in study.instances):
        path = instance.path
        if not instance.frames:
            refused.append(Refusal(path, f"it holds no picture: {instance.kind}"))
        elif not path.resolve().is_relative_to(output.resolve()):
            files.append(path)
        elif not (path.parent / DOCUMENT).is_file():
            refused.append(Refusal(path, "it lies in the folder that is written into"))
    return files


def _explain_each(
    asked: _Asked, drawn: DrawnMasks, places: Mapping[Path, str], films: dict[str, Film]
) -> None:
    """Add each film to `films` as soon as it is done, by the folder of its files."""
    unused: list[Refusal] = []
    chosen = drawn.chosen(places)
    with progress_bar("Explaining films") as update:
        for done, (file, folder) in enumerate(film_folders(places).items()):
            update(done, len(places))
            masks = chosen.of(file, asked.decoders, unused)
            picture = asked.decoders.decode(file, asked.frame)
            films[folder] = _explain(asked, file, folder, picture, masks)
            update(done + 1, len(places))
    print_refused(unused, _UNUSED)


def _explain(
    asked: _Asked,
    file: Path,
    folder: str,
    picture: Future[Frame],
    masks: Masks,
    progress: Callable[[int, int], None] | None = None,
) -> Film:
    """One film's files, or why it has none; then those of an earlier run are removed."""
    into = asked.output / folder
    try:
        return explain_into(
            into, asked.opened, asked.wish, file, asked.frame, picture.result(), masks, progress
        )
    except MedKDError as error:
        reason = error.reason
    try:
        remove_answer(into)
    except MedKDError as error:
        reason += f". What is in {into} is of an earlier run: {error.reason}"
    return FailedFilm(file=os.fspath(file), frame=asked.frame, reason=reason)


def _print_tables(films: Sequence[ExplainedFilm]) -> None:
    if films:
        for table in maps_tables(films):
            answers.print(table)
        answers.print("Above are medians.")


def _leave_if_any_failed(films: Sequence[Film]) -> None:
    """Name the films, and the networks of others, that have no map, and end with status 1."""
    failed = [Refusal(Path(film.file), reason) for film in films for reason in _reasons(film)]
    print_refused(failed, "Not explained")
    if failed:
        raise typer.Exit(1)


def _reasons(film: Film) -> list[str]:
    if isinstance(film, FailedFilm):
        return [film.reason]
    return [f"{one.label}: {one.reason}" for one in film.failed]


def _refuse_among_films(output: Path, paths: Sequence[Path]) -> None:
    written = output.resolve()
    if any(path.resolve().is_relative_to(written) for path in paths):
        raise MedKDError(
            "Cannot write into",
            path=output,
            because="the films are in it",
            cure="Name another folder; one below it will do.",
        )


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

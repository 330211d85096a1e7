"""``explain``: where the networks looked, on one film or on folders of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from medkd_core.bundles.read import Bundle
from medkd_core.bundles.schema import file_stem
from medkd_core.cli.console import answers, on_one_line, progress_bar
from medkd_core.cli.explained_files import Wish, explain_into, film_folders, write_overview
from medkd_core.cli.films import (
    FrameOption,
    PathsArgument,
    decode,
    frames,
    leave_if_nothing,
    search,
)
from medkd_core.cli.options import DeviceOption, ModelOption
from medkd_core.cli.wording import model_line, print_refused
from medkd_core.cli.writing import refuse_if_no_folder
from medkd_core.errors import ExplanationError
from medkd_core.evaluation.explained_film import ExplainedFilm
from medkd_core.imaging.study import Refusal
from medkd_core.serving.messages import LoadModel
from medkd_core.serving.model import OpenModel


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
    dialect: Annotated[str, typer.Option(help="Which Score-CAM.")] = "pytorch-grad-cam",
    preview: Annotated[bool, typer.Option(help="At most 32 masked passes a network.")] = False,
    frame: FrameOption = 0,
    device: DeviceOption = "auto",
) -> None:
    """Write where the networks looked.

    One film: a map and a picture for each network, explanation.json, and a page to look at.
    Several films or folders: the same in one folder a film, one page and one table (maps.csv) of
    all; films that are there already are not asked again.
    """
    refuse_if_no_folder(output)
    opened = OpenModel(LoadModel(model, device))
    every = [entry.name for entry in opened.bundle.manifest.networks]
    wish = Wish(
        networks=tuple(opened.bundle.entry(n).name for n in dict.fromkeys(network or every)),
        class_index=_class_index(opened.bundle, class_name),
        dialect=dialect,
        preview=preview,
    )
    if len(paths) == 1 and paths[0].is_file() and paths[0].suffix.lower() != ".zip":
        _explain_one(opened, wish, paths[0], frame, output)
    else:
        _explain_many(opened, wish, paths, frame, output)
    answers.print(model_line(opened), soft_wrap=True)


def _explain_one(opened: OpenModel, wish: Wish, file: Path, frame: int, output: Path) -> None:
    picture = decode(file, frame)
    with progress_bar("Score-CAM") as update:
        film = explain_into(output, opened, wish, file, frame, picture, update)
    write_overview(output, {"": film})
    for found in film.networks:
        what = f"{file_stem(found.network)}.png"
        if found.no_map:
            what = "no map: nothing speaks for this class"
        answers.print(f"{found.label:16} {what} ({found.forwards} passes, {found.seconds:.1f} s)")


def _explain_many(
    opened: OpenModel, wish: Wish, paths: list[Path], frame: int, output: Path
) -> None:
    found = search(paths)
    refused = list(found.refused)
    files = [instance.path for study in found.studies for instance in study.instances]
    folders = film_folders(files, paths)
    films: dict[str, ExplainedFilm] = {}
    with progress_bar("Explaining films") as update:
        for instance, picture in frames(found, refused, frame):
            file, folder = instance.path, folders[instance.path]
            update(files.index(file), len(files))
            try:
                films[folder] = explain_into(output / folder, opened, wish, file, frame, picture)
            except ExplanationError as error:
                refused.append(Refusal.of(file, error))
    if films:
        write_overview(output, films)
        answers.print(_table(films))
        answers.print(f"{output / 'index.html'} shows them, maps.csv lists them.", soft_wrap=True)
    print_refused(refused)
    leave_if_nothing(found, paths)
    if not films:
        raise typer.Exit(1)


def _table(films: dict[str, ExplainedFilm]) -> Table:
    table = Table("Film", "Class", "Network", "Passes", "Other classes", "Channel mean")
    for film in films.values():
        for network in film.networks:
            numbers = (network.other_classes, network.channel_mean)
            shown = ["–" if value is None else f"{value:.2f}" for value in numbers]
            passes = "no map" if network.no_map else str(network.forwards)
            table.add_row(on_one_line(film.file), film.class_name, network.label, passes, *shown)
    return table


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

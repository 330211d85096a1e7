"""``open``, ``render``, ``predict`` and ``explain``: what a reader asks, without torch."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray

from medkd_core import RESEARCH_USE_ONLY
from medkd_core.bundles.read import Bundle
from medkd_core.bundles.schema import file_stem
from medkd_core.cli.console import answers, json_text, progress_bar, write_json
from medkd_core.cli.options import DeviceOption, JsonOption, ModelOption
from medkd_core.cli.wording import (
    map_facts,
    model_facts,
    model_line,
    prediction_row,
    print_prediction,
    print_refused,
    print_studies,
)
from medkd_core.cli.writing import refuse_if_no_folder, write_together
from medkd_core.errors import ExplanationError, MedKDError, UnreadableFileError
from medkd_core.explanation.agreement import agreement
from medkd_core.explanation.colours import burn_in_caption, colourise
from medkd_core.imaging.decoding.pool import DecoderPool
from medkd_core.imaging.display.chain import display_image
from medkd_core.imaging.display.windows import voi_choices
from medkd_core.imaging.frame import Frame, LookupTable, Window
from medkd_core.imaging.preprocessing import view_image
from medkd_core.imaging.study import FoundStudies, Instance, Refusal
from medkd_core.serving.messages import Explain, Explained, LoadModel, Predict
from medkd_core.serving.model import OpenModel

PathsArgument = Annotated[list[Path], typer.Argument(help="Files, folders and ZIP files.")]
FileArgument = Annotated[Path, typer.Argument(help="One film.")]
FrameOption = Annotated[int, typer.Option(min=0, help="Frame of a multi-frame file, from 0.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("open")(open_paths)
    app.command()(render)
    app.command("predict")(predict_paths)
    app.command()(explain)


def open_paths(paths: PathsArgument, json: JsonOption = False) -> None:
    """List studies, series, images and other objects found, and why files are refused."""
    found = _search(paths)
    if json:
        write_json({"research_use_only": RESEARCH_USE_ONLY, **dataclasses.asdict(found)})
    else:
        print_studies(found)
    _leave_if_nothing(found, paths)


def render(
    file: FileArgument,
    output: Annotated[Path, typer.Option("-o", "--output", help="PNG or NPY to write.")],
    frame: FrameOption = 0,
    window: Annotated[str, typer.Option(help="Name of a window; the first when left out.")] = "",
) -> None:
    """Write a film as it is displayed: PNG, or NPY float32 in [0, 1]."""
    if output.suffix.lower() not in {".png", ".npy"}:
        raise MedKDError("Cannot write", path=output, because="its name must end in .png or .npy")
    if output.resolve() == file.resolve():
        raise MedKDError(
            "Cannot write",
            path=output,
            because="it is the film itself",
            cure="Choose another name.",
        )
    picture = _decode(file, frame)
    shown = display_image(picture, _named_window(picture, window, file))
    content: NDArray[np.generic] = shown
    if output.suffix.lower() == ".png":
        shown *= 255
        content = np.rint(shown, out=shown).astype(np.uint8)
    write_together(output.parent, {output.name: content})
    answers.print(
        f"{output}: {shown.shape[1]} x {shown.shape[0]}. {RESEARCH_USE_ONLY}", soft_wrap=True
    )


def predict_paths(
    paths: PathsArgument,
    model: ModelOption = None,
    device: DeviceOption = "auto",
    json: JsonOption = False,
) -> None:
    """Say what the networks think of each image (of its first frame)."""
    opened = OpenModel(LoadModel(model, device))
    found = _search(paths)
    rows: list[dict[str, object]] = []
    refused = list(found.refused)
    for instance, frame in _frames(found, refused):
        request = Predict(frame, instance.modality, instance.body_part)
        prediction = opened.predict(request)
        rows.append(prediction_row(instance, prediction))
        if not json:
            print_prediction(opened.bundle, instance, prediction)
    if json:
        write_json(
            {
                **model_facts(opened),
                "images": rows,
                "refused": [dataclasses.asdict(refusal) for refusal in refused],
            }
        )
    else:
        print_refused(refused)
        answers.print(model_line(opened), soft_wrap=True)
    if not rows and not refused:
        raise _no_film_in(paths)
    if not rows:
        raise typer.Exit(1)


def explain(
    file: FileArgument,
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
    """Write where the networks looked: a map and a picture each, and explanation.json."""
    refuse_if_no_folder(output)
    opened = OpenModel(LoadModel(model, device))
    every = [entry.name for entry in opened.bundle.manifest.networks]
    names = [opened.bundle.entry(name).name for name in dict.fromkeys(network or every)]
    picture = _decode(file, frame)
    class_index = _class_index(opened.bundle, class_name)
    if class_index is None:
        class_index = opened.decision(picture)
    maps = []
    for name in names:
        with progress_bar(f"Score-CAM of {opened.bundle.entry(name).label}") as update:
            request = Explain(picture, name, class_index, dialect, preview)
            maps.append(opened.explain(0, request, progress=update))
    write_together(output, _explanation_files(opened, file, frame, picture, maps, dialect))
    for found in maps:
        label = opened.bundle.entry(found.network).label
        what = (
            "no map: nothing speaks for this class"
            if found.empty
            else f"{file_stem(found.network)}.png"
        )
        answers.print(f"{label:16} {what} ({found.forwards} passes, {found.seconds:.1f} s)")
    answers.print(model_line(opened), soft_wrap=True)


def _search(paths: list[Path]) -> FoundStudies:
    with DecoderPool() as decoders:
        return decoders.search(paths).result()


def _decode(file: Path, frame: int) -> Frame:
    with DecoderPool() as decoders:
        return decoders.decode(file, frame).result()


def _frames(found: FoundStudies, refused: list[Refusal]) -> Iterator[tuple[Instance, Frame]]:
    """First frames of every instance; what cannot be decoded is added to `refused`."""
    with DecoderPool() as decoders:
        for study in found.studies:
            for instance in study.instances:
                try:
                    yield instance, decoders.decode(instance.path, 0).result()
                except UnreadableFileError as error:
                    refused.append(Refusal.of(instance.path, error))


def _named_window(frame: Frame, name: str, file: Path) -> Window | LookupTable | None:
    if not name:
        return None
    choices = dict(voi_choices(frame))
    for known, window in choices.items():
        if known.casefold() == name.casefold():
            return window
    raise MedKDError(
        f"Cannot use window {name} for",
        path=file,
        because=f"it has only {', '.join(choices) or 'none'}",
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


def _explanation_files(
    opened: OpenModel,
    file: Path,
    frame: int,
    picture: Frame,
    maps: list[Explained],
    dialect: str,
) -> dict[str, NDArray[np.generic] | bytes]:
    film = view_image(picture, opened.bundle.manifest.view)
    files: dict[str, NDArray[np.generic] | bytes] = {}
    for found in maps:
        files[f"{file_stem(found.network)}.npy"] = found.overlay
        files[f"{file_stem(found.network)}.png"] = burn_in_caption(colourise(film, found.overlay))
    document = {
        **model_facts(opened),
        "file": str(file),
        "frame": frame,
        "class": opened.bundle.manifest.classes[maps[0].class_index],
        "dialect": dialect,
        "networks": [map_facts(found) for found in maps],
        "agreement_with_first": [
            {
                "network": found.network,
                **dataclasses.asdict(agreement(maps[0].native, found.native)),
            }
            for found in maps[1:]
        ],
    }
    files["explanation.json"] = json_text(document).encode()
    return files


def _leave_if_nothing(found: FoundStudies, paths: list[Path]) -> None:
    if not found.studies and not found.refused:
        raise _no_film_in(paths)
    if not found.studies:
        raise typer.Exit(1)


def _no_film_in(paths: list[Path]) -> MedKDError:
    return MedKDError(
        "Cannot open",
        path=paths[0],
        because="no file is in it",
        cure="Name a folder that holds films; hidden files are left out.",
    )

"""``open``, ``render`` and ``predict``: what a reader asks, without torch."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray

from medkd_core import RESEARCH_USE_ONLY
from medkd_core.cli.console import answers, write_json
from medkd_core.cli.films import (
    FileArgument,
    FrameOption,
    PathsArgument,
    decode,
    frames,
    leave_if_nothing,
    no_film_in,
    search,
)
from medkd_core.cli.options import DeviceOption, JsonOption, ModelOption
from medkd_core.cli.wording import (
    model_facts,
    model_line,
    prediction_row,
    print_prediction,
    print_refused,
    print_studies,
)
from medkd_core.cli.writing import write_together
from medkd_core.errors import MedKDError
from medkd_core.imaging.display.chain import display_image
from medkd_core.imaging.display.windows import voi_choices
from medkd_core.imaging.frame import Frame, LookupTable, Window
from medkd_core.serving.messages import LoadModel, Predict
from medkd_core.serving.model import OpenModel


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("open")(open_paths)
    app.command()(render)
    app.command("predict")(predict_paths)


def open_paths(paths: PathsArgument, json: JsonOption = False) -> None:
    """List studies, series, images and other objects found, and why files are refused."""
    found = search(paths)
    if json:
        write_json({"research_use_only": RESEARCH_USE_ONLY, **dataclasses.asdict(found)})
    else:
        print_studies(found)
    leave_if_nothing(found, paths)


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
    picture = decode(file, frame)
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
    found = search(paths)
    rows: list[dict[str, object]] = []
    refused = list(found.refused)
    instances = (instance for study in found.studies for instance in study.instances)
    for instance, frame in frames(instances, refused):
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
        raise no_film_in(paths)
    if not rows:
        raise typer.Exit(1)


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

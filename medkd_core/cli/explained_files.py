"""The files that ``explain`` leaves: a folder a film, a page and a table of all."""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import io
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medkd_core import RESEARCH_USE_ONLY
from medkd_core.bundles.schema import file_stem
from medkd_core.cli.asked_networks import Wish, ask_networks
from medkd_core.cli.wording import model_facts
from medkd_core.cli.writing import write_together
from medkd_core.evaluation.explained_film import (
    ExplainedFilm,
    ExplainedNetwork,
    FailedNetwork,
    Measured,
)
from medkd_core.evaluation.map_measures import Masks
from medkd_core.evaluation.maps_page import maps_page
from medkd_core.explanation.agreement import agreement
from medkd_core.explanation.cache import code_digest
from medkd_core.explanation.colours import burn_in_caption, colourise
from medkd_core.imaging.frame import Frame
from medkd_core.imaging.preprocessing import view_image
from medkd_core.serving.messages import Explained
from medkd_core.serving.model import OpenModel

Files = dict[str, NDArray[np.generic] | bytes]
_OVERVIEW = ("index.html", "maps.csv")
DOCUMENT, FILM = "explanation.json", "film.png"
_CODE = (
    *("imaging", "networks", "engines", "explanation", "bundles", "evaluation", "serving"),
    *("cli/asked_networks.py", "cli/explained_files.py"),
)
"""What decides a film's maps, pictures and numbers; the page and the table are always made anew."""


def explain_into(
    folder: Path,
    opened: OpenModel,
    wish: Wish,
    file: Path,
    frame: int,
    picture: Frame,
    masks: Masks,
    progress: Callable[[int, int], None] | None = None,
) -> ExplainedFilm:
    """Write one film's maps, pictures and numbers, unless they are there already.

    Parameters
    ----------
    folder : Path
        Made when it is not there.
    masks : Masks
        What was drawn on the film.
    progress : callable, optional
        Called for each network with the masked images finished and their total.

    Returns
    -------
    ExplainedFilm
        With the networks that could not explain it. A film that has such is asked again next time.

    Raises
    ------
    ExplanationError
        No network can explain the film.
    MedKDError
        The folder cannot be written.
    """
    film = view_image(picture, opened.bundle.manifest.view)
    key = _key(opened, wish, frame, film, masks)
    finished = _finished(folder, key)
    if finished is not None:
        return finished
    answers = ask_networks(opened, wish, file, picture, masks, int(key[:8], 16), progress)
    maps = [found for found, _ in answers.maps]
    document = ExplainedFilm.model_validate(
        {
            **model_facts(opened),
            "file": os.fspath(file),
            "frame": frame,
            "class": opened.bundle.manifest.classes[answers.class_index],
            "dialect": wish.dialect,
            "key": key,
            "networks": [_network(opened, *pair) for pair in answers.maps],
            "agreement_with_first": _agreements(maps),
            "failed": answers.failed,
        }
    )
    write_together(folder, _pictures(film, maps) | {DOCUMENT: _as_json(document)})
    _remove_maps(folder, document.failed)
    return document


def film_folders(files: Sequence[Path], asked: Sequence[Path]) -> dict[Path, str]:
    """Where each film's files go, relative to the output folder, with ``/``.

    A film keeps its place below the folder (or ZIP file) that was asked for; of two that would
    share one, the second gets a number.
    """
    folders: dict[Path, str] = {}
    taken = {name.casefold() for name in _OVERVIEW}
    for file in files:
        wanted = name = _below(file, asked)
        number = 2
        while name.casefold() in taken:
            name, number = f"{wanted} ({number})", number + 1
        taken.add(name.casefold())
        folders[file] = name
    return folders


def _below(file: Path, asked: Sequence[Path]) -> str:
    for path in asked:
        if file != path and file.is_relative_to(path):
            return file.relative_to(path).as_posix()
    return file.name


def write_overview(folder: Path, films: Mapping[str, ExplainedFilm]) -> None:
    """Write the page and the table of all films.

    Parameters
    ----------
    films : mapping of folder to ExplainedFilm
        As in `maps_page`.

    Raises
    ------
    MedKDError
        The folder cannot be written.
    """
    page = maps_page(films).encode(errors="replace")
    table = _table(films.values()).encode(errors="backslashreplace")
    write_together(folder, dict(zip(_OVERVIEW, (page, table), strict=True)))


def _key(opened: OpenModel, wish: Wish, frame: int, film: NDArray[np.float32], masks: Masks) -> str:
    said = {
        **dataclasses.asdict(wish),
        "frame": frame,
        "bundle": opened.bundle.digest,
        "device": opened.device,
        "code": code_digest(*_CODE),
        "shape": film.shape,
    }
    digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode())
    digest.update(film.tobytes())
    for name, mask in (("finding", masks.finding), ("lungs", masks.lungs)):
        if mask is not None:
            digest.update(f"{name} {mask.shape}".encode() + mask.tobytes())
    return digest.hexdigest()


def _finished(folder: Path, key: str) -> ExplainedFilm | None:
    """What is there already, if it answers this very question."""
    try:
        document = ExplainedFilm.model_validate_json((folder / DOCUMENT).read_bytes())
        written = {file.name for file in folder.iterdir()}
    except (OSError, ValueError):
        return None
    expected = {FILM, *(name for found in document.networks for name in _names(found.network))}
    complete = expected <= written and not document.failed
    return document if document.key == key and complete else None


def _remove_maps(folder: Path, failed: Sequence[FailedNetwork]) -> None:
    """What an earlier run wrote of them would be taken for this one's."""
    for one in failed:
        for name in _names(one.network):
            (folder / name).unlink(missing_ok=True)


def _names(network: str) -> tuple[str, str]:
    """What a network's map and its picture are called."""
    stem = file_stem(network)
    return f"{stem}.npy", f"{stem}.png"


def _network(
    opened: OpenModel, found: Explained, measures: tuple[Measured, ...]
) -> ExplainedNetwork:
    entry = opened.bundle.entry(found.network)
    return ExplainedNetwork(
        network=found.network,
        label=entry.label,
        role=entry.role,
        no_map=found.empty,
        exact=found.exact,
        forwards=found.forwards,
        seconds=round(found.seconds, 3),
        error=found.error,
        against=None if found.against is None else opened.bundle.manifest.classes[found.against],
        other_classes=found.other_classes,
        channel_mean=found.channel_mean,
        native_map=found.native.tolist(),
        measures=measures,
    )


def _agreements(maps: Sequence[Explained]) -> list[dict[str, object]]:
    """Of each further map with the first; a network without a map has nothing to agree on."""
    first, *others = maps
    return [
        {"network": other.network, **dataclasses.asdict(agreement(first.native, other.native))}
        for other in others
        if not (first.empty or other.empty)
    ]


def _pictures(film: NDArray[np.float32], maps: Sequence[Explained]) -> Files:
    grey = np.broadcast_to(film if film.ndim == 3 else film[..., None], (*film.shape[:2], 3))
    files: Files = {FILM: burn_in_caption(np.rint(grey * 255).astype(np.uint8))}
    for found in maps:
        as_numbers, as_picture = _names(found.network)
        files[as_numbers] = found.overlay
        files[as_picture] = burn_in_caption(colourise(film, found.overlay))
    return files


def _as_json(document: ExplainedFilm) -> bytes:
    return json.dumps(document.model_dump(by_alias=True), indent=2).encode()


def _table(films: Iterable[ExplainedFilm]) -> str:
    rows = []
    for film in films:
        rows += [_table_row(film, network) for network in film.networks]
        rows += [_failed_row(film, network) for network in film.failed]
    text = io.StringIO()
    columns = dict.fromkeys(name for row in rows for name in row)
    writer = csv.DictWriter(text, [*columns, RESEARCH_USE_ONLY], restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _table_row(film: ExplainedFilm, network: ExplainedNetwork) -> dict[str, object]:
    row = _film_cells(film)
    row |= network.model_dump(exclude={"native_map", "measures", "label"})
    for compared in film.agreement_with_first:
        if compared["network"] == network.network:
            row |= {f"{name}_to_first": v for name, v in compared.items() if name != "network"}
    for measured in network.measures:
        row |= {
            measured.name: measured.value,
            f"{measured.name}_random": measured.random,
            f"{measured.name}_centre": measured.centre,
        }
    return row


def _failed_row(film: ExplainedFilm, network: FailedNetwork) -> dict[str, object]:
    return _film_cells(film) | {"network": network.network, "failure": network.reason}


def _film_cells(film: ExplainedFilm) -> dict[str, object]:
    return {"file": film.file, "frame": film.frame, "class": film.class_name}

"""The files that ``explain`` leaves: a folder a film, a page and a table of all."""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import io
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medkd_core import RESEARCH_USE_ONLY
from medkd_core.bundles.schema import file_stem
from medkd_core.cli.wording import model_facts
from medkd_core.cli.writing import write_together
from medkd_core.evaluation.explained_film import ExplainedFilm, ExplainedNetwork, Measured
from medkd_core.evaluation.map_measures import Masks
from medkd_core.evaluation.maps_page import maps_page
from medkd_core.explanation.agreement import agreement
from medkd_core.explanation.cache import code_digest
from medkd_core.explanation.colours import burn_in_caption, colourise
from medkd_core.imaging.frame import Frame
from medkd_core.imaging.preprocessing import view_image
from medkd_core.serving.messages import Explain, Explained
from medkd_core.serving.model import OpenModel

Files = dict[str, NDArray[np.generic] | bytes]
_OVERVIEW = ("index.html", "maps.csv")
DOCUMENT, FILM = "explanation.json", "film.png"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked of every film.

    Attributes
    ----------
    networks : tuple of str
    class_index : int or None
        None: the class that the student decides for.
    dialect : str
        Of Score-CAM, or another method's name.
    preview : bool
    baseline : str or None
        What is seen where pixels are taken away, to measure faithfulness; None does not.
    """

    networks: tuple[str, ...]
    class_index: int | None
    dialect: str
    preview: bool
    baseline: str | None = None


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

    Raises
    ------
    ExplanationError
        A network cannot explain the film.
    MedKDError
        The folder cannot be written.
    """
    film = view_image(picture, opened.bundle.manifest.view)
    key = _key(opened, wish, frame, film, masks)
    finished = _finished(folder, key)
    if finished is not None:
        return finished
    class_index = opened.decision(picture) if wish.class_index is None else wish.class_index
    maps, measures = [], []
    for name in wish.networks:
        request = Explain(picture, name, class_index, wish.dialect, wish.preview)
        maps.append(opened.explain(0, request, progress=progress))
        seed = int(key[:8], 16)
        measures.append(opened.measures(request, masks, baseline=wish.baseline, seed=seed))
    document = ExplainedFilm.model_validate(
        {
            **model_facts(opened),
            "file": os.fspath(file),
            "frame": frame,
            "class": opened.bundle.manifest.classes[class_index],
            "dialect": wish.dialect,
            "key": key,
            "networks": [_network(opened, *pair) for pair in zip(maps, measures, strict=True)],
            "agreement_with_first": [_agreement(maps[0], found) for found in maps[1:]],
        }
    )
    write_together(folder, _pictures(film, maps) | {DOCUMENT: _as_json(document)})
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
        "code": code_digest(),
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
    return document if document.key == key and expected <= written else None


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


def _agreement(first: Explained, other: Explained) -> dict[str, object]:
    found = agreement(first.native, other.native)
    return {"network": other.network, **dataclasses.asdict(found)}


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
    rows = [_table_row(film, network) for film in films for network in film.networks]
    text = io.StringIO()
    columns = dict.fromkeys(name for row in rows for name in row)
    writer = csv.DictWriter(text, [*columns, RESEARCH_USE_ONLY], restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _table_row(film: ExplainedFilm, network: ExplainedNetwork) -> dict[str, object]:
    row: dict[str, object] = {"file": film.file, "frame": film.frame, "class": film.class_name}
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

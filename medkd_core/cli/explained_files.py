"""The files that ``explain`` leaves of each film: maps, pictures and numbers in a folder."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medkd_core.bundles.schema import file_stem
from medkd_core.cli.asked_networks import Wish, ask_networks
from medkd_core.cli.wording import model_facts
from medkd_core.cli.writing import encoded, remove_files, write_together
from medkd_core.errors import MedKDError
from medkd_core.evaluation.explained_film import ExplainedFilm, ExplainedNetwork, Measured
from medkd_core.evaluation.map_measures import Masks
from medkd_core.explanation.agreement import agreement
from medkd_core.explanation.cache import code_digest
from medkd_core.explanation.colours import burn_in_caption, colourise
from medkd_core.imaging.frame import Frame
from medkd_core.imaging.preprocessing import view_image
from medkd_core.serving.messages import Explained
from medkd_core.serving.model import OpenModel

Files = dict[str, NDArray[np.generic] | bytes]
OVERVIEW = ("index.html", "maps.csv")
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
        The folder cannot be written; see `write_together`.
    """
    film = view_image(picture, opened.bundle.manifest.view)
    key = _key(opened, wish, frame, film, masks)
    earlier = _document(folder)
    if earlier is not None and _is_finished(folder, earlier, key):
        return _found_at(file, folder, earlier)
    answers = ask_networks(opened, wish, file, picture, masks, int(key[:8], 16), progress)
    maps = [found for found, _ in answers.maps]
    files = {name: encoded(name, content) for name, content in _pictures(film, maps).items()}
    document = ExplainedFilm.model_validate(
        {
            **model_facts(opened),
            "file": os.fspath(file),
            "frame": frame,
            "class": opened.bundle.manifest.classes[answers.class_index],
            "dialect": wish.dialect,
            "baseline": wish.baseline,
            "key": key,
            "networks": [_network(opened, *pair) for pair in answers.maps],
            "agreement_with_first": _agreements(maps),
            "failed": answers.failed,
            "files": {name: len(content) for name, content in files.items()},
        }
    )
    old = set() if earlier is None else {*_pictures_of(earlier)} - files.keys()
    # The old document goes before the new pictures come, and the new one comes after them: no
    # document ever stands beside another's pictures.
    write_together(folder, files | {DOCUMENT: _as_json(document)}, [*sorted(old), DOCUMENT])
    return document


def remove_answer(folder: Path) -> None:
    """Remove what an earlier run wrote of a film, if there is anything.

    Raises
    ------
    MedKDError
        It cannot be removed.
    """
    earlier = _document(folder)
    if earlier is not None:
        # Last what names the others: a run that is stopped in between can be gone on with.
        remove_files(folder, [*_pictures_of(earlier), DOCUMENT])


def refuse_over_film(folder: Path, film: Path, networks: Iterable[str]) -> None:
    """A film is not written over by its own pictures.

    Raises
    ------
    MedKDError
        It lies in the folder and has the name of something that is written there.
    """
    earlier = _document(folder)
    written = {DOCUMENT, FILM, *OVERVIEW, *(name for one in networks for name in _names(one))}
    written |= set() if earlier is None else {*_pictures_of(earlier)}
    lies_there = film.resolve().parent == folder.resolve()
    if lies_there and film.name.casefold() in {name.casefold() for name in written}:
        raise MedKDError(
            "Cannot write into",
            path=folder,
            because=f"{film.name} of it is the film itself",
            cure="Choose another folder.",
        )


def film_folders(places: Mapping[Path, str]) -> dict[Path, str]:
    """Where each film's files go, relative to the output folder, with ``/``.

    A film keeps its place; of two that would share one, the second gets a number.
    """
    folders: dict[Path, str] = {}
    taken = {name.casefold() for name in OVERVIEW}
    for file, place in places.items():
        name = place
        number = 2
        while name.casefold() in taken:
            name, number = f"{place} ({number})", number + 1
        taken.add(name.casefold())
        folders[file] = name
    return folders


def film_place(file: Path, asked: Sequence[Path]) -> str:
    """A film's path below the folder (or ZIP file) that was asked for, with ``/``."""
    for path in asked:
        if file != path and file.is_relative_to(path):
            return file.relative_to(path).as_posix()
    return file.name


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


def _document(folder: Path) -> ExplainedFilm | None:
    """What an earlier run left there, whole or not."""
    try:
        # Not `model_validate_json`, to which a name that is no Unicode is no JSON.
        return ExplainedFilm.model_validate(json.loads((folder / DOCUMENT).read_bytes()))
    except (OSError, ValueError):
        return None


def _is_finished(folder: Path, document: ExplainedFilm, key: str) -> bool:
    """Whether it answers this very question, and every file is there in its full length."""
    if document.key != key or document.failed:
        return False
    try:
        return all((folder / n).stat().st_size == size for n, size in document.files.items())
    except OSError:
        return False


def _found_at(file: Path, folder: Path, document: ExplainedFilm) -> ExplainedFilm:
    """The document with the film's name of today, there too: films are moved."""
    if document.file == os.fspath(file):
        return document
    today = document.model_copy(update={"file": os.fspath(file)})
    write_together(folder, {DOCUMENT: _as_json(today)})
    return today


def _pictures_of(document: ExplainedFilm) -> list[str]:
    """Names of the film's and of every network's picture and map, none of another folder."""
    names = [FILM, *(name for found in document.networks for name in _names(found.network))]
    return [name for name in names if Path(name).name == name]


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

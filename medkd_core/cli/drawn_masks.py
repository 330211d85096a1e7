"""Masks that somebody drew: pictures in a folder, named as the films they belong to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from medkd_core.errors import MedKDError, UnreadableFileError
from medkd_core.evaluation.map_measures import Masks
from medkd_core.imaging.decoding.pool import DecoderPool
from medkd_core.imaging.study import Refusal

_SUFFIXES = (".png", ".tif", ".tiff", ".jpg", ".jpeg", ".dcm")
_BY_BARE_NAME = 1 + len(_SUFFIXES)
"""Candidates of this rank and above do not go by the film's place."""


@dataclass(frozen=True, slots=True)
class DrawnMasks:
    """Folders of masks.

    Attributes
    ----------
    findings, lungs : Path, optional

    Raises
    ------
    MedKDError
        One of them is no folder.
    """

    findings: Path | None
    lungs: Path | None

    def __post_init__(self) -> None:
        for folder in (self.findings, self.lungs):
            if folder is not None and not folder.is_dir():
                raise MedKDError("Cannot use masks in", path=folder, because="it is no folder")

    def chosen(self, places: Mapping[Path, str]) -> ChosenMasks:
        """Which masks are which film's.

        Parameters
        ----------
        places : mapping of film to its path in the folder that was asked for, with ``/``
        """
        return ChosenMasks(_choose(self.findings, places), _choose(self.lungs, places))


@dataclass(frozen=True, slots=True)
class ChosenMasks:
    """Each film's masks: a file, or why it has none.

    Attributes
    ----------
    findings, lungs : dict of film to Path or Refusal
        Without the films that nothing was drawn on.
    """

    findings: dict[Path, Path | Refusal]
    lungs: dict[Path, Path | Refusal]

    def of(self, film: Path, decoders: DecoderPool, refused: list[Refusal]) -> Masks:
        """The masks of a film; marked is what is brighter than half of a mask's brightest.

        A mask that cannot be used is added to `refused`, and the film goes without it.
        """
        chosen = (self.findings.get(film), self.lungs.get(film))
        return Masks(*(_read(one, decoders, refused) for one in chosen))


def _choose(folder: Path | None, places: Mapping[Path, str]) -> dict[Path, Path | Refusal]:
    """A mask is the film's whose place it has; by its bare name only if it fits no other film."""
    if folder is None:
        return {}
    likeliest: dict[Path, Path] = {}
    fitting: dict[Path, dict[Path, int]] = {}
    for film, place in places.items():
        for rank, mask in enumerate(_candidates(folder, PurePosixPath(place))):
            if mask.is_file():
                likeliest.setdefault(film, mask)
                fitting.setdefault(mask, {}).setdefault(film, rank)
    return {
        film: mask if film == _owner(fitting[mask]) else _shared(film, mask)
        for film, mask in likeliest.items()
    }


def _owner(ranks: Mapping[Path, int]) -> Path | None:
    """The only film, or the only one of the best rank if that goes by its place."""
    best = min(ranks.values())
    likeliest = [film for film, rank in ranks.items() if rank == best]
    sure = len(ranks) == 1 or (len(likeliest) == 1 and best < _BY_BARE_NAME)
    return likeliest[0] if sure else None


def _shared(film: Path, mask: Path) -> Refusal:
    return Refusal(
        film,
        f"the mask {mask} fits other films as well. Lay the masks out in folders as the films are, "
        "under the films' own names",
    )


def _candidates(folder: Path, place: PurePosixPath) -> Iterator[Path]:
    """What a film's mask may be called, likeliest first."""
    for parent in (folder / place.parent, folder):
        yield parent / place.name
        yield from (parent / f"{place.stem}{suffix}" for suffix in _SUFFIXES)


def _read(
    chosen: Path | Refusal | None, decoders: DecoderPool, refused: list[Refusal]
) -> NDArray[np.bool_] | None:
    if isinstance(chosen, Refusal):
        refused.append(chosen)
    if not isinstance(chosen, Path):
        return None
    try:
        stored = decoders.decode(chosen, 0).result().stored
    except UnreadableFileError as error:
        refused.append(Refusal.of(chosen, error))
        return None
    marked = stored if stored.ndim == 2 else stored.max(axis=2)
    return np.asarray(marked > marked.max() / 2)

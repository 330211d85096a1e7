"""Masks that somebody drew: pictures in a folder, named as the films they belong to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medkd_core.errors import MedKDError, UnreadableFileError
from medkd_core.evaluation.map_measures import Masks
from medkd_core.imaging.decoding.pool import DecoderPool
from medkd_core.imaging.study import Refusal

_SUFFIXES = (".png", ".tif", ".tiff", ".jpg", ".jpeg", ".dcm")


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

    def of(self, film: Path, decoders: DecoderPool, refused: list[Refusal]) -> Masks:
        """The masks of a film; marked is what is brighter than half of a mask's brightest.

        A mask that cannot be decoded is added to `refused`, and the film goes without it.
        """
        return Masks(
            *(_read(folder, film, decoders, refused) for folder in (self.findings, self.lungs))
        )


def _read(
    folder: Path | None, film: Path, decoders: DecoderPool, refused: list[Refusal]
) -> NDArray[np.bool_] | None:
    if folder is None:
        return None
    names = [film.name, *(f"{film.stem}{suffix}" for suffix in _SUFFIXES)]
    for path in (folder / name for name in names):
        if path.is_file():
            try:
                stored = decoders.decode(path, 0).result().stored
            except UnreadableFileError as error:
                refused.append(Refusal.of(path, error))
                return None
            marked = stored if stored.ndim == 2 else stored.max(axis=2)
            return np.asarray(marked > marked.max() / 2)
    return None

"""Masks that somebody drew: pictures in a folder, named as the films they belong to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medkd_core.errors import MedKDError
from medkd_core.evaluation.map_measures import Masks
from medkd_core.imaging.decoding.pool import DecoderPool

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

    def of(self, film: Path, decoders: DecoderPool) -> Masks:
        """The masks of a film; marked is what is brighter than half of a mask's brightest.

        Raises
        ------
        UnreadableFileError
            A mask is there and cannot be decoded.
        """
        return Masks(*(_read(folder, film, decoders) for folder in (self.findings, self.lungs)))


def _read(folder: Path | None, film: Path, decoders: DecoderPool) -> NDArray[np.bool_] | None:
    if folder is None:
        return None
    names = [film.name, *(f"{film.stem}{suffix}" for suffix in _SUFFIXES)]
    for path in (folder / name for name in names):
        if path.is_file():
            stored = decoders.decode(path, 0).result().stored
            marked = stored if stored.ndim == 2 else stored.max(axis=2)
            return np.asarray(marked > marked.max() / 2)
    return None

"""Films named on the command line: found, decoded, or missed in a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import typer

from medkd_core.errors import MedKDError, UnreadableFileError
from medkd_core.imaging.decoding.pool import DecoderPool
from medkd_core.imaging.frame import Frame
from medkd_core.imaging.study import FoundStudies, Instance, Refusal

PathsArgument = Annotated[list[Path], typer.Argument(help="Files, folders and ZIP files.")]
FileArgument = Annotated[Path, typer.Argument(help="One film.")]
FrameOption = Annotated[int, typer.Option(min=0, help="Frame of a multi-frame file, from 0.")]


def search(paths: list[Path]) -> FoundStudies:
    """Every study in files, folders and ZIP files, and what was refused."""
    with DecoderPool() as decoders:
        return decoders.search(paths).result()


def decode(file: Path, frame: int) -> Frame:
    """One frame of one file.

    Raises
    ------
    UnreadableFileError
        It cannot be decoded.
    """
    with DecoderPool() as decoders:
        return decoders.decode(file, frame).result()


def frames(
    instances: Iterable[Instance], refused: list[Refusal], number: int = 0
) -> Iterator[tuple[Instance, Frame]]:
    """One frame of each instance; what cannot be decoded is added to `refused`."""
    with DecoderPool() as decoders:
        for instance in instances:
            try:
                yield instance, decoders.decode(instance.path, number).result()
            except UnreadableFileError as error:
                refused.append(Refusal.of(instance.path, error))


def leave_if_nothing(found: FoundStudies, paths: list[Path]) -> None:
    """End the command with status 1 where no film was found.

    Raises
    ------
    MedKDError
        There was no file at all.
    """
    if not found.studies and not found.refused:
        raise no_film_in(paths)
    if not found.studies:
        raise typer.Exit(1)


def no_film_in(paths: list[Path]) -> MedKDError:
    """What is said where a folder holds no file."""
    return MedKDError(
        "Cannot open",
        path=paths[0],
        because="no file is in it",
        cure="Name a folder that holds films; hidden files are left out.",
    )

"""Sentences for the reader, apart from the file that they name: its name often is the patient's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from medkd_core.errors import MedKDError

_HIDDEN = "[name hidden]"


@dataclass(frozen=True, slots=True)
class FileSentence:
    """A sentence with the path of a file in it.

    Attributes
    ----------
    words : str
        With the path, as it is said while the patient is not hidden.
    path : Path
    """

    words: str
    path: Path

    def __str__(self) -> str:
        return self.words


Said = str | FileSentence


def told(error: MedKDError) -> Said:
    """What an error says."""
    return str(error) if error.path is None else FileSentence(str(error), error.path)


def shown(said: Said, *, patient_hidden: bool) -> str:
    """A sentence as it is written: while the patient is hidden, without the path."""
    if patient_hidden and isinstance(said, FileSentence):
        return said.words.replace(str(said.path), _HIDDEN)
    return str(said)

"""Study, series and instance: what a set of files says it holds, without the pixels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self

from medkd_core.errors import MedKDError


@dataclass(frozen=True, slots=True)
class Instance:
    """One file: a picture of one or several frames, or an object without one.

    Attributes
    ----------
    path : Path
    uid : str
        SOP instance UID; for other files the path.
    number : int or None
        Instance number.
    frames, rows, columns : int
        As declared by the header; nothing was decoded yet. 0 when the file holds no picture.
    modality : str
        ``"DX"``, ``"CT"``, ... ; ``"OT"`` for PNG, JPEG and TIFF.
    body_part : str
        As the header gives it, upper case; may be empty.
    view : str
        View position (``"PA"``, ``"AP"``), may be empty.
    laterality : str
    description : str
        A name for a person: image comments, or the file's name.
    orientation : (str, str)
        Where rows run to (right edge) and columns run to (lower edge) in the patient:
        ``("L", "F")``, two letters when oblique; empty when the file does not say.
    frame_rate : float
        Frames a second that the file asks to be shown at; 0 when it does not say.
    kind : str
        SOP class in words: ``"Digital X-Ray Image"``; empty for other files.
    """

    path: Path
    uid: str
    number: int | None
    frames: int
    rows: int
    columns: int
    modality: str
    body_part: str = ""
    view: str = ""
    laterality: str = ""
    description: str = ""
    orientation: tuple[str, str] = ("", "")
    frame_rate: float = 0.0
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """Instances that were acquired together, in reading order."""

    uid: str
    number: int | None
    modality: str
    description: str
    instances: tuple[Instance, ...]


@dataclass(frozen=True, slots=True)
class Study:
    """One examination of one patient.

    Dates are ``YYYYMMDD`` as stored, or empty. A file that is not DICOM becomes a study of its
    own with the file's name as patient name.
    """

    uid: str
    patient_name: str
    patient_id: str
    patient_sex: str
    patient_age: str
    date: str
    description: str
    accession: str
    series: tuple[Series, ...]

    @property
    def instances(self) -> tuple[Instance, ...]:
        """Every instance of every series, in reading order."""
        return tuple(i for s in self.series for i in s.instances)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A file that cannot be shown, and why, as a sentence for the user."""

    path: Path
    reason: str

    @classmethod
    def of(cls, path: Path, error: MedKDError) -> Self:
        """The refusal that an error tells of, with the cure where there is one."""
        return cls(path, error.reason)


@dataclass(frozen=True, slots=True)
class FileList:
    """What a DICOMDIR or a ZIP file holds instead of a picture.

    Attributes
    ----------
    files : tuple of Path
        Files that it lists and that are there; those in a ZIP file by a path that leads into it.
    refused : tuple of Refusal
        Files of which it is known already that they cannot be shown.
    """

    files: tuple[Path, ...]
    refused: tuple[Refusal, ...] = ()


@dataclass(frozen=True, slots=True)
class FoundStudies:
    """What a search through files and folders gave."""

    studies: tuple[Study, ...]
    refused: tuple[Refusal, ...]

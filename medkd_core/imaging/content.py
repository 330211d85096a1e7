"""What a file says about itself: every element as a line, and text where there is no picture."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

from medkd_core.errors import UnreadableFileError
from medkd_core.imaging.reading import reader_of, told_plainly

LARGEST_LINES = 20_000
"""Of a file with more elements the rest is left out, and the last line says so."""

CANNOT_BE_READ = "cannot be read"
"""The value of an element that is damaged; the others are listed all the same."""


@dataclass(frozen=True, slots=True)
class ContentLine:
    """One element of a file.

    Attributes
    ----------
    depth : int
        0 at the top; an item of a sequence lies one deeper than the sequence, its elements two.
    tag : str
        ``"(0010,0010)"``; EXIF tags as ``"0112"``; empty where a format has no tags.
    vr : str
        Value representation; empty where there is none.
    name : str
        For a person: ``"Patient's Name"``.
    keyword : str
        DICOM's keyword, ``"PatientName"``; empty for private and unknown elements.
    value : str
        On one line and shortened; bulk data is named by its size.
    """

    depth: int
    tag: str
    vr: str
    name: str
    keyword: str
    value: str


@dataclass(frozen=True, slots=True)
class FileContent:
    """A file's content for a person.

    Attributes
    ----------
    title : str
        What kind of object it is: ``"Basic Text SR"``, ``"PNG picture"``.
    text : str
        The readable form of an object without pixels, indented by two spaces for each level;
        empty for pictures.
    lines : tuple of ContentLine
        In file order, `LARGEST_LINES` at most.
    """

    title: str
    text: str
    lines: tuple[ContentLine, ...]


def printable_line(text: str) -> str:
    """Text without line breaks, and without marks that reorder or hide what is shown."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def read_content(path: Path | str) -> FileContent:
    """List what a DICOM, PNG, JPEG or TIFF file says about itself; no pixel is decoded.

    An element that is damaged costs its own line, not the others.

    Parameters
    ----------
    path : Path or str

    Raises
    ------
    UnreadableFileError
        The file is missing, not allowed, or of another format.
    """
    path = Path(path)
    # Libraries warn about odd values and repeat them, which may be a patient's.
    with told_plainly(path), warnings.catch_warnings(action="ignore"):
        # pydicom and Pillow are loaded where a file is read, not where its lines are shown.
        import medkd_core.imaging.dicom.content as dicom_content
        import medkd_core.imaging.dicom.reader as dicom_reader
        import medkd_core.imaging.raster.content as raster_content
        import medkd_core.imaging.raster.reader as raster_reader

        reader = reader_of(path)
        if reader is dicom_reader:
            return dicom_content.read_content(path)
        if reader is raster_reader:
            return raster_content.read_content(path)
    raise UnreadableFileError(
        "Cannot read", because="it lists other files and says nothing of itself", path=path
    )

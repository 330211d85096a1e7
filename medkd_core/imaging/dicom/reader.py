"""DICOM files: what a file says it holds, and one of its frames."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from pydicom import Dataset
from pydicom.uid import MediaStorageDirectoryStorage

from medkd_core.imaging.archives import is_file
from medkd_core.imaging.dicom.attributes import (
    is_inverse,
    modality_transform,
    padding_range,
    pixel_spacing,
    voi_transforms,
)
from medkd_core.imaging.dicom.orientation import frame_rate, orientation
from medkd_core.imaging.dicom.pixel_format import PixelFormat, has_picture, pixel_format
from medkd_core.imaging.dicom.pixels import frame_pixels
from medkd_core.imaging.dicom.source import DicomSource, object_kind, open_dicom
from medkd_core.imaging.frame import Frame, Photometric
from medkd_core.imaging.study import FileList, Instance, Series, Study

# pydicom repeats odd values in its warnings; they may be a patient's.
logging.getLogger("pydicom").setLevel(logging.CRITICAL)


def read_frame(path: Path, index: int = 0) -> Frame:
    """Decode one frame of a DICOM file, and only that one.

    Parameters
    ----------
    path : Path
    index : int
        From 0.

    Returns
    -------
    Frame
        Every colour model is RGB.

    Raises
    ------
    UnreadableFileError
        The file holds no picture, or one that is damaged or not supported.
    Exception
        Whatever a decoder raises on damaged bytes; `medkd_core.imaging.reading` tells it plainly.
    """
    with _without_warnings(), open_dicom(path) as source:
        declared = pixel_format(source)
        stored, photometric, bits = frame_pixels(source, declared, index)
        header = source.header
        spacing = pixel_spacing(header, index)
        if photometric is Photometric.RGB:
            return Frame(
                stored, photometric, bits, spacing=spacing, colour_model=declared.photometric
            )
        return Frame(
            stored,
            photometric,
            bits,
            modality=modality_transform(header, index),
            voi=voi_transforms(header, index),
            padding=padding_range(header, stored),
            inverse_presentation=is_inverse(header),
            spacing=spacing,
        )


def read_entry(path: Path) -> Study | FileList:
    """Read a header into a study of one series of one instance; no pixel is decoded.

    An object without a picture (a report, a plan, a waveform) is an instance of no frames. A
    DICOMDIR (PS3.3 F.3) gives the files it lists; names that point out of its folder are left
    out.

    Raises
    ------
    UnreadableFileError
        The file declares a picture that cannot be there, or nothing at all.
    Exception
        Whatever pydicom raises on a damaged header.
    """
    with _without_warnings(), open_dicom(path) as source:
        if _is_directory(source.header):
            return FileList(tuple(_listed_files(source)))
        return _study(source, pixel_format(source) if has_picture(source) else None)


def _is_directory(header: Dataset) -> bool:
    meta = getattr(header, "file_meta", Dataset())
    return bool(meta.get("MediaStorageSOPClassUID") == MediaStorageDirectoryStorage)


def _listed_files(source: DicomSource) -> Iterator[Path]:
    folder = source.path.resolve().parent
    for record in source.header.get("DirectoryRecordSequence") or ():
        name = record.get("ReferencedFileID")
        if name:
            listed = _components(name)
            # Linux gives the names on such discs in small letters.
            files = (folder.joinpath(*listed), folder.joinpath(*map(str.lower, listed)))
            there = (f for f in files if f.resolve().is_relative_to(folder) and is_file(f))
            yield from islice(there, 1)


def _components(file_id: str | list[str]) -> list[str]:
    return [file_id] if isinstance(file_id, str) else [str(part) for part in file_id]


def _study(source: DicomSource, declared: PixelFormat | None) -> Study:
    header = source.header
    instance = _instance(source, declared)
    series = Series(
        uid=_text(header, "SeriesInstanceUID") or str(source.path),
        number=_number(header, "SeriesNumber"),
        modality=instance.modality,
        description=_text(header, "SeriesDescription"),
        instances=(instance,),
    )
    return Study(
        uid=_text(header, "StudyInstanceUID") or str(source.path),
        patient_name=_person(header),
        patient_id=_text(header, "PatientID"),
        patient_sex=_text(header, "PatientSex"),
        patient_age=_text(header, "PatientAge"),
        date=_text(header, "StudyDate"),
        description=_text(header, "StudyDescription"),
        accession=_text(header, "AccessionNumber"),
        series=(series,),
    )


def _instance(source: DicomSource, declared: PixelFormat | None) -> Instance:
    header = source.header
    return Instance(
        path=source.path,
        uid=_text(header, "SOPInstanceUID") or str(source.path),
        number=_number(header, "InstanceNumber"),
        frames=declared.frames if declared else 0,
        rows=declared.rows if declared else 0,
        columns=declared.columns if declared else 0,
        modality=_text(header, "Modality") or "OT",
        body_part=_text(header, "BodyPartExamined").upper(),
        view=_text(header, "ViewPosition").upper(),
        laterality=_text(header, "ImageLaterality") or _text(header, "Laterality"),
        description=_text(header, "ImageComments") or source.path.name,
        orientation=orientation(header),
        frame_rate=frame_rate(header),
        kind=object_kind(header),
    )


def _text(header: Dataset, keyword: str) -> str:
    """A value as one line of text; empty when it is missing or cannot be decoded."""
    try:
        return " ".join(str(header.get(keyword) or "").split())
    except (ValueError, TypeError, LookupError):
        return ""


def _number(header: Dataset, keyword: str) -> int | None:
    try:
        return int(header.get(keyword))
    except (TypeError, ValueError, OverflowError):
        return None


def _person(header: Dataset) -> str:
    """``Family, Given`` out of ``Family^Given^...``, of the first group that is filled.

    The groups are the name in letters, in ideographs and as it is spoken (PS3.5 6.2.1.1).
    """
    groups = (group.split("^")[:2] for group in _text(header, "PatientName").split("="))
    names = (", ".join(part.strip() for part in group if part.strip()) for group in groups)
    return next(filter(None, names), "")


@contextmanager
def _without_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield

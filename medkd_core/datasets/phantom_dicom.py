"""Phantoms as DICOM: digital X-ray studies of patients who do not exist."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    DigitalXRayImageStorageForPresentation,
    ExplicitVRLittleEndian,
    JPEGLSLossless,
    generate_uid,
)

from medkd_core.datasets.phantom import Phantom
from medkd_core.errors import DatasetError

BITS_STORED = 12
DATE, TIME = "20200101", "090000"
MAGNIFICATION = 1.07
"""Of a chest some 12 cm before the detector, at 180 cm from the tube."""

_HIGHEST = (1 << BITS_STORED) - 1
_DARK, _BRIGHT = 600, 3000
"""Stored values of film values 0 and 1: a window can be opened to both sides."""

_WINDOWS = {"NORMAL": (0.5, 1.0), "HARDER": (0.46, 0.62), "SOFTER": (0.5, 1.13)}
"""Centre and width of each window, in film values."""


@dataclass(frozen=True, slots=True)
class FictitiousPatient:
    """A patient whom nobody can take for a real one, at the time of the study.

    Attributes
    ----------
    name, identifier, sex, age : str
        As DICOM writes them.
    date : str
        Of the study, ``YYYYMMDD``.
    """

    name: str = "PHANTOM^ADA"
    identifier: str = "MK-0001"
    sex: Literal["F", "M", "O"] = "O"
    age: str = "042Y"
    date: str = DATE


def write_dicom_study(
    path: Path,
    phantom: Phantom,
    *,
    photometric: Literal["MONOCHROME1", "MONOCHROME2"] = "MONOCHROME2",
    patient: FictitiousPatient | None = None,
    calibrated: bool = False,
    transfer_syntax: str = JPEGLSLossless,
) -> None:
    """Write a study of one digital X-ray image (DICOM PS3.3 A.26), losslessly compressed.

    12 bits are stored in 16, with three windows. UIDs follow from the phantom's seed and class,
    so that the same phantom gives the same file.

    Parameters
    ----------
    path : Path
        The file to write.
    phantom : Phantom
    photometric : {"MONOCHROME2", "MONOCHROME1"}
        Whether high stored values are bright or dark.
    patient : FictitiousPatient, optional
    calibrated : bool, default False
        Give the spacing in the patient (corrected for magnification) besides that at the detector.
    transfer_syntax : str, default JPEG-LS lossless
        UID of a syntax that pydicom can write.

    Raises
    ------
    DatasetError
        When the file cannot be written; nothing is left behind then.
    """
    dataset = Dataset()
    _describe_study(dataset, phantom, patient or FictitiousPatient())
    _describe_acquisition(dataset, phantom, calibrated)
    _add_pixels(dataset, phantom, photometric)
    if transfer_syntax != ExplicitVRLittleEndian:
        dataset.compress(transfer_syntax, generate_instance_uid=False)
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        dataset.save_as(unfinished, enforce_file_format=True)
        unfinished.replace(path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise DatasetError("Cannot write", because=str(error.strerror), path=path) from error


def _uid(phantom: Phantom, level: str) -> str:
    side = phantom.film.shape[0]
    return generate_uid(
        entropy_srcs=["MedKD phantom", level, str(phantom.seed), phantom.label, str(side)]
    )


def _describe_study(dataset: Dataset, phantom: Phantom, patient: FictitiousPatient) -> None:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = DigitalXRayImageStorageForPresentation
    meta.MediaStorageSOPInstanceUID = _uid(phantom, "instance")
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta = meta
    dataset.SOPClassUID = meta.MediaStorageSOPClassUID
    dataset.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    dataset.PatientName = patient.name
    dataset.PatientID = patient.identifier
    dataset.PatientBirthDate = ""
    dataset.PatientSex = patient.sex
    dataset.PatientAge = patient.age
    dataset.PatientComments = "Drawn, not a patient"
    dataset.StudyInstanceUID = _uid(phantom, "study")
    dataset.SeriesInstanceUID = _uid(phantom, "series")
    dataset.StudyDate = dataset.SeriesDate = patient.date
    dataset.AcquisitionDate = dataset.ContentDate = patient.date
    dataset.StudyTime = dataset.SeriesTime = dataset.AcquisitionTime = dataset.ContentTime = TIME
    dataset.StudyID = dataset.AccessionNumber = patient.identifier
    dataset.ReferringPhysicianName = ""
    dataset.StudyDescription = "Chest PA (phantom)"
    dataset.SeriesDescription = "Chest PA"
    dataset.SeriesNumber = dataset.InstanceNumber = 1
    dataset.Modality = "DX"
    dataset.Manufacturer = "MedKD"
    dataset.ManufacturerModelName = "Phantom"
    dataset.ImageComments = f"drawn, not a patient ({phantom.label}, seed {phantom.seed})"


def _describe_acquisition(dataset: Dataset, phantom: Phantom, calibrated: bool) -> None:
    dataset.PresentationIntentType = "FOR PRESENTATION"
    dataset.BodyPartExamined = "CHEST"
    dataset.AnatomicRegionSequence = Sequence([_code("51185008", "SCT", "Thorax")])
    dataset.ViewPosition = "PA"
    dataset.ViewCodeSequence = Sequence([_code("272479007", "SCT", "postero-anterior")])
    dataset.PatientOrientation = ["L", "F"]
    dataset.ImageLaterality = "U"
    dataset.ImageType = ["DERIVED", "PRIMARY", ""]
    dataset.AcquisitionContextSequence = Sequence([])
    dataset.KVP = "120"
    dataset.Exposure = "2"
    dataset.DistanceSourceToDetector = "1800"
    dataset.DetectorType = "SCINTILLATOR"
    dataset.BurnedInAnnotation = "NO"
    dataset.LossyImageCompression = "00"
    spacing = phantom.pixel_spacing * MAGNIFICATION
    dataset.ImagerPixelSpacing = [f"{spacing:.5f}"] * 2
    if calibrated:
        dataset.EstimatedRadiographicMagnificationFactor = f"{MAGNIFICATION}"
        dataset.PixelSpacing = [f"{phantom.pixel_spacing:.5f}"] * 2
        dataset.PixelSpacingCalibrationType = "GEOMETRY"


def _code(value: str, scheme: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def _add_pixels(dataset: Dataset, phantom: Phantom, photometric: str) -> None:
    inverted = photometric == "MONOCHROME1"
    dataset.set_pixel_data(
        _stored(phantom.film, inverted), photometric, BITS_STORED, generate_instance_uid=False
    )
    dataset.PixelIntensityRelationship = "LOG"
    dataset.PixelIntensityRelationshipSign = -1 if inverted else 1
    dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = "0", "1", "US"
    dataset.PresentationLUTShape = "INVERSE" if inverted else "IDENTITY"
    contrast = _BRIGHT - _DARK
    centers = [_DARK + center * contrast for center, _ in _WINDOWS.values()]
    dataset.WindowCenter = [f"{_HIGHEST - c if inverted else c:.0f}" for c in centers]
    dataset.WindowWidth = [f"{width * contrast:.0f}" for _, width in _WINDOWS.values()]
    dataset.WindowCenterWidthExplanation = list(_WINDOWS)


def _stored(film: NDArray[np.float32], inverted: bool) -> NDArray[np.uint16]:
    stored = np.rint(_DARK + film * np.float32(_BRIGHT - _DARK)).astype(np.uint16)
    return np.uint16(_HIGHEST) - stored if inverted else stored

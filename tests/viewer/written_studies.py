"""Studies to lay beside each other, and series to turn, drawn for the tests of the panes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from medkd_core.datasets.phantom_dicom import FictitiousPatient

ADA = FictitiousPatient("PHANTOM^ADA", "MK-0001", "F", "061Y")
BEN = FictitiousPatient("PHANTOM^BEN", "MK-0002", "M", "047Y")


def write_slices(
    folder: Path, patient: FictitiousPatient, date: str, *, slices=6, rows=48, columns=64, series=1
) -> Path:
    """An axial CT series of one file a slice; slice n holds the value 100 * n in its middle."""
    study_uid = generate_uid(entropy_srcs=[patient.identifier, date, "CT"])
    series_uid = generate_uid(entropy_srcs=[study_uid, str(series)])
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(slices):
        dataset = _slice(patient, date, study_uid, series_uid)
        dataset.SeriesNumber, dataset.InstanceNumber = series, number + 1
        _add_disc(dataset, rows, columns, 100 * number)
        uid = generate_uid(entropy_srcs=[series_uid, str(number)])
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = uid
        dataset.save_as(folder / f"{series}-{number:03}.dcm", enforce_file_format=True)
    return folder


def write_loop(path: Path, patient: FictitiousPatient, date: str, *, frames=8, rate=25) -> Path:
    """A file of several frames that asks for a rate."""
    dataset = _slice(patient, date, generate_uid(), generate_uid())
    dataset.SeriesNumber = dataset.InstanceNumber = 1
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID
    dataset.CineRate = rate
    dataset.NumberOfFrames = frames
    _add_disc(dataset, 48, 64, 300)
    one = np.frombuffer(dataset.PixelData, np.int16)
    dataset.PixelData = np.concatenate([one + 50 * n for n in range(frames)]).tobytes()
    dataset.save_as(path, enforce_file_format=True)
    return path


def _slice(patient: FictitiousPatient, date: str, study_uid: str, series_uid: str) -> Dataset:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = CTImageStorage
    dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.PatientName, dataset.PatientID = patient.name, patient.identifier
    dataset.PatientSex, dataset.PatientAge = patient.sex, patient.age
    dataset.StudyDate, dataset.Modality = date, "CT"
    dataset.StudyDescription, dataset.SeriesDescription = "CT chest", "Axial 5 mm"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = study_uid, series_uid
    dataset.BodyPartExamined = "CHEST"
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.PixelSpacing = [0.7, 0.7]
    dataset.RescaleSlope, dataset.RescaleIntercept = 1, -1024
    dataset.WindowCenter, dataset.WindowWidth = -600, 1500
    return dataset


def _add_disc(dataset: Dataset, rows: int, columns: int, value: int) -> None:
    down, across = np.mgrid[:rows, :columns]
    radius = np.hypot((down - rows / 2) / rows, (across - columns / 2) / columns)
    stored = np.where(radius < 0.42, 900, 24).astype(np.int16)
    stored[radius < 0.1] = value
    dataset.Rows, dataset.Columns, dataset.SamplesPerPixel = rows, columns, 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 16, 15
    dataset.PixelRepresentation = 1
    dataset.PixelData = stored.tobytes()

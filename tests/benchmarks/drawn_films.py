"""Films that the viewer's benchmark draws for itself."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    DigitalXRayImageStorageForPresentation,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    generate_uid,
)

from medkd_core.datasets.phantom import draw_phantom

SIDE = 3000
SYNTAXES = {
    "native": ExplicitVRLittleEndian,
    "JPEG 2000": JPEG2000Lossless,
    "JPEG-LS": JPEGLSLossless,
}


def large_film(seed: int = 1) -> NDArray[np.uint16]:
    """A drawn chest with the noise of a real detector, (3000, 3000), 14 bits in 16."""
    chest = cv2.resize(draw_phantom(seed, "Normal", side=512).film, (SIDE, SIDE))
    noise = np.random.default_rng(seed).normal(0, 40, chest.shape)
    return np.clip(chest * 14_000 + 1_000 + noise, 0, 16_383).astype(np.uint16)


def write_film(path: Path, stored: NDArray[np.uint16], number: int, syntax: str = "native") -> None:
    """A DICOM file of a study of its own."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = DigitalXRayImageStorageForPresentation
    meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=["MedKD benchmark", str(number)])
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    film = Dataset()
    film.file_meta = meta
    film.SOPClassUID, film.SOPInstanceUID = (
        meta.MediaStorageSOPClassUID,
        meta.MediaStorageSOPInstanceUID,
    )
    film.StudyInstanceUID = film.SeriesInstanceUID = meta.MediaStorageSOPInstanceUID
    film.PatientName, film.PatientID = f"DRAWN^NUMBER {number}", f"MK-{number:05}"
    film.StudyDate, film.Modality, film.BodyPartExamined = "20200101", "DX", "CHEST"
    film.ViewPosition, film.PhotometricInterpretation = "PA", "MONOCHROME2"
    film.Rows, film.Columns = stored.shape
    film.SamplesPerPixel, film.BitsAllocated, film.BitsStored, film.HighBit = 1, 16, 14, 13
    film.PixelRepresentation, film.WindowCenter, film.WindowWidth = 0, 8000, 14000
    film.PixelData = stored.tobytes()
    film["PixelData"].VR = "OW"
    if syntax != "native":
        film.compress(SYNTAXES[syntax], generate_instance_uid=False)
    film.save_as(path, enforce_file_format=True)


def write_large_films(folder: Path, syntax: str, count: int) -> list[Path]:
    """`count` studies of one large film each, alike but for their names."""
    folder.mkdir(parents=True)
    stored = large_film()
    paths = [folder / f"film {number}.dcm" for number in range(1, count + 1)]
    for number, path in enumerate(paths, start=1):
        write_film(path, stored, number, syntax)
    return paths


def write_small_films(folder: Path, count: int) -> None:
    """`count` studies of one film of 64 x 64 pixels each."""
    folder.mkdir(parents=True)
    stored = np.ascontiguousarray(cv2.resize(large_film(), (64, 64), interpolation=cv2.INTER_AREA))
    for number in range(1, count + 1):
        write_film(folder / f"film {number:05}.dcm", stored, number)

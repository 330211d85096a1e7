"""Small drawn DICOM files, and the shared real ones where they are at hand."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import gdcm
import numpy as np
import pytest
from pydicom import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

SHARED_DICOM = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "dicom"

DrawDicom = Callable[..., Path]

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def shared_dicom() -> Path:
    if not SHARED_DICOM.is_dir():
        pytest.skip("the shared DICOM files are not here")
    return SHARED_DICOM


@pytest.fixture
def draw_dicom(tmp_path: Path) -> DrawDicom:
    """A function that writes pixels into a DICOM file, further attributes by keyword."""

    def draw(
        pixels: np.ndarray,
        name: str = "film.dcm",
        syntax: UID = ExplicitVRLittleEndian,
        **attributes: object,
    ) -> Path:
        header = _header(pixels)
        for keyword, value in attributes.items():
            if value is None:
                delattr(header, keyword)
            else:
                setattr(header, keyword, value)
        header.file_meta.TransferSyntaxUID = syntax
        stored = pixels if syntax.is_little_endian else pixels.byteswap()
        header.PixelData = stored.tobytes() + b"\0" * (pixels.nbytes % 2)
        header["PixelData"].VR = "OB" if pixels.dtype.itemsize == 1 else "OW"
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        header.save_as(path, enforce_file_format=True)
        return path

    return draw


@pytest.fixture
def to_lossless_jpeg() -> Callable[..., None]:
    """A function that compresses a file's pixels where it is."""

    def compress(path: Path, process: str = "JPEGLosslessProcess14_1") -> None:
        reader = gdcm.ImageReader()
        reader.SetFileName(str(path))
        assert reader.Read()
        change = gdcm.ImageChangeTransferSyntax()
        change.SetTransferSyntax(gdcm.TransferSyntax(getattr(gdcm.TransferSyntax, process)))
        change.SetInput(reader.GetImage())
        assert change.Change()
        writer = gdcm.ImageWriter()
        writer.SetFile(reader.GetFile())
        writer.SetImage(change.GetOutput())
        writer.SetFileName(str(path))
        assert writer.Write()

    return compress


def _header(pixels: np.ndarray) -> Dataset:
    header = Dataset()
    header.file_meta = FileMetaDataset()
    header.SOPClassUID = "1.2.840.10008.5.1.4.1.1.1.1"
    header.SOPInstanceUID = generate_uid()
    header.StudyInstanceUID = generate_uid()
    header.SeriesInstanceUID = generate_uid()
    header.Modality = "DX"
    header.PatientName = "Phantom^Drawn"
    colour = pixels.ndim >= 3 and pixels.shape[-1] == 3
    header.SamplesPerPixel = 3 if colour else 1
    header.PhotometricInterpretation = "RGB" if colour else "MONOCHROME2"
    if colour:
        header.PlanarConfiguration = 0
    frame = pixels if pixels.ndim == (3 if colour else 2) else pixels[0]
    header.Rows, header.Columns = frame.shape[:2]
    if frame is not pixels:
        header.NumberOfFrames = len(pixels)
    header.BitsAllocated = 8 * pixels.dtype.itemsize
    header.BitsStored = header.BitsAllocated
    header.HighBit = header.BitsStored - 1
    header.PixelRepresentation = int(pixels.dtype.kind == "i")
    return header

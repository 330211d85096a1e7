from __future__ import annotations

import csv
import re
from pathlib import Path

import highdicom
import numpy as np
import pytest

from medkd_core.errors import UnreadableFileError
from medkd_core.imaging.decoding.pool import DecoderPool
from medkd_core.imaging.display.chain import display_image
from medkd_core.imaging.frame import Frame, Photometric
from medkd_core.imaging.reading import read_frame
from medkd_core.imaging.searching import find_studies

READ_HERE_BUT_NOT_BY_THE_REFERENCE = {
    "malformed/1.2.840.10008.1.2.dcm",
    "malformed/MultiframeWindowing.dcm",
    "malformed/PrivateMDNTags.dcm",
    "malformed/multiframe.dcm",
    "mono/CTImage.dcm_JPEGProcess10_12TransferSyntax_1.2.840.10008.1.2.4.55.dcm",
    "mono/JPEG-lossy.dcm",
    "mono/MR4_JPLY",
    "multiframe/liver_deflate.dcm",
    "multiframe/liver_rle.dcm",
    "radiograph_other/RG2_JPLY.dcm",
    "radiograph_other/RG3_JPLY",
    "radiograph_other/XA1_JPLY",
}


def outcome(pool: DecoderPool, path: Path) -> Frame | str:
    try:
        return pool.decode(path).result()
    except UnreadableFileError as error:
        return error.because


def is_as_the_reference(frame: Frame, reference: str) -> bool:
    shape, kind = re.fullmatch(r"ok ([\dx]+) (\S+)", reference).groups()  # type: ignore[union-attr]
    declared = tuple(int(side) for side in shape.split("x"))
    shown = frame.stored.shape
    if frame.photometric is Photometric.RGB:  # palettes are looked up here, 32 bits reduced
        return shown[:2] in (declared[:2], declared[1:3], declared[-2:])
    same_kind = frame.stored.dtype == np.dtype(kind).newbyteorder("=")
    return same_kind and shown == declared[-2:]


@pytest.mark.slow
def test_every_file_is_shown_or_refused_for_a_reason(shared_dicom: Path) -> None:
    with (shared_dicom / "manifest.csv").open() as file:
        rows = list(csv.DictReader(file))
    surprises = {}
    with DecoderPool() as pool:
        for row in rows:
            result = outcome(pool, shared_dicom / row["path"])
            reference = row["reference_decode"]
            if isinstance(result, str):
                expected = not reference.startswith("ok")
            elif reference.startswith("ok"):
                expected = is_as_the_reference(result, reference)
            else:
                expected = row["path"] in READ_HERE_BUT_NOT_BY_THE_REFERENCE
            if not expected or "ends the program" in str(result):
                surprises[row["path"]] = (reference, result)
    assert not surprises


@pytest.mark.slow
@pytest.mark.parametrize(
    "names",
    [
        ["mono/MR4_UNC", "mono/MR4_RLE", "mono/MR4_JPLL", "mono/MR4_JLSL"],
        ["radiograph_other/XA1_JPLL", "radiograph_other/XA1_RLE", "radiograph_other/XA1_J2KR"],
        ["colour/gdcm-US-ALOKA-16.dcm", "colour/gdcm-US-ALOKA-16_big.dcm"],
        ["mono/MR_small.dcm", "mono/MR_small_bigendian.dcm", "mono/MR_small_jp2klossless.dcm"],
    ],
)
def test_lossless_encodings_of_one_picture_are_identical(
    shared_dicom: Path, names: list[str]
) -> None:
    first, *others = (read_frame(shared_dicom / name).stored for name in names)
    for other in others:
        np.testing.assert_array_equal(other, first)


def test_12_bit_jpeg_is_close_to_the_lossless_film(shared_dicom: Path) -> None:
    lossy = read_frame(shared_dicom / "radiograph_other" / "RG3_JPLY").stored.astype(int)
    lossless = read_frame(shared_dicom / "radiograph_other" / "RG3_JPLL").stored
    assert np.abs(lossy - lossless).mean() < 3


@pytest.mark.slow
def test_chest_films_are_shown_as_highdicom_shows_them(shared_dicom: Path) -> None:
    for path in sorted((shared_dicom / "chest_radiograph").iterdir()):
        frame = read_frame(path)
        if not frame.voi:
            continue
        theirs = highdicom.imread(path).get_frame(
            1, apply_real_world_transform=False, apply_voi_transform=True
        )
        np.testing.assert_allclose(display_image(frame), theirs, atol=1e-6, err_msg=path.name)


def test_chest_films_are_found_as_studies(shared_dicom: Path) -> None:
    found = find_studies([shared_dicom / "chest_radiograph"])
    assert sum(len(study.instances) for study in found.studies) == 5
    assert not found.refused


def test_dicomdir_lists_the_films_beside_it(shared_dicom: Path) -> None:
    found = find_studies([shared_dicom / "dicomdir" / "pydicom_set" / "DICOMDIR"])
    assert sum(len(study.instances) for study in found.studies) == 31
    assert not found.refused

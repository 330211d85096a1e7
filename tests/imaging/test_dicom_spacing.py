"""How large a pixel is, and what shape it has, as headers say it or fail to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from medkd_core.imaging.frame import Spacing, SpacingBasis
from medkd_core.imaging.reading import read_frame

DrawDicom = Callable[..., Path]
FILM = np.arange(108, dtype=np.uint16).reshape(12, 9)


@pytest.mark.parametrize(
    ("attributes", "basis"),
    [
        ({"Modality": "CT", "PixelSpacing": [1, 1]}, SpacingBasis.CALIBRATED),
        ({"ImagerPixelSpacing": [1, 1]}, SpacingBasis.AT_DETECTOR),
        ({"PixelSpacing": [1, 1], "ImagerPixelSpacing": [1, 1]}, SpacingBasis.AT_DETECTOR),
        ({"PixelSpacing": [1, 1], "ImagerPixelSpacing": [2, 2]}, SpacingBasis.CALIBRATED),
        ({"PixelSpacing": [1, 1]}, SpacingBasis.UNKNOWN),
        (
            {"PixelSpacing": [1, 1], "PixelSpacingCalibrationType": "FIDUCIAL"},
            SpacingBasis.CALIBRATED,
        ),
    ],
)
def test_spacing_says_how_it_is_known(
    draw_dicom: DrawDicom, attributes: dict[str, object], basis: SpacingBasis
) -> None:
    spacing = read_frame(draw_dicom(FILM, **attributes)).spacing
    assert spacing is not None
    assert spacing.basis is basis


@pytest.mark.parametrize("modality", ["OT", "SC", "XC", "", "DX", "CR", "RTIMAGE", "HC"])
def test_spacing_that_nobody_calibrated_is_not_called_calibrated(
    draw_dicom: DrawDicom, modality: str
) -> None:
    bare = read_frame(draw_dicom(FILM, Modality=modality, PixelSpacing=[1, 1])).spacing
    assert bare is not None
    assert bare.basis is SpacingBasis.UNKNOWN
    told = draw_dicom(
        FILM, Modality=modality, PixelSpacing=[1, 1], PixelSpacingCalibrationType="GEOMETRY"
    )
    known = read_frame(told).spacing
    assert known is not None
    assert known.basis is SpacingBasis.CALIBRATED


@pytest.mark.parametrize("modality", ["CT", "MR", "PT", "NM"])
def test_spacing_in_the_space_of_the_patient_needs_no_calibration(
    draw_dicom: DrawDicom, modality: str
) -> None:
    spacing = read_frame(draw_dicom(FILM, Modality=modality, PixelSpacing=[1, 1])).spacing
    assert spacing is not None
    assert spacing.basis is SpacingBasis.CALIBRATED


def test_spacing_of_zero_is_no_spacing(draw_dicom: DrawDicom) -> None:
    assert read_frame(draw_dicom(FILM, PixelSpacing=[0, 0])).spacing is None


def test_pixel_aspect_ratio_gives_the_shape_of_a_pixel_and_no_millimetres(
    draw_dicom: DrawDicom,
) -> None:
    spacing = read_frame(draw_dicom(FILM, PixelAspectRatio=[536, 670])).spacing
    assert spacing == Spacing(536 / 670, 1.0, SpacingBasis.UNKNOWN, is_shape_only=True)


def test_colours_have_the_shape_of_their_pixels_too(draw_dicom: DrawDicom) -> None:
    colours = np.zeros((12, 9, 3), np.uint8)
    spacing = read_frame(draw_dicom(colours, PixelAspectRatio=[3, 2])).spacing
    assert spacing == Spacing(1.5, 1.0, SpacingBasis.UNKNOWN, is_shape_only=True)


@pytest.mark.parametrize("keyword", ["PixelSpacing", "ImagerPixelSpacing"])
def test_spacing_counts_before_the_pixel_aspect_ratio(draw_dicom: DrawDicom, keyword: str) -> None:
    spacing = read_frame(draw_dicom(FILM, PixelAspectRatio=[2, 1], **{keyword: [0.4, 0.5]})).spacing
    assert spacing is not None
    assert (spacing.row_mm, spacing.column_mm, spacing.is_shape_only) == (0.4, 0.5, False)


def test_pixel_aspect_ratio_counts_beside_a_spacing_that_cannot_be(draw_dicom: DrawDicom) -> None:
    path = draw_dicom(FILM, PixelAspectRatio=[2, 1], PixelSpacing=[0, 0])
    assert read_frame(path).spacing == Spacing(2.0, 1.0, SpacingBasis.UNKNOWN, is_shape_only=True)


SQUARE = ("1\\1", "640\\640")
LIES = ("0\\1", "1\\0", "-4\\3", "-4\\-3", "1\\4000", "4000\\1", "1e400\\1", "nan\\1")
NO_PAIRS = ("", "4", "4\\3\\2", "4:3", "wide\\high")


@pytest.mark.parametrize("written", [*SQUARE, *LIES, *NO_PAIRS])
def test_pixels_are_square_whatever_nonsense_the_aspect_ratio_says(
    draw_dicom: DrawDicom, written: str
) -> None:
    path = draw_dicom(FILM, PixelAspectRatio=[1111, 2222])
    content = path.read_bytes()
    assert content.count(b"1111\\2222 ") == 1
    path.write_bytes(content.replace(b"1111\\2222 ", written.encode().ljust(10)))
    frame = read_frame(path)
    assert frame.spacing is None
    np.testing.assert_array_equal(frame.stored, FILM)


def test_real_film_of_oblong_pixels_is_known_as_such(shared_dicom: Path) -> None:
    spacing = read_frame(shared_dicom / "multiframe" / "Issue16.dcm").spacing
    assert spacing is not None
    assert spacing.row_mm / spacing.column_mm == pytest.approx(536 / 670)
    assert spacing.is_shape_only

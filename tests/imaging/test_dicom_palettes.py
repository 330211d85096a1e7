"""Palette colours in every way that DICOM writes palettes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.uid import ExplicitVRBigEndian

from medkd_core.imaging.frame import Photometric
from medkd_core.imaging.reading import read_frame

DrawDicom = Callable[..., Path]
RANDOM = np.random.default_rng(17)
RED = np.array([0, 100, 200, 255])


@pytest.mark.parametrize(
    ("descriptor", "data", "first", "bits", "scale"),
    [
        ([4, 0, 8], RED.astype("u1"), 0, 8, 1),
        ([4, 0, 8], RED.astype("<u2"), 0, 8, 1),
        ([4, 0, 16], RED.astype("<u2"), 0, 8, 1),
        ([4, 0, 16], (RED * 257).astype("<u2"), 0, 16, 257),
        ([4, 3, 16], (RED * 257).astype("<u2"), 3, 16, 257),
    ],
    ids=["bytes", "bytes in words", "said to be words", "words", "from the fourth value on"],
)
def test_palettes_are_as_bright_as_they_were_made(
    draw_dicom: DrawDicom,
    descriptor: list[int],
    data: NDArray[np.generic],
    first: int,
    bits: int,
    scale: int,
) -> None:
    index = RANDOM.integers(0, 4, (8, 8)).astype(np.uint8)
    tables = {
        f"{colour}PaletteColorLookupTable{part}": value
        for colour in ("Red", "Green", "Blue")
        for part, value in (("Descriptor", descriptor), ("Data", data.tobytes()))
    }
    path = draw_dicom(index + first, PhotometricInterpretation="PALETTE COLOR", **tables)
    frame = read_frame(path)
    assert (frame.photometric, frame.bits_stored) == (Photometric.RGB, bits)
    np.testing.assert_array_equal(frame.stored[..., 0], RED[index] * scale)


def test_palette_of_a_big_endian_file_is_read(draw_dicom: DrawDicom) -> None:
    index = RANDOM.integers(0, 4, (8, 8)).astype(np.uint8)
    tables = {
        f"{colour}PaletteColorLookupTable{part}": value
        for colour in ("Red", "Green", "Blue")
        for part, value in (("Descriptor", [4, 0, 16]), ("Data", RED.astype(">u2").tobytes()))
    }
    path = draw_dicom(
        index, syntax=ExplicitVRBigEndian, PhotometricInterpretation="PALETTE COLOR", **tables
    )
    frame = read_frame(path)
    assert frame.bits_stored == 8
    np.testing.assert_array_equal(frame.stored[..., 1], RED[index])


def test_segmented_palette_is_drawn_out(draw_dicom: DrawDicom) -> None:
    index = RANDOM.integers(0, 256, (8, 8)).astype(np.uint8)
    ramp = np.array([0, 1, 0, 1, 255, 65535], "<u2").tobytes()
    tables = {
        name: value
        for colour in ("Red", "Green", "Blue")
        for name, value in (
            (f"{colour}PaletteColorLookupTableDescriptor", [256, 0, 16]),
            (f"Segmented{colour}PaletteColorLookupTableData", ramp),
        )
    }
    path = draw_dicom(index, PhotometricInterpretation="PALETTE COLOR", **tables)
    np.testing.assert_allclose(read_frame(path).stored[..., 2], index * 257.0, atol=1)

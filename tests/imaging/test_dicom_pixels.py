"""Pixels without compression in every way that DICOM stores them, against what was drawn."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from drawn_pixels import noise
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
)

from medkd_core.errors import UnreadableFileError
from medkd_core.imaging.reading import read_frame

DrawDicom = Callable[..., Path]
NATIVE = (
    ImplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    DeflatedExplicitVRLittleEndian,
)


@pytest.mark.parametrize("syntax", NATIVE, ids=lambda syntax: syntax.keyword)
@pytest.mark.parametrize("kind", ["u1", "i1", "u2", "i2", "u4", "i4"])
def test_every_native_encoding_keeps_every_kind_of_pixel(
    draw_dicom: DrawDicom, syntax: UID, kind: str
) -> None:
    pixels = noise(kind, 8 * np.dtype(kind).itemsize, (7, 9))
    stored = read_frame(draw_dicom(pixels, syntax=syntax)).stored
    assert stored.dtype == kind
    np.testing.assert_array_equal(stored, pixels)


@pytest.mark.parametrize("signed", [0, 1])
@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ExplicitVRBigEndian, RLELossless])
@pytest.mark.parametrize(("allocated", "bits", "high"), [(16, 12, 11), (16, 12, 15), (16, 9, 12)])
def test_bits_beside_the_stored_ones_are_no_part_of_a_pixel(
    draw_dicom: DrawDicom, allocated: int, bits: int, high: int, syntax: UID, signed: int
) -> None:
    words = noise("u2", allocated)
    native = ExplicitVRLittleEndian if syntax is RLELossless else syntax
    path = draw_dicom(
        words, syntax=native, BitsStored=bits, HighBit=high, PixelRepresentation=signed
    )
    if syntax is RLELossless:
        header = dcmread(path)
        header.compress(RLELossless, encoding_plugin="pydicom")
        header.save_as(path)
    expected = (words.astype(int) >> (high + 1 - bits)) & (2**bits - 1)
    if signed:
        expected = np.where(expected >= 2 ** (bits - 1), expected - 2**bits, expected)
    np.testing.assert_array_equal(read_frame(path).stored, expected)


def packed_12_bits(pixels: NDArray[np.generic]) -> bytes:
    bits = pixels.reshape(-1, 1) >> np.arange(12) & 1
    return np.packbits(bits.astype(np.uint8), bitorder="little").tobytes()


@pytest.mark.parametrize("shape", [(6, 8), (5, 7)])
@pytest.mark.parametrize("kind", ["u2", "i2"])
def test_12_bits_without_a_gap_are_read(
    draw_dicom: DrawDicom, kind: str, shape: tuple[int, int]
) -> None:
    pixels = np.stack([noise(kind, 12, shape) for _ in range(3)])
    path = draw_dicom(pixels, BitsAllocated=12, BitsStored=12, HighBit=11)
    header = dcmread(path)
    packed = packed_12_bits(pixels)
    header.PixelData = packed + b"\0" * (len(packed) % 2)
    header.save_as(path)
    for index in (2, 0, 1):
        np.testing.assert_array_equal(read_frame(path, index).stored, pixels[index])
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(UnreadableFileError, match="cut short"):
        read_frame(path)


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless, JPEG2000Lossless])
def test_12_bits_said_to_be_without_a_gap_are_read_from_compression(
    draw_dicom: DrawDicom, syntax: UID
) -> None:
    pixels = noise("u2", 12)
    path = draw_dicom(pixels, BitsStored=12, HighBit=11)
    header = dcmread(path)
    header.compress(syntax)
    header.BitsAllocated = 12
    header.save_as(path)
    np.testing.assert_array_equal(read_frame(path).stored, pixels)


def test_12_bits_without_a_gap_in_swapped_words_are_refused(draw_dicom: DrawDicom) -> None:
    path = draw_dicom(
        noise("u2", 12), syntax=ExplicitVRBigEndian, BitsAllocated=12, BitsStored=12, HighBit=11
    )
    with pytest.raises(UnreadableFileError, match="big endian"):
        read_frame(path)


@pytest.mark.parametrize("high", [0, 7, 99])
def test_high_bit_that_cannot_be_is_taken_to_be_the_highest_stored(
    draw_dicom: DrawDicom, high: int
) -> None:
    pixels = noise("u2", 12)
    path = draw_dicom(pixels, BitsStored=12, HighBit=high)
    np.testing.assert_array_equal(read_frame(path).stored, pixels)

"""Pixels in every compression of DICOM, drawn here, against what was drawn."""

from __future__ import annotations

import shutil
import subprocess
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from drawn_pixels import noise
from numpy.typing import NDArray
from PIL import Image
from pydicom import dcmread
from pydicom.encaps import encapsulate, encapsulate_extended, generate_frames
from pydicom.uid import (
    UID,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLSLossless,
    RLELossless,
)

from medkd_core.errors import UnreadableFileError
from medkd_core.imaging.reading import read_frame

DrawDicom = Callable[..., Path]
DEFLATED = b"1.2.840.10008.1.2.8.1\0"
SMOOTH = np.add.outer(np.arange(32) * 4, np.arange(40) * 3).astype(np.uint8)
COLOURS = np.stack([SMOOTH, SMOOTH[::-1], 255 - SMOOTH], -1)


def with_pixels(path: Path, pixels: bytes, syntax: UID, **attributes: object) -> Path:
    """Replace a drawn file's pixels by compressed ones."""
    header = dcmread(path)
    header.PixelData = pixels
    header["PixelData"].VR = "OB"
    header["PixelData"].is_undefined_length = True
    header.file_meta.TransferSyntaxUID = syntax
    for keyword, value in attributes.items():
        setattr(header, keyword, value)
    header.save_as(path)
    return path


def jpeg(pixels: NDArray[np.uint8], quality: int = 95, **options: object) -> bytes:
    stream = BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=quality, **options)
    return stream.getvalue()


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless, JPEG2000Lossless])
@pytest.mark.parametrize(
    ("kind", "bits"), [("u1", 8), ("u1", 6), ("i1", 8), ("u2", 16), ("u2", 12), ("i2", 12)]
)
def test_lossless_compression_keeps_every_pixel(
    draw_dicom: DrawDicom, syntax: UID, kind: str, bits: int
) -> None:
    pixels = noise(kind, bits)
    path = draw_dicom(pixels, BitsStored=bits, HighBit=bits - 1)
    header = dcmread(path)
    header.compress(syntax)
    header.save_as(path)
    np.testing.assert_array_equal(read_frame(path).stored, pixels)


@pytest.mark.parametrize("process", ["JPEGLosslessProcess14", "JPEGLosslessProcess14_1"])
@pytest.mark.parametrize(("kind", "bits"), [("u1", 8), ("u2", 12), ("u2", 16), ("i2", 16)])
def test_lossless_jpeg_keeps_every_pixel(
    draw_dicom: DrawDicom,
    to_lossless_jpeg: Callable[[Path, str], None],
    process: str,
    kind: str,
    bits: int,
) -> None:
    pixels = noise(kind, bits)
    path = draw_dicom(pixels, BitsStored=bits, HighBit=bits - 1)
    to_lossless_jpeg(path, process)
    np.testing.assert_array_equal(read_frame(path).stored, pixels)


@pytest.mark.parametrize(
    ("fragments", "table"), [(1, "basic"), (1, "none"), (3, "basic"), (3, "none"), (1, "extended")]
)
def test_frames_are_found_by_every_table_of_offsets(
    draw_dicom: DrawDicom, fragments: int, table: str
) -> None:
    pixels = np.stack([noise("u2", 12) for _ in range(3)])
    path = draw_dicom(pixels, BitsStored=12, HighBit=11)
    header = dcmread(path)
    header.compress(JPEGLSLossless, generate_instance_uid=False)
    frames = list(generate_frames(header.PixelData, number_of_frames=3))
    if table == "extended":
        header.PixelData, offsets, lengths = encapsulate_extended(frames)
        header.ExtendedOffsetTable, header.ExtendedOffsetTableLengths = offsets, lengths
    else:
        has_table = table == "basic"
        header.PixelData = encapsulate(frames, fragments_per_frame=fragments, has_bot=has_table)
    header.save_as(path)
    for index in (2, 0, 1):
        np.testing.assert_array_equal(read_frame(path, index).stored, pixels[index])


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize(
    "syntax", [JPEGBaseline8Bit, JPEGExtended12Bit, UID("1.2.840.10008.1.2.4.55")]
)
def test_8_bit_jpeg_is_read(draw_dicom: DrawDicom, syntax: UID, progressive: bool) -> None:
    path = with_pixels(
        draw_dicom(SMOOTH),
        encapsulate([jpeg(SMOOTH, progressive=progressive)]),
        syntax,
    )
    np.testing.assert_allclose(read_frame(path).stored, SMOOTH, atol=3)


@pytest.mark.parametrize(
    ("declared", "keep_rgb"),
    [
        ("YBR_FULL_422", False),
        ("YBR_FULL", False),
        ("RGB", False),
        ("RGB", True),
        ("YBR_FULL_422", True),
    ],
)
def test_colour_jpeg_says_itself_which_colours_it_holds(
    draw_dicom: DrawDicom, declared: str, keep_rgb: bool
) -> None:
    encoded = jpeg(COLOURS, quality=97, **({"keep_rgb": True} if keep_rgb else {"subsampling": 0}))
    path = with_pixels(
        draw_dicom(COLOURS),
        encapsulate([encoded]),
        JPEGBaseline8Bit,
        PhotometricInterpretation=declared,
    )
    np.testing.assert_allclose(read_frame(path).stored, COLOURS, atol=12)


@pytest.mark.parametrize("bits", [7, 12])
def test_truncated_jpeg_ls_is_refused(draw_dicom: DrawDicom, bits: int) -> None:
    pixels = noise("u2" if bits > 8 else "u1", bits)
    path = draw_dicom(pixels, BitsStored=bits, HighBit=bits - 1)
    header = dcmread(path)
    header.compress(JPEGLSLossless)
    header.save_as(path)
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(UnreadableFileError, match=r"damaged|cut short"):
        read_frame(path)


@pytest.mark.parametrize("bits", [1, 16])
def test_frames_deflated_one_by_one_are_read(draw_dicom: DrawDicom, bits: int) -> None:
    pixels = np.stack([noise("u2" if bits > 1 else "u1", bits, (16, 24)) for _ in range(3)])
    path = draw_dicom(pixels, BitsAllocated=bits, BitsStored=bits, HighBit=bits - 1)
    encoded = [deflated(as_stored(frame, bits)) for frame in pixels]
    with_pixels(path, encapsulate(encoded), JPEGBaseline8Bit)
    # pydicom does not write what it does not know.
    path.write_bytes(path.read_bytes().replace(JPEGBaseline8Bit.encode(), DEFLATED))
    np.testing.assert_array_equal(read_frame(path, 2).stored, pixels[2])


@pytest.mark.parametrize("shape", [(5, 16), (16, 5), (7, 9)])
def test_single_bits_are_read_from_run_lengths(
    draw_dicom: DrawDicom, shape: tuple[int, int]
) -> None:
    pixels = np.stack([noise("u1", 1, shape) for _ in range(2)])
    path = draw_dicom(pixels, BitsAllocated=1, BitsStored=1, HighBit=0)
    encoded = [run_lengths(as_stored(frame, 1)) for frame in pixels]
    with_pixels(path, encapsulate(encoded), RLELossless)
    np.testing.assert_array_equal(read_frame(path, 1).stored, pixels[1])


def as_stored(frame: NDArray[np.generic], bits: int) -> bytes:
    return np.packbits(frame, bitorder="little").tobytes() if bits == 1 else frame.tobytes()


def deflated(stored: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(stored) + compressor.flush()


def run_lengths(stored: bytes) -> bytes:
    """One RLE segment of literal runs (PS3.5 annex G)."""
    header = np.array([1, 64, *[0] * 14], "<u4").tobytes()
    runs = b"".join(b"\0" + bytes([value]) for value in stored)
    return header + runs + b"\0" * (len(runs) % 2)


@pytest.mark.parametrize("planar", [0, 1])
@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless, JPEG2000Lossless])
def test_compressed_colour_is_the_same_whatever_planes_are_declared(
    draw_dicom: DrawDicom, syntax: UID, planar: int
) -> None:
    colour = noise("u1", 8, (64, 72, 3))
    path = draw_dicom(colour)
    header = dcmread(path)
    header.compress(syntax)
    header.PlanarConfiguration = planar
    header.save_as(path)
    np.testing.assert_array_equal(read_frame(path).stored, colour)


def claim_samples(path: Path, samples: int) -> None:
    """Have a header claim grey, or RGB, whatever its pixels are."""
    header = dcmread(path)
    header.SamplesPerPixel = samples
    header.PhotometricInterpretation = "RGB" if samples == 3 else "MONOCHROME2"
    header.PlanarConfiguration = 0
    header.save_as(path)


@pytest.mark.parametrize(("claimed", "held"), [(1, 3), (3, 1)])
@pytest.mark.parametrize("syntax", [JPEGBaseline8Bit, JPEGLSLossless, JPEG2000Lossless])
def test_header_that_lies_about_grey_and_colour_is_refused(
    draw_dicom: DrawDicom, syntax: UID, claimed: int, held: int
) -> None:
    pixels = COLOURS if held == 3 else SMOOTH
    path = draw_dicom(pixels)
    if syntax is JPEGBaseline8Bit:
        with_pixels(path, encapsulate([jpeg(pixels)]), syntax)
    else:
        header = dcmread(path)
        header.compress(syntax)
        header.save_as(path)
    claim_samples(path, claimed)
    with pytest.raises(UnreadableFileError, match=f"{claimed} sample.*compressed picture {held}"):
        read_frame(path)


@pytest.mark.skipif(shutil.which("dcmcjpeg") is None, reason="dcmtk (dcmcjpeg) is not installed")
@pytest.mark.parametrize(("claimed", "held"), [(1, 3), (3, 1)])
def test_header_that_lies_about_the_colours_of_12_bits_is_refused(
    draw_dicom: DrawDicom, claimed: int, held: int
) -> None:
    pixels = (COLOURS if held == 3 else SMOOTH).astype(np.uint16) * 16
    path = draw_dicom(pixels, BitsStored=12, HighBit=11)
    command = ["dcmcjpeg", "+ee", "+cr", str(path), str(path)]
    subprocess.run(command, check=True, capture_output=True)
    claim_samples(path, claimed)
    with pytest.raises(UnreadableFileError, match=f"{claimed} sample.*compressed picture {held}"):
        read_frame(path)

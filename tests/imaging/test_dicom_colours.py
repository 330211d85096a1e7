"""Every YBR colour that DICOM defines, against the equations of PS3.3 C.7.6.3.1.2."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from pydicom import dcmread
from pydicom.encaps import encapsulate
from pydicom.pixels.processing import convert_color_space
from pydicom.uid import (
    UID,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    RLELossless,
)

from medkd_core.errors import UnreadableFileError
from medkd_core.imaging.frame import Frame, Photometric
from medkd_core.imaging.reading import read_frame

DrawDicom = Callable[..., Path]
RANDOM = np.random.default_rng(23)
NATIVE = (ExplicitVRLittleEndian, ExplicitVRBigEndian)
PARTIAL_422 = "YBR_PARTIAL_422"
ALL_YBR = ("YBR_FULL", "YBR_FULL_422", PARTIAL_422, "YBR_PARTIAL_420")


def colours(rows: int, columns: int, bits: int) -> NDArray[np.int64]:
    """Random RGB, the same for the two pixels of a pair."""
    rgb = RANDOM.integers(0, 2**bits, (rows, columns, 3))
    rgb[:, 1::2] = rgb[:, : columns // 2 * 2 : 2]
    return rgb


def ybr_of(rgb: NDArray[np.int64], photometric: str, bits: int) -> NDArray[np.generic]:
    """YBR by the equations of PS3.3, their offsets scaled to the bits of a sample."""
    red, green, blue = np.moveaxis(rgb, -1, 0) / (2**bits - 1)
    y = 0.299 * red + 0.587 * green + 0.114 * blue
    cb, cr = (blue - y) / 1.772, (red - y) / 1.402
    unit, full = 2.0 ** (bits - 8), 2**bits - 1
    if "PARTIAL" in photometric:
        planes = [16 + 219 * y, 128 + 224 * cb, 128 + 224 * cr]
        stored = np.stack(planes, -1) * unit
    else:
        stored = np.stack([y, cb, cr], -1) * full + [0, 128 * unit, 128 * unit]
    return np.clip(np.rint(stored), 0, full).astype("u1" if bits <= 8 else f"u{bits_in(bits)}")


def bits_in(bits: int) -> int:
    return 2 if bits <= 16 else 4


def in_pairs(ybr: NDArray[np.generic]) -> NDArray[np.generic]:
    """Two Y, then the Cb and Cr of the first; the last of an odd row is a pair by itself."""
    ybr = np.pad(ybr, ((0, 0), (0, ybr.shape[1] % 2), (0, 0)), "edge")
    first, second = ybr[:, ::2], ybr[:, 1::2]
    return np.concatenate([first[..., :1], second[..., :1], first[..., 1:]], -1)


def with_samples(path: Path, samples: NDArray[np.generic], syntax: UID = NATIVE[0]) -> Path:
    """Replace a drawn file's pixels, as they are to be stored."""
    header = dcmread(path)
    stored = (samples if syntax.is_little_endian else samples.byteswap()).tobytes()
    header.PixelData = stored + b"\0" * (len(stored) % 2)
    header.save_as(path)
    return path


def assert_shows(frame: Frame, rgb: NDArray[np.int64], bits: int) -> None:
    """Within what whole numbers of YBR, and the cut from 32 to 16 bits, may cost."""
    assert frame.photometric is Photometric.RGB
    limit = 2.1 if bits <= 16 else 4.1
    shown = frame.stored / (2**frame.bits_stored - 1)
    np.testing.assert_allclose(shown, rgb / (2**bits - 1), atol=limit / (2 ** min(bits, 16) - 1))


@pytest.mark.parametrize("syntax", NATIVE, ids=lambda syntax: syntax.keyword)
@pytest.mark.parametrize("planar", [0, 1])
@pytest.mark.parametrize("bits", [6, 8, 12, 16, 32])
def test_ybr_of_any_bits_becomes_the_rgb_it_was(
    draw_dicom: DrawDicom, bits: int, planar: int, syntax: UID
) -> None:
    rgb = colours(6, 10, bits)
    ybr = ybr_of(rgb, "YBR_FULL", bits)
    path = draw_dicom(
        ybr,
        syntax=syntax,
        PhotometricInterpretation="YBR_FULL",
        PlanarConfiguration=planar,
        BitsStored=bits,
        HighBit=bits - 1,
    )
    with_samples(path, np.moveaxis(ybr, -1, 0).copy() if planar else ybr, syntax)
    assert_shows(read_frame(path), rgb, bits)


def test_8_bit_ybr_is_as_pydicom_converts_it(draw_dicom: DrawDicom) -> None:
    ybr = RANDOM.integers(0, 256, (600, 40, 3)).astype(np.uint8)
    path = draw_dicom(ybr, PhotometricInterpretation="YBR_FULL")
    expected = convert_color_space(ybr, "YBR_FULL", "RGB")
    np.testing.assert_array_equal(read_frame(path).stored, expected)


@pytest.mark.parametrize(
    ("ybr", "rgb"),
    [
        ((16, 128, 128), (0, 0, 0)),
        ((235, 128, 128), (255, 255, 255)),
        ((81, 90, 240), (254, 0, 0)),
        ((145, 54, 34), (0, 255, 1)),
        ((41, 240, 110), (0, 0, 255)),
        ((0, 128, 128), (0, 0, 0)),
        ((255, 128, 128), (255, 255, 255)),
    ],
    ids=["black", "white", "red", "green", "blue", "blacker", "whiter"],
)
def test_partial_range_runs_from_16_to_235(
    draw_dicom: DrawDicom, ybr: tuple[int, ...], rgb: tuple[int, ...]
) -> None:
    pair = np.tile(np.array(ybr, np.uint8), (1, 2, 1))
    path = draw_dicom(pair, PhotometricInterpretation=PARTIAL_422)
    with_samples(path, in_pairs(pair))
    np.testing.assert_array_equal(read_frame(path).stored, np.tile(np.uint8(rgb), (1, 2, 1)))


@pytest.mark.parametrize("syntax", NATIVE, ids=lambda syntax: syntax.keyword)
@pytest.mark.parametrize("bits", [8, 12, 16, 32])
@pytest.mark.parametrize("photometric", ["YBR_FULL_422", PARTIAL_422])
def test_two_pixels_share_their_colour(
    draw_dicom: DrawDicom, photometric: str, bits: int, syntax: UID
) -> None:
    rgb = np.stack([colours(5, 8, bits) for _ in range(3)])
    ybr = ybr_of(rgb, photometric, bits)
    path = draw_dicom(
        ybr,
        syntax=syntax,
        PhotometricInterpretation=photometric,
        BitsStored=bits,
        HighBit=bits - 1,
    )
    with_samples(path, np.stack([in_pairs(frame) for frame in ybr]), syntax)
    for index in (2, 0, 1):
        assert_shows(read_frame(path, index), rgb[index], bits)


@pytest.mark.parametrize("photometric", ["YBR_FULL_422", PARTIAL_422])
def test_pairs_fill_up_rows_of_odd_width(draw_dicom: DrawDicom, photometric: str) -> None:
    rgb = np.stack([colours(5, 7, 8) for _ in range(2)])
    ybr = ybr_of(rgb, photometric, 8)
    path = draw_dicom(ybr, PhotometricInterpretation=photometric)
    with_samples(path, np.stack([in_pairs(frame) for frame in ybr]))
    for index in (1, 0):
        assert_shows(read_frame(path, index), rgb[index], 8)


def test_pairs_run_on_into_the_next_row_where_none_is_filled_up(draw_dicom: DrawDicom) -> None:
    rgb = colours(1, 42, 8)
    path = draw_dicom(
        ybr_of(rgb.reshape(6, 7, 3), "YBR_FULL", 8), PhotometricInterpretation="YBR_FULL_422"
    )
    with_samples(path, in_pairs(ybr_of(rgb, "YBR_FULL", 8)))
    assert_shows(read_frame(path), rgb.reshape(6, 7, 3), 8)


def test_pixel_without_its_pair_is_refused(draw_dicom: DrawDicom) -> None:
    path = draw_dicom(np.zeros((5, 7, 3), np.uint8), PhotometricInterpretation="YBR_FULL_422")
    with_samples(path, np.zeros(5 * 7 * 2, np.uint8))
    with pytest.raises(UnreadableFileError, match="one is left over"):
        read_frame(path)


@pytest.mark.parametrize("photometric", ["YBR_FULL_422", PARTIAL_422, "YBR_PARTIAL_420"])
def test_colour_that_is_no_longer_shared_is_read_whole(
    draw_dicom: DrawDicom, photometric: str
) -> None:
    rgb = RANDOM.integers(0, 256, (2, 6, 9, 3))
    ybr = ybr_of(rgb, photometric, 8)
    path = draw_dicom(ybr, PhotometricInterpretation=photometric)
    assert_shows(read_frame(path, 1), rgb[1], 8)


@pytest.mark.parametrize(
    ("photometric", "reason"),
    [
        ("YBR_FULL_422", "cut short"),
        (PARTIAL_422, "cut short"),
        ("YBR_FULL", "cut short"),
        ("YBR_PARTIAL_420", "no layout"),
    ],
)
def test_truncated_colours_are_refused(
    draw_dicom: DrawDicom, photometric: str, reason: str
) -> None:
    path = draw_dicom(np.zeros((6, 8, 3), np.uint8), PhotometricInterpretation=photometric)
    with_samples(path, np.zeros(6 * 8 * 2 - 2, np.uint8))
    with pytest.raises(UnreadableFileError, match=reason):
        read_frame(path)


@pytest.mark.parametrize("planar", [0, 1])
@pytest.mark.parametrize("bits", [8, 12, 16])
@pytest.mark.parametrize("photometric", ALL_YBR)
@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless, JPEG2000Lossless])
def test_compressed_ybr_becomes_the_rgb_it_was(
    draw_dicom: DrawDicom, syntax: UID, photometric: str, bits: int, planar: int
) -> None:
    rgb = colours(64, 72, bits)
    # pydicom writes some kinds under another name only, and its JPEG 2000 makes YBR of RGB.
    name = "YBR_FULL" if syntax == JPEG2000Lossless else "RGB"
    path = draw_dicom(
        ybr_of(rgb, photometric, bits),
        PhotometricInterpretation=name,
        BitsStored=bits,
        HighBit=bits - 1,
    )
    header = dcmread(path)
    header.compress(syntax)
    header.PhotometricInterpretation = photometric
    header.PlanarConfiguration = planar
    header.save_as(path)
    assert_shows(read_frame(path), rgb, bits)


@pytest.mark.parametrize("bits", [8, 12, 16])
@pytest.mark.parametrize("photometric", ALL_YBR)
def test_ybr_in_lossless_jpeg_becomes_the_rgb_it_was(
    draw_dicom: DrawDicom, to_lossless_jpeg: Callable[..., None], photometric: str, bits: int
) -> None:
    rgb = colours(16, 20, bits)
    path = draw_dicom(
        ybr_of(rgb, photometric, bits),
        PhotometricInterpretation="YBR_FULL",
        BitsStored=bits,
        HighBit=bits - 1,
    )
    to_lossless_jpeg(path)
    header = dcmread(path)
    header.PhotometricInterpretation = photometric
    header.save_as(path)
    assert_shows(read_frame(path), rgb, bits)


def ramps(rows: int, columns: int, bits: int) -> NDArray[np.int64]:
    """RGB that lossy compression changes little."""
    ramp = np.add.outer(np.linspace(0, 0.6, rows), np.linspace(0, 0.4, columns))
    return np.rint(np.stack([ramp, ramp[::-1], 1 - ramp], -1) * (2**bits - 1)).astype(np.int64)


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
@pytest.mark.parametrize("photometric", [*ALL_YBR, "YBR_ICT", "YBR_RCT"])
def test_jpeg_says_itself_how_its_colours_are_shared(
    draw_dicom: DrawDicom, photometric: str, subsampling: str
) -> None:
    rgb = ramps(32, 40, 8)
    stream = BytesIO()
    ybr = Image.fromarray(ybr_of(rgb, photometric, 8), "YCbCr")
    ybr.save(stream, "JPEG", quality=97, subsampling=subsampling)
    header = dcmread(path := draw_dicom(rgb.astype(np.uint8)))
    header.PixelData = encapsulate([stream.getvalue()])
    header["PixelData"].VR = "OB"
    header.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    header.PhotometricInterpretation = photometric
    header.save_as(path)
    np.testing.assert_allclose(read_frame(path).stored, rgb, atol=8)


@pytest.mark.skipif(shutil.which("dcmcjpeg") is None, reason="dcmtk (dcmcjpeg) is not installed")
@pytest.mark.parametrize("photometric", ["+cr", "+cy"])
def test_12_bit_jpeg_keeps_its_colours(draw_dicom: DrawDicom, photometric: str) -> None:
    rgb = ramps(32, 40, 12)
    path = draw_dicom(rgb.astype(np.uint16), BitsStored=12, HighBit=11)
    command = ["dcmcjpeg", "+ee", photometric, "+q", "95", str(path), str(path)]
    subprocess.run(command, check=True, capture_output=True)
    frame = read_frame(path)
    assert frame.colour_model == {"+cr": "RGB", "+cy": "YBR_FULL_422"}[photometric]
    np.testing.assert_allclose(frame.stored, rgb, atol=60)


@pytest.mark.parametrize("photometric", ["HSV", "ARGB", "CMYK"])
def test_colours_that_are_not_shown_are_refused_with_a_cure(
    draw_dicom: DrawDicom, photometric: str
) -> None:
    path = draw_dicom(np.zeros((8, 8, 3), np.uint8), PhotometricInterpretation=photometric)
    with pytest.raises(UnreadableFileError, match=f"{photometric}, which.*Ask for the study"):
        read_frame(path)

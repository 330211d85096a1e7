"""The same film drawn by dcmtk, which shares no code with us."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import Dataset, dcmread
from pydicom.uid import ExplicitVRLittleEndian

from medkd_core.imaging.display.chain import display_bytes
from medkd_core.imaging.display.voi import Voi
from medkd_core.imaging.display.windows import full_window
from medkd_core.imaging.frame import Frame, LookupTable, Photometric
from medkd_core.imaging.reading import read_frame

pytestmark = pytest.mark.skipif(
    shutil.which("dcm2pnm") is None, reason="dcmtk (dcm2pnm) is not installed"
)

DrawDicom = Callable[..., Path]

KINDS = ("u1", "u2", "i2")
DRAWN = {
    "full range": {},
    "narrow window": {"WindowCenter": 90, "WindowWidth": 40},
    "half values": {"WindowCenter": 80.5, "WindowWidth": 101.25},
    "sigmoid": {"WindowCenter": 120, "WindowWidth": 90, "VOILUTFunction": "SIGMOID"},
    # Whole numbers: dcmtk cuts rescaled values down to them.
    "rescaled": {
        "RescaleSlope": 3,
        "RescaleIntercept": -100,
        "WindowCenter": 100,
        "WindowWidth": 150,
    },
    "falling rescale": {
        "RescaleSlope": -1,
        "RescaleIntercept": 200,
        "WindowCenter": 90,
        "WindowWidth": 77,
    },
}
SHOWN_OTHERWISE = {
    "mono/rtdose_expb_1frame.dcm": "dcmtk swaps the bytes of 32-bit words in pairs",
    "radiograph_other/RG3_JPLY": "a lossy decoder overshoots 10 bits in 8 pixels, theirs wraps",
}


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("attributes", DRAWN.values(), ids=DRAWN)
def test_drawn_film_looks_as_dcmtk_draws_it(
    attributes: dict[str, object], kind: str, photometric: str, draw_dicom: DrawDicom
) -> None:
    pixels = np.linspace(0, 200, 32 * 20).astype(kind).reshape(32, 20)
    path = draw_dicom(pixels, PhotometricInterpretation=photometric, **attributes)
    assert _largest_difference(path) <= 1


@pytest.mark.parametrize("first", [0, 40])
def test_drawn_table_looks_as_dcmtk_draws_it(first: int, draw_dicom: DrawDicom) -> None:
    table = Dataset()
    table.add_new("LUTDescriptor", "US", [150, first, 16])
    table.add_new("LUTData", "OW", (np.arange(150) ** 2 * 2).astype("<u2").tobytes())
    pixels = np.arange(240, dtype="u2").reshape(12, 20)
    assert _largest_difference(draw_dicom(pixels, VOILUTSequence=[table])) <= 1


@pytest.mark.parametrize("number", [0, 1, 2])
def test_each_of_several_windows_looks_as_dcmtk_draws_it(
    number: int, draw_dicom: DrawDicom
) -> None:
    pixels = np.arange(240, dtype="u2").reshape(12, 20)
    path = draw_dicom(pixels, WindowCenter=[50, 90, 120], WindowWidth=[20, 1, 400])
    assert _largest_difference(path, number) <= 1


def test_drawn_colour_looks_as_dcmtk_draws_it(draw_dicom: DrawDicom) -> None:
    pixels = np.random.default_rng(3).integers(0, 256, (12, 20, 3)).astype("u1")
    assert _largest_difference(draw_dicom(pixels)) == 0


@pytest.mark.parametrize("bits", [8, 12, 16])
@pytest.mark.parametrize("photometric", ["YBR_FULL", "YBR_FULL_422", "YBR_PARTIAL_422"])
def test_drawn_ybr_looks_as_dcmtk_draws_it(
    draw_dicom: DrawDicom, photometric: str, bits: int
) -> None:
    pixels = np.random.default_rng(3).integers(0, 2**bits, (12, 20, 3))
    path = draw_dicom(
        pixels.astype("u1" if bits == 8 else "u2"),
        PhotometricInterpretation=photometric,
        BitsStored=bits,
        HighBit=bits - 1,
    )
    if photometric != "YBR_FULL":
        header = dcmread(path)
        header.PixelData = header.PixelData[: len(header.PixelData) // 3 * 2]
        header.save_as(path)
    # Half of full scale is 127.5 there, and 128 in the standard.
    assert _largest_difference(path) <= 2


def test_chest_films_look_as_dcmtk_draws_them(shared_dicom: Path, tmp_path: Path) -> None:
    films = sorted((shared_dicom / "chest_radiograph").iterdir())
    assert len(films) == 5
    assert max(_largest_difference(_without_jpeg_2000(film, tmp_path)) for film in films) <= 1


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_shared_files_look_as_dcmtk_draws_them(shared_dicom: Path, tmp_path: Path) -> None:
    compared, unlike = 0, []
    for path in sorted(shared_dicom.rglob("*")):
        name = path.relative_to(shared_dicom).as_posix()
        if path.is_file() and "malformed" not in name and name not in SHOWN_OTHERWISE:
            difference = _difference_if_both_draw(path, tmp_path)
            compared += difference is not None
            # Two decoders turn YBR into RGB with roundings of their own.
            if difference is not None and difference > 2:
                unlike.append((name, difference))
    assert not unlike
    assert compared >= 160


def _difference_if_both_draw(path: Path, folder: Path) -> int | None:
    try:
        read_frame(path)
    except Exception:
        return None
    try:
        return _largest_difference(_without_jpeg_2000(path, folder))
    except subprocess.CalledProcessError:
        return None


def _largest_difference(path: Path, number: int = 0) -> int:
    """In grey levels of 255, background left out: dcmtk shows padding through the window."""
    frame = read_frame(path)
    voi = _voi(frame, number)
    ours = display_bytes(frame, voi).astype(int)
    theirs = _drawn_by_dcmtk(path, [] if voi is None else _options(frame, voi, number, path))
    if theirs.ndim > ours.ndim:
        theirs = theirs[..., 0]
    assert theirs.shape == ours.shape
    difference = np.abs(theirs - ours)
    if frame.padding is not None:
        low, high = frame.padding
        difference[(frame.stored >= low) & (frame.stored <= high)] = 0
    return int(difference.max())


def _voi(frame: Frame, number: int) -> Voi | None:
    if frame.photometric is Photometric.RGB:
        return None
    return frame.voi[number] if frame.voi else full_window(frame)


def _options(frame: Frame, voi: Voi, number: int, path: Path) -> list[str]:
    if isinstance(voi, LookupTable):
        return ["+Wl", str(number + 1)]
    if not frame.voi:
        return ["+Wm"]
    if "WindowCenter" in dcmread(path, stop_before_pixels=True, force=True):
        return ["+Wi", str(number + 1)]
    # dcmtk finds no window in functional groups, but takes one by its figures.
    return ["+Ww", str(voi.center), str(voi.width)]


def _drawn_by_dcmtk(path: Path, options: list[str]) -> NDArray[np.int_]:
    for tool in ("dcm2pnm", "dcmj2pnm", "dcml2pnm"):
        command = [tool, "--quiet", "--no-overlays", "--write-png", *options, str(path)]
        done = subprocess.run(command, capture_output=True, timeout=60, check=False)
        if done.stdout:
            picture = cv2.imdecode(np.frombuffer(done.stdout, "u1"), cv2.IMREAD_UNCHANGED)
            return (picture if picture.ndim == 2 else picture[..., ::-1]).astype(int)
    raise subprocess.CalledProcessError(done.returncode, command)


def _without_jpeg_2000(path: Path, folder: Path) -> Path:
    """The film itself, or a copy with our decoder's pixels: dcmtk reads no JPEG 2000."""
    header = dcmread(path, force=True)
    syntax = getattr(header, "file_meta", Dataset()).get("TransferSyntaxUID", "")
    if not syntax.startswith("1.2.840.10008.1.2.4.9"):
        return path
    frame = read_frame(path)
    header.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    header.PixelData = frame.stored.tobytes()
    header["PixelData"].VR = "OB" if frame.stored.itemsize == 1 else "OW"
    header["PixelData"].is_undefined_length = False
    if frame.photometric is Photometric.RGB:
        header.PhotometricInterpretation, header.PlanarConfiguration = "RGB", 0
    if "NumberOfFrames" in header:
        header.NumberOfFrames = 1
    copy = folder / "copy.dcm"
    header.save_as(copy, enforce_file_format=True)
    return copy

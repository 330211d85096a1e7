"""The display chain against highdicom and pydicom, on drawn files of every kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import highdicom
import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import Dataset, dcmread
from pydicom.pixels.processing import apply_modality_lut, apply_voi_lut

from medkd_core.imaging.display.chain import display_bytes, display_image
from medkd_core.imaging.reading import read_frame

DrawDicom = Callable[..., Path]

STORAGES = ((8, 8), (8, 16), (10, 16), (12, 16), (16, 16), (12, 32), (24, 32))
POLARITIES = (
    ("MONOCHROME1", None),
    ("MONOCHROME2", None),
    ("MONOCHROME1", "INVERSE"),
    ("MONOCHROME2", "INVERSE"),
    ("MONOCHROME1", "IDENTITY"),
    ("MONOCHROME2", "IDENTITY"),
)
RESCALES = {
    "none": None,
    "identity": (1.0, 0.0),
    "Hounsfield": (1.0, -1024.0),
    "steep": (2.0, -100.0),
    "fraction": (0.0375, -7.5),
    "falling": (-1.0, 1000.0),
    "steeply falling": (-3.0, 12.5),
    "table": None,
}
WINDOW_WIDTHS = {"ordinary": 0.3, "narrow": 0.01, "wide": 3.0, "one": 0.0, "second": 0.2}


@dataclass(frozen=True)
class Case:
    """One drawn file and how it is looked at."""

    function: str
    extent: str
    modality: str
    bits: int
    allocated: int
    signed: bool
    photometric: str
    shape: str | None

    @property
    def stored_range(self) -> tuple[int, int]:
        half = 2 ** (self.bits - 1)
        return (-half, half - 1) if self.signed else (0, 2 * half - 1)

    @property
    def is_inverted(self) -> bool:
        return self.shape == "INVERSE" or (self.shape is None and self.photometric[-1] == "1")

    @property
    def highdicom_is_silent(self) -> bool:
        """Where pydicom is asked instead, because highdicom leaves the standard.

        - LINEAR after a slope other than 1: highdicom divides centre and width by the slope, but
          the formula (PS3.3 C.11.2.1.2.1) takes 0.5 and 1 off in units of the modality.
        - A VOI LUT after such a slope (it refuses, or strides through the table) or after a
          modality LUT (its output stays unscaled); and with 8-bit pixels, which overflow.

        pydicom is no reference for windows after a modality LUT: it clips to the stored range.
        """
        slope, _ = RESCALES[self.modality] or (1.0, 0.0)
        if self.function == "TABLE":
            return slope != 1 or self.modality == "table" or self.allocated == 8
        return self.function == "LINEAR" and slope != 1

    def __str__(self) -> str:
        sign = "signed" if self.signed else "unsigned"
        return (
            f"{self.function} {self.extent}, modality {self.modality}, {sign} "
            f"{self.bits} in {self.allocated}, {self.photometric} {self.shape or ''}"
        )


def _cases() -> list[Case]:
    """Every function with every extent and modality transform; the rest takes turns."""
    looks = [
        *product(("LINEAR", "LINEAR_EXACT", "SIGMOID"), WINDOW_WIDTHS),
        *product(("TABLE",), ("8 bits", "16 bits", "falling")),
    ]
    cases = []
    for number, ((function, extent), modality) in enumerate(product(looks, RESCALES)):
        bits, allocated = STORAGES[number % len(STORAGES)]
        if modality == "table" and bits > 16:
            bits, allocated = 16, 16
        polarity = POLARITIES[number % len(POLARITIES)]
        signed = number // len(STORAGES) % 2 == 1
        cases.append(Case(function, extent, modality, bits, allocated, signed, *polarity))
    return cases


CASES = _cases()


@pytest.mark.filterwarnings("ignore:Applying a VOI LUT on a float")
@pytest.mark.parametrize("case", CASES, ids=str)
def test_drawn_film_looks_as_highdicom_or_pydicom_shows_it(
    case: Case, draw_dicom: DrawDicom
) -> None:
    path = _draw(case, draw_dicom)
    frame = read_frame(path)
    choice = 1 if case.extent == "second" else 0
    expected = np.rint(_reference(case, path, choice) * 255)
    shown = display_bytes(frame, frame.voi[choice])
    assert np.abs(shown - expected).max() <= 1
    assert np.abs(display_image(frame, frame.voi[choice]) * 255 - expected).max() <= 1
    assert np.ptp(shown) > (60 if case.extent == "wide" else 150)


def test_the_matrix_holds_every_kind_of_film() -> None:
    assert len(CASES) >= 140
    assert {(case.photometric, case.signed) for case in CASES} == set(
        product(("MONOCHROME1", "MONOCHROME2"), (False, True))
    )
    assert {(case.bits, case.allocated) for case in CASES} == set(STORAGES)


def _draw(case: Case, draw_dicom: DrawDicom) -> Path:
    low, high = case.stored_range
    pivot = low + int(0.4 * (high - low))
    # The whole range, and every value around the middle of the window.
    spread = np.linspace(low, high, 288).round().astype(int)
    near = np.clip(np.arange(pivot - 144, pivot + 144), low, high)
    kind = f"{'i' if case.signed else 'u'}{case.allocated // 8}"
    pixels = np.concatenate([spread, near]).astype(kind).reshape(24, 24)
    header: dict[str, Any] = {
        "PhotometricInterpretation": case.photometric,
        "BitsStored": case.bits,
        "HighBit": case.bits - 1,
        **_modality(case, low, high),
    }
    if case.shape is not None:
        header["PresentationLUTShape"] = case.shape
    slope, intercept = RESCALES[case.modality] or (1.0, 0.0)
    middle, span = pivot * slope + intercept, (high - low) * abs(slope)
    if case.modality == "table":
        middle, span = 30000.0, 60000.0
    return draw_dicom(pixels, **header, **_look(case, middle, span))


def _modality(case: Case, low: int, high: int) -> dict[str, Any]:
    if case.modality == "table":
        entries = min(high - low + 1, 2**15 - 1)
        curve = np.linspace(0, 1, entries) ** 2 * 60000
        item = _table(low, curve, 16)
        item.ModalityLUTType = "US"
        return {"ModalityLUTSequence": [item]}
    rescale = RESCALES[case.modality]
    if rescale is None:
        return {}
    return {"RescaleSlope": rescale[0], "RescaleIntercept": rescale[1]}


def _look(case: Case, middle: float, span: float) -> dict[str, Any]:
    if case.function == "TABLE":
        return {"VOILUTSequence": [_voi_table(case, middle, span)]}
    width = max(1.0, round(WINDOW_WIDTHS[case.extent] * span, 2))
    centers, widths = [round(middle, 2)], [width]
    if case.extent == "second":
        centers, widths = [middle - 3, *centers], [7.5, *widths]
    return {"WindowCenter": centers, "WindowWidth": widths, "VOILUTFunction": case.function}


def _voi_table(case: Case, middle: float, span: float) -> Dataset:
    entries = min(256, int(span / 4) * 2 + 2)
    bits = 8 if case.extent == "8 bits" else 16
    curve = np.linspace(0, 1, entries) ** 1.5 * (2**bits - 1)
    first = int(np.clip(middle - entries / 2, -(2**15), 2**15 - 1))
    item = _table(first, curve[::-1] if case.extent == "falling" else curve, bits)
    if bits == 8 and not case.highdicom_is_silent:
        # Packed, as highdicom wants 8-bit entries; pydicom knows only words.
        item.LUTData = np.rint(curve).astype("u1").tobytes()
    return item


def _table(first: int, entries: NDArray[np.floating], bits: int) -> Dataset:
    item = Dataset()
    item.add_new("LUTDescriptor", "SS" if first < 0 else "US", [len(entries), first, bits])
    item.add_new("LUTData", "OW", np.rint(entries).astype("<u2").tobytes())
    return item


def _reference(case: Case, path: Path, choice: int) -> NDArray[np.float64]:
    """What an independent reader makes of the file, in [0, 1]."""
    if case.highdicom_is_silent:
        return _as_pydicom(case, path, choice)
    return _as_highdicom(path, choice)


def _as_highdicom(path: Path, choice: int) -> NDArray[np.float64]:
    # A LINEAR window of width 1 is a step: highdicom divides by its width less 1.
    with np.errstate(divide="ignore", over="ignore"):
        shown: NDArray[np.float64] = highdicom.imread(path).get_frame(
            1,
            apply_real_world_transform=False,
            apply_voi_transform=True,
            voi_transform_selector=choice,
            apply_presentation_lut=True,
        )
    return shown


def _as_pydicom(case: Case, path: Path, choice: int) -> NDArray[np.float64]:
    header = dcmread(path)
    values = apply_modality_lut(header.pixel_array, header)
    if case.function == "TABLE":
        entries, first, bits = header.VOILUTSequence[0].LUTDescriptor
        # Beyond its ends a table keeps its end values (C.11.2.1.1); pydicom overflows there.
        values = np.clip(values, first, first + entries - 1)
        shown = apply_voi_lut(values, header, index=choice) / (2.0**bits - 1)
    else:
        shown = apply_voi_lut(values, header, index=choice)
        slope, intercept = RESCALES[case.modality] or (1.0, 0.0)
        low, high = (end * slope + intercept for end in case.stored_range)
        shown = (shown - low) / (high - low)
    return 1 - shown if case.is_inverted else shown

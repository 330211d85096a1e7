from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from medkd_core.imaging.display.steps import applied_steps
from medkd_core.imaging.display.windows import voi_choices
from medkd_core.imaging.frame import Frame, LookupTable, Photometric, Rescale, VoiFunction, Window
from medkd_core.imaging.reading import read_frame

DrawDicom = Callable[..., Path]

GREY, NEGATIVE = Photometric.MONOCHROME2, Photometric.MONOCHROME1
FILM = np.arange(4000, dtype=np.int16).reshape(40, 100)


def test_chain_of_a_ct_image_is_told_in_its_order_with_figures() -> None:
    window = Window(40, 400, explanation="MEDIASTINUM")
    frame = Frame(FILM, GREY, 12, Rescale(1, -1024, "HU"), (window,), padding=(-2000, -2000))
    assert applied_steps(frame) == (
        "Stored: 12 of 16 bits, signed, MONOCHROME2",
        "Rescale: × 1 − 1024 (HU) (PS3.3 C.11.1)",
        "Window: “MEDIASTINUM” C 40 W 400, LINEAR (PS3.3 C.11.2.1.2.1)",
        "Padding: stored -2000 shown as background (PS3.3 C.7.5.1.1.2)",
        "Brightness: 0 to 255",
    )


def test_chain_of_an_old_film_names_its_tables_and_why_it_is_inverted() -> None:
    modality = LookupTable(0, np.arange(4096), 16)
    voi = LookupTable(10, np.arange(1024), 10, "HARDER")
    frame = Frame(FILM.view(np.uint16), NEGATIVE, 12, modality, (voi,), padding=(0, 7))
    assert applied_steps(frame, inverted=True) == (
        "Stored: 12 of 16 bits, unsigned, MONOCHROME1",
        "Modality LUT: 4096 entries of 16 bits, for 0 to 4095 (PS3.3 C.11.1)",
        "VOI LUT: “HARDER” 1024 entries of 10 bits, for 10 to 1033 (PS3.3 C.11.2.1.1)",
        "Inverted: MONOCHROME1, low values are bright (PS3.3 C.7.6.3.1.2)",
        "Inverted: by the reader",
        "Padding: stored 0 to 7 shown as background (PS3.3 C.7.5.1.1.2)",
        "Brightness: 0 to 255",
    )


@pytest.mark.parametrize(
    ("photometric", "inverse", "words"),
    [
        (NEGATIVE, None, "Inverted: MONOCHROME1"),
        (NEGATIVE, True, "Inverted: Presentation LUT Shape is INVERSE"),
        (GREY, True, "Inverted: Presentation LUT Shape is INVERSE"),
        (NEGATIVE, False, "Not inverted: Presentation LUT Shape is IDENTITY"),
        (GREY, False, ""),
        (GREY, None, ""),
    ],
)
def test_what_decides_over_black_and_white_is_told(
    photometric: Photometric, inverse: bool | None, words: str
) -> None:
    steps = applied_steps(Frame(FILM, photometric, 12, inverse_presentation=inverse))
    told = [step for step in steps if "nverted" in step]
    assert len(told) == bool(words)
    assert all(step.startswith(words) for step in told)


@pytest.mark.parametrize("function", list(VoiFunction))
def test_window_is_told_with_its_function_and_where_it_is_defined(function: VoiFunction) -> None:
    step = applied_steps(Frame(FILM, GREY, 12), Window(0.0375, 1e-06, function))[2]
    assert f"C 0.0375 W 1e-06, {function.value} (PS3.3 C.11.2.1." in step


def test_window_that_the_file_does_not_have_is_told_as_such() -> None:
    frame = Frame(FILM, GREY, 12)
    for voi in (None, Window(40, 400)):
        assert applied_steps(frame, voi)[2].endswith("; the file has none")


@pytest.mark.parametrize(
    ("rescale", "words"),
    [
        (Rescale(), "Rescale: none"),
        (Rescale(unit="US"), "Rescale: none"),
        (Rescale(unit="HU"), "Rescale: none (HU)"),
        (Rescale(0.5, 3), "Rescale: × 0.5 + 3 (PS3.3 C.11.1)"),
        (Rescale(-1, 0, "OD"), "Rescale: × -1 + 0 (OD) (PS3.3 C.11.1)"),
    ],
)
def test_rescale_is_told_with_its_unit(rescale: Rescale, words: str) -> None:
    assert applied_steps(Frame(FILM, GREY, 12, rescale))[1] == words


@pytest.mark.parametrize(
    ("stored", "bits", "words"),
    [
        (np.zeros((2, 2), np.uint8), 1, "Stored: 1 bit, MONOCHROME2"),
        (np.zeros((2, 2), np.float32), 32, "Stored: 32-bit floating point, MONOCHROME2"),
        (np.zeros((2, 2), np.uint32), 24, "Stored: 24 of 32 bits, unsigned, MONOCHROME2"),
    ],
)
def test_what_is_stored_is_told(stored: np.ndarray, bits: int, words: str) -> None:
    assert applied_steps(Frame(stored, GREY, bits))[0] == words


def test_colour_is_told_with_the_model_it_was_stored_in(draw_dicom: DrawDicom) -> None:
    pixels = np.zeros((4, 6, 3), np.uint8)
    path = draw_dicom(pixels, PhotometricInterpretation="YBR_FULL")
    assert applied_steps(read_frame(path), inverted=True) == (
        "Colour: YBR_FULL to RGB",
        "Values: 8 of 8 bits, unsigned, three channels",
        "Scaled: 0 to 255, without a window",
        "Inverted: by the reader",
        "Brightness: 0 to 255 a channel",
    )


@pytest.mark.parametrize(
    ("mode", "first"), [("RGB", "Colour: RGB as stored"), ("L", "Stored: 8 of 8 bits, unsigned, ")]
)
def test_pictures_that_are_not_dicom_have_steps_too(tmp_path: Path, mode: str, first: str) -> None:
    path = tmp_path / "picture.png"
    Image.new(mode, (8, 6)).save(path)
    assert applied_steps(read_frame(path))[0].startswith(first)


def test_every_step_has_a_name_and_words() -> None:
    table = LookupTable(0, np.arange(16), 4)
    frame = Frame(FILM, NEGATIVE, 12, Rescale(2, 1), (table, Window(3, 4)), padding=(1, 2))
    for _, voi in voi_choices(frame):
        for step in applied_steps(frame, voi, inverted=True):
            name, words = step.split(": ", 1)
            assert name and words


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_padding_that_is_no_number_is_told(value: float) -> None:
    frame = Frame(FILM.astype(np.float32), GREY, 32, padding=(value, value))
    assert any(step.startswith(f"Padding: stored {value}") for step in applied_steps(frame))

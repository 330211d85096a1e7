from __future__ import annotations

import numpy as np
import pytest
from highdicom.pixels import apply_voi_window
from pydicom import Dataset
from pydicom.pixels.processing import apply_voi_lut

from medkd_core.imaging.display.chain import brightness_table, display_bytes, display_image
from medkd_core.imaging.display.values import modality_values
from medkd_core.imaging.display.voi import apply_voi
from medkd_core.imaging.display.windows import (
    auto_window,
    full_window,
    percentiles,
    voi_choices,
)
from medkd_core.imaging.frame import (
    Frame,
    LookupTable,
    Photometric,
    Rescale,
    VoiFunction,
    Window,
)

GREY = Photometric.MONOCHROME2
RANDOM = np.random.default_rng(7)


def ramp(kind: str = "u2", low: int = 0, high: int = 4095) -> np.ndarray:
    return np.linspace(low, high, 48).astype("i4").astype(kind).reshape(6, 8)


@pytest.mark.parametrize("function", list(VoiFunction))
@pytest.mark.parametrize(("center", "width"), [(2048, 4096), (40, 400), (0, 50.5), (-600.5, 1500)])
def test_window_functions_agree_with_highdicom(
    function: VoiFunction, center: float, width: float
) -> None:
    values = np.linspace(-3000, 5000, 1001)
    ours = apply_voi(values, Window(center, width, function))
    theirs = apply_voi_window(values, center, width, voi_lut_function=function.value)
    np.testing.assert_allclose(ours, theirs, atol=1e-9)


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
@pytest.mark.parametrize("kind", ["u1", "i2", "u2"])
def test_chain_agrees_with_pydicom(photometric: str, function: str, kind: str) -> None:
    stored = RANDOM.integers(0, 250, (9, 7)).astype(kind)
    header = Dataset()
    header.WindowCenter, header.WindowWidth, header.VOILUTFunction = 100, 80, function
    header.BitsStored, header.PixelRepresentation = 8 * stored.dtype.itemsize, int(kind == "i2")
    header.PhotometricInterpretation = photometric
    theirs = apply_voi_lut(stored.astype(float), header)
    low, high = (-(2.0**15), 2.0**15 - 1) if kind == "i2" else (0.0, 2.0**header.BitsStored - 1)
    expected = (theirs - low) / (high - low)
    window = Window(100, 80, VoiFunction(function))
    shown = display_image(Frame(stored, Photometric(photometric), 16, voi=(window,)))
    if photometric == "MONOCHROME1":
        expected = 1 - expected
    assert shown.dtype == np.float32
    np.testing.assert_allclose(shown, expected, atol=1e-6)


def test_window_of_width_one_is_a_step() -> None:
    assert apply_voi(np.array([9.0, 9.5, 9.6]), Window(10, 1)).tolist() == [0, 0, 1]


def test_inverted_film_shows_air_black() -> None:
    film = ramp()
    upright = display_image(Frame(film, GREY, 12))
    inverted = display_image(Frame(film, Photometric.MONOCHROME1, 12))
    np.testing.assert_allclose(inverted, 1 - upright, atol=1e-6)
    assert inverted[-1, -1] == 0


def test_inverse_presentation_and_monochrome1_say_the_same_thing_once() -> None:
    film = ramp()
    one = display_image(Frame(film, Photometric.MONOCHROME1, 12))
    both = display_image(Frame(film, Photometric.MONOCHROME1, 12, inverse_presentation=True))
    other = display_image(Frame(film, GREY, 12, inverse_presentation=True))
    np.testing.assert_array_equal(one, both)
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("photometric", [GREY, Photometric.MONOCHROME1])
def test_padding_is_black_and_does_not_move_the_window(photometric: Photometric) -> None:
    film = ramp("i2", -100, 900)
    padded = film.copy()
    padded[0] = -2000
    frame = Frame(padded, photometric, 16, padding=(-2000, -1990))
    assert (display_image(frame)[0] == 0).all()
    assert full_window(frame) == full_window(Frame(film[1:], photometric, 16))
    assert auto_window(frame) == auto_window(Frame(film[1:], photometric, 16))


def test_film_of_nothing_but_padding_is_black() -> None:
    frame = Frame(np.full((4, 4), 7, np.uint16), GREY, 16, padding=(7, 7))
    assert not display_image(frame).any()


def test_rescale_gives_hounsfield_units() -> None:
    frame = Frame(ramp("i2", 0, 2000), GREY, 16, modality=Rescale(1, -1024, "HU"))
    assert modality_values(frame).min() == -1024
    assert display_image(frame, Window(-1024, 2))[0, 0] == pytest.approx(1.0)


def test_modality_table_holds_its_end_values_beyond_its_range() -> None:
    table = LookupTable(first=10, values=np.array([5, 6, 9]), bits=8)
    frame = Frame(np.array([[0, 10, 11, 12, 99]], np.uint16), GREY, 16, modality=table)
    assert modality_values(frame).tolist() == [[5, 5, 6, 9, 9]]


def test_voi_table_output_runs_from_black_to_white() -> None:
    table = LookupTable(first=0, values=np.arange(0, 1024, 4), bits=10)
    shown = apply_voi(np.array([-5, 0, 128, 255, 4000]), table)
    np.testing.assert_allclose(shown, np.array([0, 0, 512, 1020, 1020]) / 1023)


def test_first_voi_of_the_file_is_the_default() -> None:
    narrow, wide = Window(100, 10), Window(2000, 4000)
    frame = Frame(ramp(), GREY, 12, voi=(narrow, wide))
    np.testing.assert_array_equal(display_image(frame), display_image(frame, narrow))


@pytest.mark.parametrize("kind", ["u1", "i1", "u2", "i2", "u4", "i4", "f4", "f8"])
def test_every_stored_type_shows_the_same_picture(kind: str) -> None:
    shown = display_image(Frame(ramp(kind, 0, 127), GREY, 8))
    np.testing.assert_allclose(shown, display_image(Frame(ramp("u1", 0, 127), GREY, 8)), atol=1e-6)
    assert (shown.min(), shown.max()) == (0, 1)


@pytest.mark.parametrize("kind", ["u1", "i2", "u2", "u4", "f4"])
def test_bytes_for_the_screen_are_the_rounded_brightness(kind: str) -> None:
    film = RANDOM.integers(0, 120, (31, 17)).astype(kind)
    frame = Frame(film, Photometric.MONOCHROME1, 16, Rescale(2, -3), padding=(5, 8))
    window = Window(90, 77)
    expected = np.rint(display_image(frame, window) * 255)
    np.testing.assert_array_equal(display_bytes(frame, window), expected)
    np.testing.assert_array_equal(display_bytes(frame, window, film[::2, ::3]), expected[::2, ::3])


def test_table_is_indexed_by_the_bits_of_a_signed_value() -> None:
    film = ramp("i2", -3000, 3000)
    frame = Frame(film, GREY, 16)
    table = brightness_table(frame, Window(0, 4000))
    np.testing.assert_array_equal(table[film.view("u2")], display_bytes(frame, Window(0, 4000)))


def test_not_a_number_is_black() -> None:
    film = np.array([[0.0, np.nan, 1.0, np.inf]], np.float32)
    shown = display_image(Frame(film, Photometric.MONOCHROME1, 32))
    assert shown.tolist() == [[1, 0, 0, 0]]


def test_colour_is_only_scaled() -> None:
    colour = RANDOM.integers(0, 4096, (5, 4, 3)).astype(np.uint16)
    frame = Frame(colour, Photometric.RGB, 12)
    np.testing.assert_allclose(display_image(frame), colour / 4095, atol=1e-6)
    np.testing.assert_array_equal(display_bytes(frame), np.rint(display_image(frame) * 255))
    assert voi_choices(frame) == []


def test_auto_window_reaches_from_the_first_to_the_last_percentile() -> None:
    film = np.arange(10001, dtype=np.float32).reshape(73, 137)
    window = auto_window(Frame(film, GREY, 32))
    assert (window.center, window.width) == pytest.approx((5000, 9800), abs=2)
    counted = auto_window(Frame(film.astype(np.uint16), GREY, 16))
    assert counted == window


def test_choices_are_named_by_the_file_and_end_with_auto_and_full_range() -> None:
    table = LookupTable(0, np.arange(256), 8, "HARDER")
    frame = Frame(ramp(), GREY, 12, voi=(Window(1, 2, explanation="LUNG"), Window(3, 4), table))
    names = [name for name, _ in voi_choices(frame)]
    assert names == ["LUNG", "Window 2", "HARDER", "Auto", "Full range"]


@pytest.mark.parametrize("function", list(VoiFunction))
@pytest.mark.parametrize("falling", [False, True])
def test_not_a_number_is_black_and_infinities_are_the_ends(
    function: VoiFunction, falling: bool
) -> None:
    values = np.array([np.nan, -np.inf, np.inf, 5.0], np.float32)
    shown = apply_voi(values, Window(5, 4, function), falling=falling)
    assert shown[:3].tolist() == pytest.approx([0, 1, 0] if falling else [0, 0, 1])
    assert 0.3 < shown[3] < 0.7


def test_not_a_number_is_black_through_a_table_too() -> None:
    table = LookupTable(3, np.array([200, 10]), 8)
    values = np.array([np.nan, -np.inf, np.inf, 3.0])
    np.testing.assert_allclose(apply_voi(values, table) * 255, [0, 200, 10, 200])
    np.testing.assert_allclose(apply_voi(values, table, falling=True) * 255, [0, 55, 245, 55])


@pytest.mark.parametrize("function", list(VoiFunction))
def test_falling_window_is_the_rising_one_turned_round(function: VoiFunction) -> None:
    values, window = np.linspace(-50, 150, 401), Window(40, 30.5, function)
    rising, falling = apply_voi(values, window), apply_voi(values, window, falling=True)
    np.testing.assert_allclose(rising + falling, 1, atol=1e-12)


@pytest.mark.parametrize("offset", [0.0, 1e6, 1.6e7])
def test_narrow_window_far_from_zero_is_as_fine_as_float32_itself(offset: float) -> None:
    values = (np.float32(offset) + np.arange(-6, 7, 2)).astype(np.float32)
    window = Window(offset + 0.3, 16, VoiFunction.LINEAR_EXACT)
    shown = apply_voi(values, window)
    assert shown.dtype == np.float32
    np.testing.assert_allclose(shown, (values.astype(float) - offset - 0.3) / 16 + 0.5, atol=1e-6)


@pytest.mark.parametrize("kind", ["f4", "f8"])
@pytest.mark.parametrize("width", [5e-324, 1e-40, 1e300])
def test_windows_of_absurd_width_show_something(kind: str, width: float) -> None:
    values = np.array([[-1e30, 1.0, 1e30]], kind)
    frame = Frame(values, GREY, 32)
    shown = display_image(frame, Window(1.0, width, VoiFunction.LINEAR_EXACT))
    assert shown[0, 1] == 0.5
    assert np.isfinite(shown).all()


def test_everything_that_doubles_hold_has_a_full_window() -> None:
    frame = Frame(np.array([[-1.7e308, 0.0, 1.7e308]]), GREY, 64)
    window = full_window(frame)
    assert np.isfinite([window.center, window.width]).all()
    np.testing.assert_allclose(display_image(frame), [[0, 0.5, 1]], atol=0.06)


@pytest.mark.parametrize("photometric", [GREY, Photometric.MONOCHROME1])
@pytest.mark.parametrize("value", [-7.0, 0.0, 1e-9, 1e20])
def test_picture_of_one_value_is_black(photometric: Photometric, value: float) -> None:
    frame = Frame(np.full((3, 4), value), photometric, 64)
    assert not display_bytes(frame).any()
    assert not display_bytes(frame, auto_window(frame)).any()


@pytest.mark.parametrize("kind", ["u4", "f4", "f8"])
def test_large_film_without_a_table_is_windowed_block_by_block_without_seams(kind: str) -> None:
    film = np.arange(700 * 300).reshape(700, 300).astype(kind)
    frame = Frame(film, Photometric.MONOCHROME1, 32, padding=(0, 5))
    expected = np.rint(display_image(frame) * 255)
    assert np.abs(display_bytes(frame).astype(int) - expected).max() <= 1


@pytest.mark.parametrize("kind", ["u1", "u2", "u4", "f4"])
@pytest.mark.parametrize("shape", [(1, 7), (7, 1), (1, 1)])
def test_films_of_one_row_or_column_are_shown(kind: str, shape: tuple[int, int]) -> None:
    film = np.arange(np.prod(shape)).astype(kind).reshape(shape)
    shown = display_bytes(Frame(film, GREY, 8), Window(3, 6, VoiFunction.LINEAR_EXACT))
    np.testing.assert_allclose(shown, np.clip(film / 6.0, 0, 1) * 255, atol=0.51)


def test_auto_window_of_many_wide_pixels_is_that_of_a_million_of_them() -> None:
    film = RANDOM.normal(1e6, 1e4, (1500, 1500))
    window = auto_window(Frame(film, GREY, 64))
    low, high = np.percentile(film, [1, 99])
    assert (window.center, window.width) == pytest.approx(((low + high) / 2, high - low), rel=0.01)


def test_percentiles_count_how_often_a_value_occurs() -> None:
    film = np.repeat(np.array([10, 20, 900], np.uint16), [70, 20, 10]).reshape(10, 10)
    frame = Frame(film, GREY, 12)
    assert percentiles(frame, [50, 70, 71, 90, 91]) == [10, 10, 20, 20, 900]


@pytest.mark.parametrize("kind", ["u1", "i2", "i4", "f4", "f8"])
@pytest.mark.parametrize("slope", [1e308, -1e-300])
@pytest.mark.parametrize("center", [0.0, 1e308])
@pytest.mark.parametrize("width", [1e-300, 1e308])
def test_no_figures_of_a_file_make_brightness_something_else(
    kind: str, slope: float, center: float, width: float
) -> None:
    film = RANDOM.integers(0, 100, (6, 7)).astype(kind)
    if film.dtype.kind == "f":
        film[0, :4] = np.nan, np.inf, -np.inf, 3e38
    windows = tuple(Window(center, width, function) for function in VoiFunction)
    frame = Frame(film, Photometric.MONOCHROME1, 8, Rescale(slope, -1e308), windows)
    for _, voi in voi_choices(frame):
        shown = display_image(frame, voi)
        assert (shown >= 0).all() and (shown <= 1).all()

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from films_in_memory import film_of

from medkd_core.imaging.display.chain import display_bytes
from medkd_core.imaging.display.voi import apply_voi, table_window
from medkd_core.imaging.frame import Frame, LookupTable, Photometric, Rescale, VoiFunction, Window
from medkd_viewer.reading.film import Film, as_window, dragged_window

GREY = Photometric.MONOCHROME2


def film(frame: Frame) -> Film:
    drawn = film_of()
    return Film(frame, drawn.study, drawn.instance, drawn.address, (1, 1))


def ramp(low: float, high: float, kind: str = "f8") -> np.ndarray:
    return np.linspace(low, high, 600).astype(kind).reshape(20, 30)


def test_drag_to_the_right_widens_and_down_raises_the_centre() -> None:
    window = dragged_window(Window(1000, 500), dx=60, dy=30, span=600)
    assert (window.center, window.width) == (1030, 620)


def test_drag_there_and_back_is_the_same_window() -> None:
    start = Window(40, 400, VoiFunction.SIGMOID)
    there = dragged_window(start, 17, -9, 400)
    back = dragged_window(there, -17, 9, 400)
    assert back.function is VoiFunction.SIGMOID
    assert (back.center, back.width) == pytest.approx((40, 400))


def test_straight_table_is_dragged_as_exactly_its_window() -> None:
    table = LookupTable(-200, np.arange(0, 65536, 257), 16)
    values = np.linspace(-300, 200, 700)
    window = as_window(table)
    assert (window.center, window.width) == pytest.approx((-72.5, 255))
    np.testing.assert_allclose(apply_voi(values, window), apply_voi(values, table), atol=0.005)


def test_table_with_toe_and_shoulder_is_dragged_as_its_steep_middle() -> None:
    entries = np.arange(4096)
    curve = 1 / (1 + np.exp(-(entries - 1500) / 100))
    window = table_window(LookupTable(0, np.rint(curve * 65535).astype(np.int64), 16))
    assert window.center == pytest.approx(1500, abs=2)
    # Nine to one are passed 2 * ln 9 scales apart.
    assert window.width == pytest.approx(200 * np.log(9) / 0.8, rel=0.01)


def test_table_that_only_rises_late_is_dragged_where_it_rises() -> None:
    table = LookupTable(0, np.concatenate([np.zeros(3000), np.arange(101) * 40]).astype("i8"), 12)
    assert (table_window(table).center, table_window(table).width) == pytest.approx((3049, 101), 1)


@pytest.mark.parametrize("values", [[7], [5, 5, 5], [9, 4, 0], [0, 9, 3, 12, 2]])
def test_odd_tables_can_be_dragged(values: list[int]) -> None:
    window = table_window(LookupTable(10, np.array(values), 8))
    assert 10 <= window.center <= 10 + len(values)
    assert 1 <= window.width <= len(values) / 0.8


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e9])
@pytest.mark.parametrize("kind", ["f4", "f8"])
def test_every_range_of_values_is_dragged_alike(scale: float, kind: str) -> None:
    plain = film(Frame(ramp(0, 1, kind), GREY, 32))
    scaled = film(Frame(ramp(0, scale, kind), GREY, 32))
    pictures = []
    for shown, unit in ((plain, 1.0), (scaled, scale)):
        window = dragged_window(shown.first_voi, -45, 20, shown.drag_span)
        assert window.width == pytest.approx(0.85 * unit, rel=1e-5)
        pictures.append(display_bytes(shown.frame, window).astype(int))
    assert np.abs(pictures[0] - pictures[1]).max() <= 1


def test_each_pixel_of_a_drag_changes_a_picture_of_32_bits_a_little() -> None:
    shown = film(Frame(ramp(3e9, 3e9 + 5e6, "u4"), GREY, 32))
    before, steps = shown.first_voi, []
    for _ in range(50):
        after = dragged_window(before, 0, 5, shown.drag_span)
        change = display_bytes(shown.frame, after).astype(int) - display_bytes(shown.frame, before)
        steps.append(np.abs(change).max())
        before = after
    assert min(steps) >= 1 and max(steps) <= 4


def test_fractions_are_windowed_narrower_than_one() -> None:
    shown = film(Frame(ramp(0, 5000, "u2"), GREY, 16, Rescale(0.0001), voi=(Window(0.75, 1.5),)))
    window = shown.first_voi
    assert np.array_equal(display_bytes(shown.frame, window), display_bytes(shown.frame))
    for _ in range(90):
        window = dragged_window(window, -3, 0, shown.drag_span)
    levels = np.unique(display_bytes(shown.frame, replace(window, center=0.25)))
    assert window.width < 0.1
    assert len(levels) > 5


def test_narrow_linear_window_is_dragged_without_a_jump() -> None:
    frame = Frame(ramp(0, 100, "u2"), GREY, 12)
    start = Window(40, 30)
    moved = dragged_window(start, 0, 0, 100)
    np.testing.assert_array_equal(display_bytes(frame, moved), display_bytes(frame, start))


def test_drag_follows_the_first_window_unless_that_makes_no_sense_for_the_picture() -> None:
    def span(window: Window) -> float:
        return film(Frame(ramp(0, 4000, "u2"), GREY, 12, voi=(window,))).drag_span

    assert span(Window(2000, 1500)) == 1500
    assert span(Window(2000, 65536)) == 4000
    assert span(Window(2000, 1)) == pytest.approx(200, rel=0.1)


def test_values_out_of_all_proportion_do_not_set_the_speed_of_a_drag() -> None:
    values = ramp(0, 10)
    values[0, 0] = 1e38
    assert film(Frame(values, GREY, 64, voi=(Window(5, 8),))).drag_span == 8


@pytest.mark.parametrize("value", [0.0, -3.0, 1e-9, 1e12, np.nan, np.inf])
def test_picture_of_one_value_can_be_dragged(value: float) -> None:
    shown = film(Frame(np.full((9, 9), value, np.float32), GREY, 32))
    window = dragged_window(shown.first_voi, -400, 3, shown.drag_span)
    assert np.isfinite([window.center, window.width]).all()
    assert window.width > 0
    assert display_bytes(shown.frame, window).shape == (9, 9)


def test_dragging_after_a_modality_table_is_in_its_units() -> None:
    table = LookupTable(0, np.arange(4096) * 10 + 5000, 16)
    shown = film(Frame(ramp(0, 4095, "u2"), GREY, 12, modality=table))
    assert shown.drag_span == pytest.approx(40950)
    assert shown.first_voi.center == pytest.approx(5000 + 20475)


def test_inverting_keeps_the_background_black() -> None:
    stored = ramp(1, 400, "u2")
    stored[:4] = 0
    shown = film(Frame(stored, GREY, 12, padding=(0, 0)))
    upright = shown.brightness(stored, shown.first_voi, inverted=False)
    inverted = shown.brightness(stored, shown.first_voi, inverted=True)
    assert not upright[:4].any() and not inverted[:4].any()
    assert np.abs(inverted[4:].astype(int) - (255 - upright[4:])).max() <= 1


def test_colour_is_inverted_channel_by_channel() -> None:
    stored = np.array([[[0, 100, 255]]], np.uint8)
    shown = film(Frame(stored, Photometric.RGB, 8))
    assert shown.brightness(stored, None, inverted=True).tolist() == [[[255, 155, 0]]]
    assert shown.presets == () and shown.first_voi is None

from __future__ import annotations

import numpy as np
import pytest
from measured_films import AT_DETECTOR, colour_frame, film, grey_frame, instance

from medkd_core.imaging.frame import LookupTable, Rescale, Spacing, SpacingBasis
from medkd_viewer.measuring.measurement import Kind, Measurement
from medkd_viewer.measuring.readings import readings
from medkd_viewer.reading.look import Look
from medkd_viewer.reading.state import ReadingState
from medkd_viewer.window.status_words import cursor_words

LENGTH = Measurement(kind=Kind.LENGTH, points=((10.0, 10.0), (40.0, 50.0)))
PROBE = Measurement(kind=Kind.PROBE, points=((20.9, 10.2),))
REGION = Measurement(kind=Kind.RECTANGLE, points=((10.0, 10.0), (12.0, 20.0)))
HEART = Measurement(
    kind=Kind.HEART_RATIO, points=((20.0, 80.0), (220.0, 80.0), (70.0, 60.0), (166.0, 70.0))
)


def words(measurement, frame, what=None) -> tuple[str, ...]:
    return readings(measurement, frame, what or instance())


@pytest.mark.parametrize(
    ("spacing", "expected"),
    [
        (AT_DETECTOR, "25.0 mm (at detector)"),
        (Spacing(0.2, 0.2, SpacingBasis.CALIBRATED), "10.0 mm (calibrated)"),
        (Spacing(0.2, 0.2, SpacingBasis.UNKNOWN), "50.0 px"),
        (None, "50.0 px"),
    ],
)
def test_millimetres_come_only_with_how_they_are_known(spacing, expected):
    assert words(LENGTH, grey_frame(spacing=spacing)) == (expected,)


@pytest.mark.parametrize(
    ("modality", "kind", "expected"),
    [
        (Rescale(), "DX", "130 (stored value)"),
        (Rescale(1.0, 0.0, "US"), "DX", "130 (stored value)"),
        (Rescale(1.0, -1024.0, "HU"), "CT", "-894 HU"),
        (Rescale(1.0, -1024.0), "CT", "-894 HU"),
        (Rescale(2.0, 0.5), "MR", "260.5 (rescaled value, no unit)"),
        (Rescale(2.0, 0.0, "US"), "PT", "260 (rescaled value, no unit)"),
        (Rescale(0.001, 0.0, "OD"), "CR", "0.13 OD"),
        (LookupTable(0, np.arange(256), 8), "DX", "130 (value of the modality's table)"),
    ],
)
def test_value_of_a_pixel_has_its_unit_or_says_what_it_is(modality, kind, expected):
    frame = grey_frame(modality=modality)
    assert words(PROBE, frame, instance(modality=kind)) == (expected, "x 20 y 10")


def test_pixel_of_a_colour_film_shows_its_channels():
    stored = np.zeros((30, 30, 3), "u1")
    stored[10, 20] = 7, 8, 9
    assert words(PROBE, colour_frame(stored))[0] == "R 7 G 8 B 9"


def test_probe_on_the_last_edge_shows_the_last_pixel():
    frame = grey_frame(np.arange(6, dtype="u2").reshape(2, 3))
    corner = Measurement(kind=Kind.PROBE, points=((3.0, 2.0),))
    assert words(corner, frame) == ("5 (stored value)", "x 2 y 1")


def test_region_tells_its_figures_its_pixels_and_its_area():
    frame = grey_frame(np.full((30, 30), 9, "u2"), spacing=AT_DETECTOR)
    assert words(REGION, frame) == (
        "Mean 9 (stored value) · SD 0",
        "Min 9 · Max 9 · 20 px",
        "Area 5.0 mm² (at detector)",
    )


def test_region_in_colour_tells_each_channel():
    found = words(REGION, colour_frame(np.full((30, 30, 3), (1, 2, 3), "u1")))
    assert found == (
        "R mean 1 · SD 0 · 1 to 1",
        "G mean 2 · SD 0 · 2 to 2",
        "B mean 3 · SD 0 · 3 to 3",
        "Area 20.0 px² · 20 px",
    )


def test_region_between_the_pixels_says_so():
    empty = Measurement(kind=Kind.ELLIPSE, points=((5.6, 5.6), (6.4, 6.4)))
    assert words(empty, grey_frame())[-1] == "No pixel inside"


@pytest.mark.parametrize(
    ("view", "note"),
    [
        ("PA", None),
        ("AP", "AP film: the heart is magnified, the ratio is meant for PA"),
        ("", "View not stated: the ratio is meant for PA films"),
        ("LL", "LL view: the ratio is meant for PA films"),
    ],
)
def test_heart_ratio_warns_of_every_film_that_is_not_pa(view, note):
    found = words(HEART, grey_frame(spacing=AT_DETECTOR), instance(view=view))
    assert found[0] == "Cardiothoracic ratio 0.48"
    assert found[1] == "Heart 48.0 · thorax 100.0 mm (at detector)"
    assert found[2:] == ((note,) if note else ())


def test_angle_and_what_cannot_be_computed():
    angle = Measurement(kind=Kind.ANGLE, points=((10.0, 0.0), (0.0, 0.0), (0.0, 5.0)))
    assert words(angle, grey_frame()) == ("90.0°",)
    flat = Measurement(kind=Kind.ANGLE, points=((1.0, 1.0),) * 3)
    assert words(flat, grey_frame()) == ("–",)
    thin = Measurement(kind=Kind.HEART_RATIO, points=((1.0, 1.0),) * 4)
    assert words(thin, grey_frame()) == ("Cardiothoracic ratio –",)


@pytest.mark.parametrize(
    ("frame", "kind", "expected"),
    [
        (grey_frame(), "DX", "x 20 y 10 · 130"),
        (grey_frame(modality=Rescale(1.0, -1024.0, "HU")), "CT", "x 20 y 10 · -894 HU"),
        (colour_frame(np.full((30, 30, 3), (7, 8, 9), "u1")), "OT", "x 20 y 10 · 7 8 9"),
    ],
    ids=["stored", "HU", "colour"],
)
def test_bottom_bar_gives_the_value_that_a_probe_gives(qtbot, frame, kind, expected):
    state = ReadingState(Look())
    state.show_film(film(frame, instance(modality=kind)))
    state.set_cursor((20.9, 10.2))
    assert cursor_words(state) == expected

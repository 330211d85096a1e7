from __future__ import annotations

import numpy as np
import pytest
from measured_films import colour_frame, grey_frame

from medkd_core.imaging.frame import LookupTable, Rescale
from medkd_viewer.measuring.measurement import Kind, Measurement
from medkd_viewer.measuring.region import region_statistics

ROWS, COLUMNS = 61, 83
BOXES = [
    ((5.0, 5.0), (40.0, 30.0)),
    ((40.3, 30.7), (5.1, 5.9)),
    ((0.0, 0.0), (83.0, 61.0)),
    ((60.2, 40.0), (83.0, 61.0)),
    ((20.5, 20.5), (24.5, 26.5)),
]


def inside(kind: Kind, corners) -> np.ndarray:
    """Pixels whose centres lie in the outline or on it, found one by one."""
    (x0, x1), (y0, y1) = (sorted(side) for side in zip(*corners, strict=True))
    found = np.zeros((ROWS, COLUMNS), bool)
    for row in range(ROWS):
        for column in range(COLUMNS):
            x, y = column + 0.5, row + 0.5
            if kind is Kind.RECTANGLE:
                found[row, column] = x0 <= x <= x1 and y0 <= y <= y1
            else:
                across, down = (2 * x - x0 - x1) / (x1 - x0), (2 * y - y0 - y1) / (y1 - y0)
                found[row, column] = across**2 + down**2 <= 1
    return found


def region(kind: Kind, corners) -> Measurement:
    return Measurement(kind=kind, points=corners)


def random_pixels(kind: str, low: float, high: float, shape=(ROWS, COLUMNS)) -> np.ndarray:
    return np.random.default_rng(4).uniform(low, high, shape).astype(kind)


@pytest.mark.parametrize("corners", BOXES)
@pytest.mark.parametrize("kind", [Kind.ELLIPSE, Kind.RECTANGLE])
@pytest.mark.parametrize(
    "stored",
    [
        random_pixels("u1", 0, 255),
        random_pixels("u2", 0, 65535),
        random_pixels("i2", -3000, 3000),
        random_pixels("i4", -(2**30), 2**30),
        random_pixels("f4", -1, 1),
    ],
    ids=lambda stored: str(stored.dtype),
)
def test_statistics_are_those_of_the_pixels_whose_centres_lie_inside(kind, corners, stored):
    found = region_statistics(grey_frame(stored), region(kind, corners))
    values = stored[inside(kind, corners)].astype(float)
    assert found.count == values.size > 0
    (grey,) = found.channels
    figures = (grey.mean, grey.deviation, grey.lowest, grey.highest)
    assert figures == pytest.approx((values.mean(), values.std(), values.min(), values.max()))


@pytest.mark.parametrize("slope", [2.5, -0.5])
def test_statistics_come_in_the_unit_of_the_modality(slope):
    stored = random_pixels("u2", 0, 4000)
    frame = grey_frame(stored, modality=Rescale(slope, -1024.0, "HU"))
    values = stored[inside(Kind.ELLIPSE, BOXES[0])] * slope - 1024.0
    (grey,) = region_statistics(frame, region(Kind.ELLIPSE, BOXES[0])).channels
    figures = (grey.mean, grey.deviation, grey.lowest, grey.highest)
    assert figures == pytest.approx((values.mean(), values.std(), values.min(), values.max()))


def test_statistics_go_through_a_modality_table():
    stored = random_pixels("u1", 0, 255)
    table = LookupTable(0, (np.arange(256) ** 2)[::-1].astype("i8"), 16)
    values = table.values[stored[inside(Kind.RECTANGLE, BOXES[1])]]
    frame = grey_frame(stored, modality=table)
    (grey,) = region_statistics(frame, region(Kind.RECTANGLE, BOXES[1])).channels
    assert (grey.mean, grey.lowest) == pytest.approx((values.mean(), values.min()))


def test_padding_is_no_part_of_a_region():
    stored = random_pixels("i2", 0, 100)
    stored[:, :20] = -2000
    frame = grey_frame(stored, padding=(-2000, -2000))
    found = region_statistics(frame, region(Kind.RECTANGLE, BOXES[0]))
    assert found.count == 25 * 20
    assert found.channels[0].lowest >= 0


def test_pixels_that_are_no_number_are_left_out():
    stored = random_pixels("f4", 0, 1)
    stored[10:20, 10:20] = np.nan
    found = region_statistics(grey_frame(stored), region(Kind.RECTANGLE, BOXES[0]))
    assert found.count == 35 * 25 - 100
    assert 0 <= found.channels[0].mean <= 1


@pytest.mark.parametrize("kind", ["u1", "u2"])
def test_colour_has_statistics_of_each_channel(kind):
    stored = random_pixels(kind, 0, np.iinfo(kind).max, (ROWS, COLUMNS, 3))
    found = region_statistics(colour_frame(stored), region(Kind.ELLIPSE, BOXES[0]))
    values = stored[inside(Kind.ELLIPSE, BOXES[0])].astype(float)
    assert [c.channel for c in found.channels] == ["R", "G", "B"]
    assert [c.mean for c in found.channels] == pytest.approx(list(values.mean(axis=0)))
    assert [c.deviation for c in found.channels] == pytest.approx(list(values.std(axis=0)))
    assert [c.highest for c in found.channels] == list(values.max(axis=0))


@pytest.mark.parametrize("kind", [Kind.ELLIPSE, Kind.RECTANGLE])
@pytest.mark.parametrize(
    "corners", [((5.6, 5.6), (6.4, 6.4)), ((7.0, 7.0), (7.0, 7.0)), ((500.0, 9.0), (900.0, 30.0))]
)
def test_region_without_any_pixel_has_no_figures(kind, corners):
    found = region_statistics(grey_frame(random_pixels("u2", 0, 9)), region(kind, corners))
    assert (found.count, found.channels) == (0, ())

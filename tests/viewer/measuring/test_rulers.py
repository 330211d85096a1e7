from __future__ import annotations

import numpy as np
import pytest

from medkd_core.imaging.frame import Spacing, SpacingBasis
from medkd_viewer.measuring.measurement import Kind, Measurement
from medkd_viewer.measuring.ruler import Ruler

OBLONG = Spacing(row_mm=2.0, column_mm=0.5, basis=SpacingBasis.CALIBRATED)
UNKNOWN = Spacing(row_mm=2.0, column_mm=0.5, basis=SpacingBasis.UNKNOWN)


def test_length_on_oblong_pixels_follows_both_spacings():
    assert Ruler(OBLONG).length((0, 0), (6, 0)) == 3.0
    assert Ruler(OBLONG).length((0, 0), (0, 2)) == 4.0
    assert Ruler(OBLONG).length((10, 10), (16, 12)) == 5.0


@pytest.mark.parametrize("spacing", [None, UNKNOWN])
def test_length_comes_in_pixels_where_millimetres_mean_nothing(spacing):
    ruler = Ruler(spacing)
    assert not ruler.in_mm
    assert ruler.basis == ""
    assert ruler.length((0, 0), (3, 4)) == 5.0


def test_basis_of_the_millimetres_is_named():
    assert Ruler(OBLONG).basis == "calibrated"
    assert Ruler(Spacing(1, 1, SpacingBasis.AT_DETECTOR)).basis == "at detector"


@pytest.mark.parametrize("degrees", [0.5, 30, 90, 135, 179.5])
@pytest.mark.parametrize("turn", [0, 77, 200])
@pytest.mark.parametrize("spacing", [OBLONG, UNKNOWN])
def test_angle_is_that_of_the_body_whatever_the_shape_of_a_pixel(degrees, turn, spacing):
    pixel = np.array([spacing.column_mm, spacing.row_mm])
    vertex = np.array([40.0, 50.0])
    ends = [
        (vertex + 20 * np.array([np.cos(a), np.sin(a)])) / pixel
        for a in np.radians([turn, turn + degrees])
    ]
    for first, second in (ends, ends[::-1]):
        assert Ruler(spacing).angle(first, vertex / pixel, second) == pytest.approx(degrees)


def test_angle_is_the_drawn_one_where_the_shape_of_a_pixel_cannot_be_believed():
    ruler = Ruler(Spacing(row_mm=25.0, column_mm=1.0, basis=SpacingBasis.UNKNOWN))
    assert ruler.angle((9, 0), (0, 0), (9, 9)) == pytest.approx(45)
    heart = Measurement(kind=Kind.HEART_RATIO, points=((0, 0), (30, 40), (0, 0), (25, 0)))
    assert ruler.heart_share(heart) == pytest.approx(0.3)


def test_angle_with_an_arm_of_no_length_is_none():
    assert Ruler(None).angle((5, 5), (5, 5), (9, 9)) is None


@pytest.mark.parametrize("kind", [Kind.ELLIPSE, Kind.RECTANGLE])
def test_area_agrees_with_counted_points_on_oblong_pixels(kind):
    region = Measurement(kind=kind, points=((90.0, 12.0), (10.0, 44.0)))
    column, row = np.meshgrid(np.arange(0, 100, 0.05), np.arange(0, 60, 0.05))
    if kind is Kind.ELLIPSE:
        inside = ((column - 50) / 40) ** 2 + ((row - 28) / 16) ** 2 <= 1
    else:
        inside = (abs(column - 50) <= 40) & (abs(row - 28) <= 16)
    counted = inside.sum() * 0.05**2
    assert Ruler(None).area(region) == pytest.approx(counted, rel=0.005)
    assert Ruler(OBLONG).area(region) == pytest.approx(counted * 2.0 * 0.5, rel=0.005)


def heart(*points):
    return Measurement(kind=Kind.HEART_RATIO, points=points)


@pytest.mark.parametrize("spacing", [None, OBLONG])
@pytest.mark.parametrize("midline", [120.0, 150.0, 171.0])
def test_heart_share_is_danzers_sum_of_both_distances_from_the_midline(spacing, midline):
    thorax, right, left = ((20.0, 180.0), (280.0, 180.0)), (110.0, 120.0), (232.0, 160.0)
    danzer = ((midline - right[0]) + (left[0] - midline)) / 260
    share = Ruler(spacing).heart_share(heart(*thorax, right, left))
    assert share == pytest.approx(danzer)


def test_heart_share_is_the_same_on_a_film_that_lies_aslant():
    points = np.array([(20, 180), (280, 180), (110, 120), (232, 160)], float)
    angle = np.radians(33)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turned = points @ turn.T + 300
    upright = Ruler(None).heart_share(heart(*map(tuple, points)))
    assert Ruler(None).heart_share(heart(*map(tuple, turned))) == pytest.approx(upright)


def test_heart_share_does_not_mind_in_which_order_the_borders_were_set():
    thorax, right, left = ((20, 180), (280, 180)), (110, 120), (232, 160)
    orders = [(*thorax, right, left), (*thorax[::-1], right, left), (*thorax, left, right)]
    assert len({round(Ruler(None).heart_share(heart(*o)), 12) for o in orders}) == 1


def test_heart_share_of_a_thorax_without_width_is_none():
    assert Ruler(None).heart_share(heart((9, 9), (9, 9), (1, 1), (5, 5))) is None

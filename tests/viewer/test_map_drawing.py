from __future__ import annotations

import numpy as np
import pytest

from medkd_core.explanation.colours import colour_table
from medkd_viewer.reading.map_layer import (
    COLOUR_MAPS,
    MapStyle,
    contour_levels,
    contours,
    filled,
    shrunk,
)


def test_map_below_the_threshold_leaves_the_film_as_it_is():
    pixels = filled(np.full((3, 3), 0.2, np.float32), MapStyle(threshold=0.35))
    assert not pixels.any()


def test_map_above_the_threshold_has_its_colour_at_the_chosen_opacity():
    pixels = filled(np.full((1, 1), 1.0, np.float32), MapStyle(opacity=0.5, threshold=0.3))
    red, green, blue = colour_table("magma")[255].astype(int)
    assert pixels[0, 0].tolist() == pytest.approx([blue / 2, green / 2, red / 2, 127.5], abs=0.6)


@pytest.mark.parametrize("colours", COLOUR_MAPS)
def test_premultiplied_colour_never_exceeds_its_alpha(colours):
    ramp = np.linspace(0, 1, 256, dtype=np.float32)[None]
    pixels = filled(ramp, MapStyle(colours=colours)).astype(int)
    assert (pixels[..., :3] <= pixels[..., 3:]).all()


def test_contours_enclose_what_reaches_their_level():
    values = np.zeros((20, 20), np.float32)
    values[5:10, 6:12] = 0.8
    (outline,) = contours(values, 0.5)
    assert outline.min(axis=0).tolist() == [6, 5]
    assert outline.max(axis=0).tolist() == [11, 9]


def test_contours_begin_at_the_threshold():
    assert contour_levels(MapStyle(threshold=0.4))[0] == pytest.approx(0.4)
    assert max(contour_levels(MapStyle(threshold=0.4))) < 1


def test_map_of_a_huge_film_is_kept_small():
    assert shrunk(np.zeros((3000, 2000), np.float32)).shape == (1024, 682)

from __future__ import annotations

import numpy as np
import pytest
from measured_films import AT_DETECTOR, MeasuredPane, film, grey_frame

from medkd_viewer.measuring.ink import Item, laid_out
from medkd_viewer.measuring.labels import Ground, label_box, seen_points
from medkd_viewer.measuring.measurement import Kind, Measurement
from medkd_viewer.reading.viewport import PaneGeometry, Viewport
from medkd_viewer.theme import colour

AREA = (1.0, 1.0, 618.0, 418.0)
POINTS = ((110.0, 70.0), (220.0, 150.0), (110.0, 140.0), (190.0, 70.0))
WORDS = ("Mean 1547.2 (stored value)", "Area 4817.5 mm² (at detector)")


def drawn(kind: Kind, viewport: Viewport, points=POINTS):
    geometry = PaneGeometry(viewport, (300, 200), AREA)
    item = Item(kind, points[: kind.points], WORDS)
    return laid_out([item], geometry, 1.0, None, [])[0], geometry


def is_in(box, area) -> bool:
    left, top, width, height = box
    return (
        left >= area[0]
        and top >= area[1]
        and left + width <= area[0] + area[2]
        and top + height <= area[1] + area[3]
    )


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("zoom", [0.5, 1.0, 1.8])
@pytest.mark.parametrize(("turns", "mirrored"), [(0, False), (1, False), (2, True), (3, True)])
def test_text_stays_in_the_pane_and_off_the_lines(qtbot, kind, zoom, turns, mirrored):
    one, _ = drawn(kind, Viewport((150.0, 100.0), zoom, turns, mirrored))
    assert is_in(one.box, AREA)
    left, top, width, height = one.box
    outline = [one.path.pointAtPercent(share) for share in np.linspace(0, 1, 500)]
    assert not any(left <= p.x() <= left + width and top <= p.y() <= top + height for p in outline)


@pytest.mark.parametrize("kind", [Kind.LENGTH, Kind.ELLIPSE, Kind.RECTANGLE])
def test_text_of_a_measurement_larger_than_the_pane_is_still_seen(qtbot, kind):
    points = ((10.0, 0.0), (290.0, 200.0))
    one, _ = drawn(kind, Viewport((40.0, 20.0), 3.0), points)
    assert is_in(one.box, AREA)


def test_text_of_a_measurement_out_of_sight_is_left_out(qtbot):
    one, _ = drawn(Kind.PROBE, Viewport((150.0, 100.0), 20.0), ((5.0, 5.0),))
    assert one.box is None


def test_texts_of_neighbours_stand_apart(qtbot):
    geometry = PaneGeometry(Viewport((150.0, 100.0)), (300, 200), AREA)
    items = [Item(Kind.PROBE, ((140.0 + i, 100.0 + i),), WORDS) for i in range(4)]
    boxes = [one.box for one in laid_out(items, geometry, 1.0, None, [])]
    for number, (left, top, width, height) in enumerate(boxes):
        for other in boxes[number + 1 :]:
            apart = (
                left + width <= other[0]
                or other[0] + other[2] <= left
                or top + height <= other[1]
                or other[1] + other[3] <= top
            )
            assert apart


def test_text_prefers_a_place_that_nothing_else_has(qtbot):
    own = np.array([[100.0, 100.0]])
    alone = Ground(own, AREA)
    free = label_box((80, 20), [(100, 100)], AREA, own=own, everything=alone, taken=[])
    moved = label_box((80, 20), [(100, 100)], AREA, own=own, everything=alone, taken=[free])
    assert free[0] > 100
    assert moved != free


def test_points_out_of_sight_are_not_counted_however_far_a_line_goes():
    line = np.array([[-2e4, 200.0], [2e4, 200.0]])
    points = seen_points([line, np.array([[5000.0, 5000.0]])], AREA)
    assert 0 < len(points) < 200
    assert points[:, 0].min() >= AREA[0]


def _bright_stored() -> np.ndarray:
    stored = np.full((200, 300), 4000, "u2")
    stored[0, 0] = 0
    return stored


@pytest.mark.parametrize("kind", list(Kind))
def test_measurement_is_drawn_in_the_colour_of_measurements(qtbot, kind):
    hands = MeasuredPane(qtbot, film(grey_frame(spacing=AT_DETECTOR)))
    hands.sheet.add(Measurement(kind=kind, points=POINTS[: kind.points]))
    image = hands.pane.grab().toImage()
    shades = {image.pixel(x, y) for x in range(image.width()) for y in range(image.height())}
    assert colour("crosshair").rgb() in shades


def test_level_line_is_one_pixel_wide_with_a_dark_edge(qtbot):
    hands = MeasuredPane(qtbot, film(grey_frame(_bright_stored())))
    bare = hands.pane.grab().toImage()
    hands.sheet.add(Measurement(kind=Kind.LENGTH, points=((40.0, 50.3), (200.0, 50.3))))
    hands.sheet.choose(None)
    image = hands.pane.grab().toImage()
    x, y = hands.at(120, 50.3).x(), hands.at(120, 50.3).y()
    column = [image.pixelColor(x, y + by) for by in range(-3, 4)]
    bright = [i for i, shade in enumerate(column) if shade == colour("crosshair")]
    assert len(bright) == 1
    for beside in (bright[0] - 1, bright[0] + 1):
        assert column[beside].lightness() < bare.pixelColor(x, y).lightness() / 2

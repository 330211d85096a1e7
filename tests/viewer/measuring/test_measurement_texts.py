from __future__ import annotations

from dataclasses import replace
from itertools import combinations

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
    assert is_in(one.label.box, AREA)
    left, top, width, height = one.label.box
    outline = [one.path.pointAtPercent(share) for share in np.linspace(0, 1, 500)]
    assert not any(left <= p.x() <= left + width and top <= p.y() <= top + height for p in outline)


@pytest.mark.parametrize("kind", [Kind.LENGTH, Kind.ELLIPSE, Kind.RECTANGLE])
def test_text_of_a_measurement_larger_than_the_pane_is_still_seen(qtbot, kind):
    points = ((10.0, 0.0), (290.0, 200.0))
    one, _ = drawn(kind, Viewport((40.0, 20.0), 3.0), points)
    assert is_in(one.label.box, AREA)


def test_text_of_a_measurement_out_of_sight_is_left_out(qtbot):
    one, _ = drawn(Kind.PROBE, Viewport((150.0, 100.0), 20.0), ((5.0, 5.0),))
    assert one.label is None


def meet(one, other) -> bool:
    return not (
        one[0] + one[2] <= other[0]
        or other[0] + other[2] <= one[0]
        or one[1] + one[3] <= other[1]
        or other[1] + other[3] <= one[1]
    )


def nothing_meets(boxes) -> bool:
    return not any(meet(one, other) for one, other in combinations(boxes, 2))


@pytest.mark.parametrize("texts", [4, 12, 30])
def test_texts_of_neighbours_stand_apart_however_many_they_are(qtbot, texts):
    geometry = PaneGeometry(Viewport((150.0, 100.0)), (300, 200), AREA)
    items = [Item(Kind.PROBE, ((140.0 + i, 100.0 + i),), WORDS) for i in range(texts)]
    labels = [one.label for one in laid_out(items, geometry, 1.0, None, [])]
    shown = [label.box for label in labels if label is not None]
    assert nothing_meets(shown)
    assert len(shown) >= min(texts, 12)


def test_text_of_the_measurement_in_hand_finds_its_place_before_all_others(qtbot):
    geometry = PaneGeometry(Viewport((150.0, 100.0)), (300, 200), (1.0, 1.0, 240.0, 90.0))
    items = [Item(Kind.PROBE, ((140.0 + 5 * i, 100.0 + i),), WORDS) for i in range(8)]
    plain = laid_out(items, geometry, 1.0, None, [])
    left_out = next(number for number, one in enumerate(plain) if one.label is None)
    shown = laid_out(items, geometry, 1.0, None, [], left_out)
    assert shown[left_out].label is not None


def test_first_line_stays_where_there_is_no_room_for_all(qtbot):
    geometry = PaneGeometry(Viewport((150.0, 100.0)), (300, 200), (1.0, 1.0, 300.0, 120.0))
    item = Item(Kind.PROBE, ((150.0, 150.0),), WORDS)
    (one,) = laid_out([item], geometry, 1.0, None, [(1.0, 45.0, 300.0, 80.0)])
    assert one.label.words == WORDS[:1]


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("size", [(364, 422), (480, 424), (260, 240), (620, 420)])
def test_no_text_of_a_measurement_lies_over_a_corner_text_a_letter_or_the_bar(qtbot, turns, size):
    hands = MeasuredPane(qtbot, film(grey_frame(spacing=AT_DETECTOR)))
    hands.pane.resize(*size)
    hands.state.set_viewport(replace(hands.state.viewport, quarter_turns=turns))
    for number, kind in enumerate(Kind):
        points = [(20.0 + 40 * number, 30.0), (90.0, 170.0), (40.0, 150.0), (250.0, 20.0)]
        hands.sheet.add(Measurement(kind=kind, points=tuple(points[: kind.points])))
    geometry = hands.pane.geometry_now()
    taken = tuple(hands.pane.page(geometry).boxes())
    hands.pane.grab()
    texts = [one.label.box for one in hands.overlay.drawn if one.label is not None]
    assert len(taken) >= 4
    assert len(texts) >= (4 if size[0] < 300 else 6)
    assert nothing_meets(texts)
    assert not any(meet(text, other) for text in texts for other in taken)


def test_text_that_must_stand_far_away_is_led_to_its_measurement(qtbot):
    geometry = PaneGeometry(Viewport((150.0, 100.0)), (300, 200), AREA)
    item = Item(Kind.PROBE, ((150.0, 100.0),), WORDS)
    x, y = geometry.to_pane(150.0, 100.0)
    (beside,) = laid_out([item], geometry, 1.0, None, [])
    assert beside.label.leader is None
    (away,) = laid_out([item], geometry, 1.0, None, [(x - 200, y - 120, 400.0, 240.0)])
    (x0, y0), (x1, y1) = away.label.leader
    left, top, width, height = away.label.box
    assert left <= x0 <= left + width
    assert top <= y0 <= top + height
    assert (x1, y1) == pytest.approx((x, y), abs=1)


def test_text_without_any_free_place_is_left_out(qtbot):
    geometry = PaneGeometry(Viewport((150.0, 100.0)), (300, 200), AREA)
    item = Item(Kind.PROBE, ((150.0, 100.0),), WORDS)
    (one,) = laid_out([item], geometry, 1.0, None, [AREA])
    assert one.label is None


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

from __future__ import annotations

import numpy as np
import pytest
from measured_films import AT_DETECTOR, MeasuredPane, film, grey_frame
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from medkd_core.imaging.frame import Spacing, SpacingBasis
from medkd_viewer.measuring.measurement import Kind
from medkd_viewer.measuring.sheets import Sheets
from medkd_viewer.reading.look import Tool
from medkd_viewer.reading.viewport import Viewport, flipped, turned
from medkd_viewer.studies.journal import Journal


@pytest.fixture
def hands(qtbot) -> MeasuredPane:
    return MeasuredPane(qtbot, film(grey_frame(spacing=AT_DETECTOR)))


def only(hands: MeasuredPane):
    (measurement,) = hands.sheet.measurements
    return measurement


def close_to(points, expected, within=0.6) -> bool:
    return np.allclose(points, expected, atol=within)


DRAGGED = [Tool.LENGTH, Tool.ELLIPSE, Tool.RECTANGLE]


@pytest.mark.parametrize("tool", DRAGGED)
def test_drag_measures_from_where_it_began_to_where_it_ended(hands, tool):
    hands.look.set_tool(tool)
    hands.drag((40, 50), (160, 120))
    assert only(hands).kind.value == tool.value
    assert close_to(only(hands).points, [(40, 50), (160, 120)])
    assert hands.sheet.chosen == 0


@pytest.mark.parametrize("tool", DRAGGED)
def test_two_clicks_measure_as_a_drag_does(hands, tool):
    hands.look.set_tool(tool)
    hands.click((40, 50))
    hands.move((100, 100))
    hands.click((160, 120))
    assert close_to(only(hands).points, [(40, 50), (160, 120)])


@pytest.mark.parametrize("tool", DRAGGED)
def test_two_clicks_on_one_spot_measure_nothing(hands, tool):
    hands.look.set_tool(tool)
    for _ in range(2):
        hands.click((50, 50))
    assert hands.sheet.measurements == ()
    assert not hands.overlay.is_busy


def test_angle_is_dragged_to_its_vertex_and_clicked_at_its_end(hands):
    hands.look.set_tool(Tool.ANGLE)
    hands.drag((40, 50), (100, 100))
    assert hands.sheet.measurements == ()
    hands.move((150, 60))
    hands.click((160, 50))
    assert close_to(only(hands).points, [(40, 50), (100, 100), (160, 50)])


def test_angle_is_made_by_three_clicks_however_quick(hands):
    hands.look.set_tool(Tool.ANGLE)
    for place in ((40, 50), (100, 100)):
        hands.click(place)
    # The second press of a double click comes as another event.
    button, place = Qt.MouseButton.LeftButton, hands.at(160, 50)
    QTest.mouseDClick(hands.pane, button, pos=place)
    QTest.mouseRelease(hands.pane, button, pos=place)
    assert close_to(only(hands).points, [(40, 50), (100, 100), (160, 50)])


def test_probe_is_one_click(hands):
    hands.look.set_tool(Tool.PROBE)
    hands.click((40, 50))
    assert only(hands).kind is Kind.PROBE
    assert close_to(only(hands).points, [(40, 50)])


def test_heart_ratio_takes_the_thorax_then_the_heart(hands):
    hints = [hands.overlay.hint]
    hands.overlay.told.connect(lambda: hints.append(hands.overlay.hint))
    hands.look.set_tool(Tool.HEART_RATIO)
    hands.drag((20, 150), (280, 150))
    assert hands.sheet.measurements == ()
    assert "heart" in hints[-1]
    hands.drag((110, 100), (230, 130))
    assert close_to(only(hands).points, [(20, 150), (280, 150), (110, 100), (230, 130)])
    assert hands.overlay.lines()[0].startswith("Cardiothoracic ratio 0.46")
    assert "thorax" in hints[1]


def test_cross_hair_goes_with_the_end_that_is_dragged(hands):
    hands.look.set_tool(Tool.LENGTH)
    hands.press((40, 50))
    hands.move((160, 120))
    assert close_to(hands.state.cursor, (160, 120))


def test_hint_goes_with_the_tool(hands):
    assert hands.overlay.hint == ""
    hands.look.set_tool(Tool.LENGTH)
    assert "one end" in hands.overlay.hint
    hands.look.set_tool(Tool.PAN)
    assert hands.overlay.hint == ""


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("zoom", [0.7, 1.0, 2.5])
def test_same_places_give_the_same_measurement_however_the_film_is_shown(
    hands, turns, mirrored, zoom
):
    hands.state.set_viewport(Viewport((110.0, 90.0), zoom, turns, mirrored))
    hands.look.set_tool(Tool.LENGTH)
    hands.drag((80, 70), (140, 100))
    within = 1 / hands.pane.geometry_now().scale
    assert close_to(only(hands).points, [(80, 70), (140, 100)], within)


@pytest.mark.parametrize("change", ["turn", "mirror", "zoom", "pan"])
def test_measurement_stays_on_its_place_of_the_film(hands, change):
    hands.look.set_tool(Tool.ELLIPSE)
    hands.drag((80, 70), (140, 100))
    before, words = only(hands), hands.overlay.lines()
    geometry = hands.pane.geometry_now()
    viewports = {
        "turn": turned(geometry.viewport),
        "mirror": flipped(geometry.viewport, horizontally=True),
        "zoom": geometry.zoomed(3.0, 300, 200),
        "pan": geometry.panned(40, -30),
    }
    hands.state.set_viewport(viewports[change])
    hands.pane.grab()
    assert (only(hands), hands.overlay.lines()) == (before, words)


def test_points_stay_on_the_film(hands):
    hands.look.set_tool(Tool.RECTANGLE)
    hands.state.set_viewport(Viewport((150.0, 100.0), 0.5))
    hands.drag((-30, -20), (400, 300))
    assert only(hands).points == ((0.0, 0.0), (300.0, 200.0))


@pytest.mark.parametrize(("end", "expected"), [((160, 60), (160, 50)), ((48, 120), (40, 120))])
def test_shift_keeps_a_line_straight(hands, end, expected):
    hands.look.set_tool(Tool.LENGTH)
    hands.drag((40, 50), end, Qt.KeyboardModifier.ShiftModifier)
    assert close_to(only(hands).points, [(40, 50), expected])
    (x0, y0), (x1, y1) = only(hands).points
    assert x0 == x1 or y0 == y1


def test_shift_makes_a_square(hands):
    hands.look.set_tool(Tool.RECTANGLE)
    hands.drag((140, 120), (100, 105), Qt.KeyboardModifier.ShiftModifier)
    assert close_to(only(hands).points, [(140, 120), (100, 80)])


def test_oblong_pixels_are_measured_in_millimetres_and_squared_as_they_are_seen(qtbot):
    oblong = Spacing(row_mm=1.5, column_mm=0.5, basis=SpacingBasis.CALIBRATED)
    hands = MeasuredPane(qtbot, film(grey_frame(spacing=oblong)))
    hands.look.set_tool(Tool.LENGTH)
    hands.drag((100, 50), (100, 70))
    (line,) = hands.overlay.lines()
    assert float(line.split()[1]) == pytest.approx(30.0, abs=0.8)
    assert line.endswith("mm (calibrated)")
    hands.look.set_tool(Tool.RECTANGLE)
    hands.drag((150, 100), (210, 101), Qt.KeyboardModifier.ShiftModifier)
    (x0, y0), (x1, y1) = hands.sheet.measurements[1].points
    assert (x1 - x0) * 0.5 == pytest.approx((y1 - y0) * 1.5)
    hands.look.set_tool(Tool.WINDOW)
    hands.drag((100, 70), (100, 90))
    assert hands.sheet.measurements[0].points[1][1] == pytest.approx(90, abs=1)


@pytest.mark.parametrize("tool", [Tool.LENGTH, Tool.WINDOW])
def test_handle_is_taken_with_any_tool(hands, tool):
    hands.look.set_tool(Tool.LENGTH)
    hands.drag((40, 50), (160, 120))
    hands.look.set_tool(tool)
    window = hands.state.voi
    hands.drag((160, 120), (200, 60))
    assert close_to(only(hands).points, [(40, 50), (200, 60)], 1.0)
    assert hands.state.voi is window
    hands.sheet.undo()
    assert close_to(only(hands).points, [(40, 50), (160, 120)])


def test_handle_taken_off_its_middle_does_not_jump(hands):
    hands.look.set_tool(Tool.LENGTH)
    hands.drag((40, 50), (160, 120))
    before = only(hands).points[1]
    off = hands.at(160, 120) + QPoint(4, 0)
    start = hands.film_place(off)
    hands.drag(start, (start[0] + 20, start[1]))
    assert close_to(only(hands).points[1], (before[0] + 20, before[1]))


def test_line_is_moved_whole(hands):
    hands.look.set_tool(Tool.LENGTH)
    hands.drag((40, 50), (160, 120))
    hands.drag((100, 85), (110, 65))
    assert close_to(only(hands).points, [(50, 30), (170, 100)], 1.0)


def test_other_tools_keep_their_drag_beside_the_handles(hands):
    hands.look.set_tool(Tool.LENGTH)
    hands.drag((40, 50), (160, 120))
    hands.sheet.choose(None)
    hands.look.set_tool(Tool.WINDOW)
    before, window = only(hands), hands.state.voi
    hands.drag((100, 85), (140, 85))
    assert hands.state.voi != window
    assert (only(hands), hands.sheet.chosen) == (before, 0)


@pytest.mark.parametrize(("off", "chosen"), [(4, 1), (12, None)])
def test_click_near_a_line_chooses_it(hands, off, chosen):
    hands.look.set_tool(Tool.LENGTH)
    hands.drag((40, 50), (40, 150))
    hands.drag((200, 50), (200, 150))
    hands.sheet.choose(None)
    hands.look.set_tool(Tool.PAN)
    QTest.mouseClick(hands.pane, Qt.MouseButton.LeftButton, pos=hands.at(200, 100) + QPoint(off, 0))
    assert hands.sheet.chosen == chosen


def test_escape_gives_up_an_unfinished_measurement_then_the_choice(hands):
    hands.look.set_tool(Tool.LENGTH)
    hands.drag((40, 50), (160, 120))
    hands.look.set_tool(Tool.ANGLE)
    hands.drag((60, 150), (100, 160))
    hands.key(Qt.Key.Key_Escape)
    assert not hands.overlay.is_busy
    hands.sheet.choose(0)
    hands.key(Qt.Key.Key_Escape)
    assert hands.sheet.chosen is None
    assert only(hands).kind is Kind.LENGTH


@pytest.mark.parametrize("end", ["tool", "film", "no film"])
def test_unfinished_measurement_goes_with_tool_and_film(hands, end):
    hands.look.set_tool(Tool.ANGLE)
    hands.drag((60, 150), (100, 160))
    before = hands.sheet
    if end == "tool":
        hands.look.set_tool(Tool.LENGTH)
    else:
        hands.state.show_film(None if end == "no film" else film(grey_frame()))
    assert not hands.overlay.is_busy
    assert before.measurements == ()


def test_measurement_deleted_while_it_is_in_the_hand_stays_deleted(hands):
    hands.look.set_tool(Tool.LENGTH)
    hands.drag((40, 50), (160, 120))
    hands.press((160, 120))
    hands.move((200, 100))
    hands.sheet.remove_chosen()
    QTest.mouseRelease(hands.pane, Qt.MouseButton.LeftButton, pos=hands.at(200, 100))
    assert hands.sheet.measurements == ()


def test_pointer_says_what_a_press_would_do(hands):
    hands.look.set_tool(Tool.LENGTH)
    hands.drag((40, 50), (160, 120))
    shapes = {}
    for tool in (Tool.LENGTH, Tool.WINDOW):
        hands.look.set_tool(tool)
        for name, place in (("handle", (40, 50)), ("line", (100, 85)), ("film", (250, 20))):
            hands.move(place)
            shapes[tool, name] = hands.pane.cursor().shape()
    shape = Qt.CursorShape
    assert shapes == {
        (Tool.LENGTH, "handle"): shape.PointingHandCursor,
        (Tool.LENGTH, "line"): shape.SizeAllCursor,
        (Tool.LENGTH, "film"): shape.CrossCursor,
        (Tool.WINDOW, "handle"): shape.PointingHandCursor,
        (Tool.WINDOW, "line"): shape.ArrowCursor,
        (Tool.WINDOW, "film"): shape.ArrowCursor,
    }


def test_double_click_with_another_tool_still_shows_the_pane_alone(hands, qtbot):
    with qtbot.waitSignal(hands.pane.maximise_asked):
        QTest.mouseDClick(hands.pane, Qt.MouseButton.LeftButton, pos=hands.at(100, 100))


def test_every_pane_of_a_film_shows_what_was_measured_on_one(qtbot):
    sheets = Sheets(Journal(None))
    one, other = (MeasuredPane(qtbot, film(grey_frame()), sheets) for _ in range(2))
    before = other.pane.grab().toImage()
    one.look.set_tool(Tool.ELLIPSE)
    one.drag((40, 50), (160, 120))
    assert other.sheet is one.sheet
    assert other.pane.grab().toImage() != before


def mouse(hands, kind, place, button, buttons) -> None:
    where = QPointF(hands.at(*place))
    event = QMouseEvent(
        kind, where, hands.pane.mapToGlobal(where), button, buttons, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(hands.pane, event)


LEFT, RIGHT, NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.NoButton


def test_right_click_during_a_drag_opens_no_menu_and_spoils_no_measurement(hands):
    asked = []
    hands.pane.menu_asked.connect(asked.append)
    hands.look.set_tool(Tool.LENGTH)
    mouse(hands, QEvent.Type.MouseButtonPress, (50, 50), LEFT, LEFT)
    mouse(hands, QEvent.Type.MouseMove, (90, 60), NONE, LEFT)
    mouse(hands, QEvent.Type.MouseButtonPress, (90, 60), RIGHT, LEFT | RIGHT)
    mouse(hands, QEvent.Type.MouseButtonRelease, (90, 60), RIGHT, LEFT)
    mouse(hands, QEvent.Type.MouseMove, (120, 60), NONE, LEFT)
    mouse(hands, QEvent.Type.MouseButtonRelease, (120, 60), LEFT, NONE)
    assert asked == []
    (length,) = hands.sheet.measurements
    assert length.points[0] == pytest.approx((50, 50), abs=0.5)
    assert length.points[1] == pytest.approx((120, 60), abs=0.5)


def test_drag_whose_end_nobody_heard_is_given_up_and_the_mouse_is_free_again(hands):
    hands.look.set_tool(Tool.LENGTH)
    mouse(hands, QEvent.Type.MouseButtonPress, (50, 50), LEFT, LEFT)
    mouse(hands, QEvent.Type.MouseMove, (90, 60), NONE, LEFT)
    mouse(hands, QEvent.Type.MouseMove, (120, 60), NONE, NONE)
    assert not hands.overlay.is_busy
    middle = Qt.MouseButton.MiddleButton
    before = hands.state.viewport
    mouse(hands, QEvent.Type.MouseButtonPress, (120, 60), middle, middle)
    mouse(hands, QEvent.Type.MouseMove, (140, 60), NONE, middle)
    assert hands.state.viewport.center != before.center
    assert hands.sheet.measurements == ()

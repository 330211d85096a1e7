"""What mouse, wheel and keys do to one pane."""

from __future__ import annotations

import pytest
from films_in_memory import film_of, study_of
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QNativeGestureEvent, QPointingDevice, QWheelEvent
from PySide6.QtWidgets import QApplication

from medkd_viewer.reading.look import Look
from medkd_viewer.reading.pane import FilmPane
from medkd_viewer.reading.state import ReadingState

PLAIN, CONTROL = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier
START = QPoint(100, 100)


@pytest.fixture
def pane(qtbot) -> FilmPane:
    state = ReadingState(Look())
    state.show_film(film_of(study_of(images=5)))
    pane = FilmPane(state)
    qtbot.addWidget(pane)
    pane.resize(300, 240)
    return pane


@pytest.fixture
def steps(pane) -> list[int]:
    asked: list[int] = []
    pane.state.step_asked.connect(asked.append)
    return asked


def drag(qtbot, pane, button, by: QPoint) -> None:
    qtbot.mousePress(pane, button, pos=START)
    qtbot.mouseMove(pane, START + by / 2)
    qtbot.mouseMove(pane, START + by)
    qtbot.mouseRelease(pane, button, pos=START + by)


def turn_wheel(pane, angle: QPoint, modifiers=PLAIN) -> None:
    place = QPointF(START)
    event = QWheelEvent(
        place,
        place,
        QPoint(),
        angle,
        Qt.MouseButton.NoButton,
        modifiers,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(pane, event)


def test_wheel_goes_to_the_next_image_and_back(pane, steps):
    turn_wheel(pane, QPoint(0, -120))
    turn_wheel(pane, QPoint(0, 240))
    assert steps == [1, -2]


def test_fine_wheel_steps_once_a_notch(pane, steps):
    for _ in range(9):
        turn_wheel(pane, QPoint(0, -40))
    assert steps == [1, 1, 1]


def test_fine_wheel_turned_back_forgets_the_part_of_a_notch(pane, steps):
    for angle in (-100, 100, -100, 100):
        turn_wheel(pane, QPoint(0, angle))
    assert steps == []


def test_wheel_turned_sideways_does_nothing(pane, steps):
    before = pane.state.viewport
    turn_wheel(pane, QPoint(-240, 0))
    turn_wheel(pane, QPoint(240, 0), CONTROL)
    assert steps == []
    assert pane.state.viewport == before


def test_wheel_with_control_zooms_at_the_pointer(pane, steps):
    place = pane.geometry_now().to_film(START.x(), START.y())
    turn_wheel(pane, QPoint(0, 120), CONTROL)
    assert pane.state.viewport.zoom > 1
    assert pane.geometry_now().to_pane(*place) == pytest.approx((START.x(), START.y()))
    assert steps == []


def test_wheel_goes_on_from_an_image_that_cannot_be_shown(pane, steps):
    pane.state.show_film(None)
    turn_wheel(pane, QPoint(0, -120))
    assert steps == [1]


def test_wheel_zooms_where_there_is_but_one_image(pane, steps):
    pane.state.show_film(film_of(study_of(date="20190302")))
    turn_wheel(pane, QPoint(0, 120))
    assert pane.state.viewport.zoom > 1
    assert steps == []


def test_reader_may_have_the_wheel_zoom_always(pane, steps):
    pane.state.look.set_wheel_zooms(True)
    turn_wheel(pane, QPoint(0, 120))
    assert pane.state.viewport.zoom > 1
    assert steps == []


def test_middle_drag_moves_the_film(pane, qtbot):
    before = pane.geometry_now().to_pane(10, 10)
    drag(qtbot, pane, Qt.MouseButton.MiddleButton, QPoint(20, 14))
    assert pane.geometry_now().to_pane(10, 10) == pytest.approx((before[0] + 20, before[1] + 14))


def test_right_drag_upwards_enlarges_around_the_place_where_it_began(pane, qtbot):
    asked = []
    pane.menu_asked.connect(asked.append)
    place = pane.geometry_now().to_film(START.x(), START.y())
    drag(qtbot, pane, Qt.MouseButton.RightButton, QPoint(0, -60))
    assert pane.state.viewport.zoom > 1.2
    assert pane.geometry_now().to_pane(*place) == pytest.approx((START.x(), START.y()))
    assert asked == []


def test_right_click_with_a_trembling_hand_asks_for_the_menu_and_zooms_nothing(pane, qtbot):
    asked = []
    pane.menu_asked.connect(asked.append)
    drag(qtbot, pane, Qt.MouseButton.RightButton, QPoint(2, 0))
    assert len(asked) == 1
    assert pane.state.viewport.zoom == 1


def test_menu_key_asks_for_the_menu(pane):
    asked = []
    pane.menu_asked.connect(asked.append)
    for reason in (QContextMenuEvent.Reason.Keyboard, QContextMenuEvent.Reason.Mouse):
        QApplication.sendEvent(pane, QContextMenuEvent(reason, START, pane.mapToGlobal(START)))
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("key", "moved"),
    [
        (Qt.Key.Key_Left, (40, 0)),
        (Qt.Key.Key_Right, (-40, 0)),
        (Qt.Key.Key_Up, (0, 40)),
        (Qt.Key.Key_Down, (0, -40)),
    ],
)
def test_arrows_look_at_another_part_of_the_film(pane, qtbot, key, moved):
    x, y = pane.geometry_now().to_pane(10, 10)
    qtbot.keyClick(pane, key)
    assert pane.geometry_now().to_pane(10, 10) == pytest.approx((x + moved[0], y + moved[1]))


def test_plus_and_minus_zoom_and_undo_each_other(pane, qtbot):
    qtbot.keyClick(pane, Qt.Key.Key_Plus)
    assert pane.state.viewport.zoom > 1
    qtbot.keyClick(pane, Qt.Key.Key_Minus)
    assert pane.state.viewport.zoom == pytest.approx(1)


def test_two_fingers_spread_on_a_touchpad_zoom_where_they_are(pane):
    place = pane.geometry_now().to_film(START.x(), START.y())
    where, kind = QPointF(START), Qt.NativeGestureType.ZoomNativeGesture
    device = QPointingDevice.primaryPointingDevice()
    spread = QNativeGestureEvent(kind, device, 2, where, where, where, 0.5, QPointF())
    QApplication.sendEvent(pane, spread)
    assert pane.state.viewport.zoom == pytest.approx(1.5)
    assert pane.geometry_now().to_pane(*place) == pytest.approx((START.x(), START.y()))

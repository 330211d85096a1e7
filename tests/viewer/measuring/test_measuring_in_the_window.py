from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from medkd_viewer.measuring.measurement import Kind, Measurement

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints", extend=True)


@pytest.fixture
def opened(desk, films):
    desk.open([films])
    return desk


def act(desk, name: str) -> None:
    desk.window.actions_by_name[name].trigger()


def drag(desk, start=(100, 100), end=(180, 140)) -> None:
    pane, button = desk.panes.film_pane, Qt.MouseButton.LeftButton
    QTest.mousePress(pane, button, pos=QPoint(*start))
    QTest.mouseMove(pane, QPoint(*end))
    QTest.mouseRelease(pane, button, pos=QPoint(*end))


def measured(desk):
    return desk.room.measuring.sheet.measurements


def test_measuring_by_keys_and_mouse_and_back_again(opened):
    opened.key(Qt.Key.Key_D)
    drag(opened)
    opened.key(Qt.Key.Key_E)
    drag(opened, (200, 100), (280, 180))
    assert [m.kind for m in measured(opened)] == [Kind.LENGTH, Kind.ELLIPSE]
    opened.key(Qt.Key.Key_Delete)
    assert [m.kind for m in measured(opened)] == [Kind.LENGTH]
    act(opened, "undo")
    assert len(measured(opened)) == 2
    act(opened, "undo")
    act(opened, "redo")
    assert len(measured(opened)) == 2
    act(opened, "delete_all")
    assert measured(opened) == ()


def test_what_is_measured_on_a_map_is_measured_on_its_film(opened):
    pane = next(iter(opened.panes.network_panes.values()))
    act(opened, "tool_length")
    bare = opened.panes.film_pane.grab().toImage()
    start = QPoint(pane.width() // 2, pane.height() // 2)
    end = start + QPoint(40, 10)
    QTest.mousePress(pane, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(pane, end)
    QTest.mouseRelease(pane, Qt.MouseButton.LeftButton, pos=end)
    (length,) = measured(opened)
    ends = [pane.geometry_now().to_film(place.x(), place.y()) for place in (start, end)]
    assert np.allclose(length.points, ends, atol=0.5)
    assert opened.panes.film_pane.grab().toImage() != bare


def test_panes_of_maps_show_lines_and_the_pane_in_hand_says_what_is_chosen(opened):
    sheet = opened.room.measuring.sheet
    for row in (60.0, 120.0):
        sheet.add(Measurement(kind=Kind.LENGTH, points=((40.0, row), (120.0, row))))
    overlay = opened.room.measuring.overlay(opened.state)

    def told(pane) -> list[bool]:
        pane.grab()
        return [one.label is not None for one in overlay.drawn]

    pane = next(iter(opened.panes.network_panes.values()))
    assert told(opened.panes.film_pane) == [True, True]
    assert told(pane) == [False, False]
    opened.panes.activate(pane)
    assert told(pane) == [False, True]


def test_going_to_another_film_gives_up_what_is_not_finished_on_the_first(opened):
    act(opened, "tool_length")
    act(opened, "layout_two")
    opened.room.comparing.lay_beside(list(opened.room.library.studies.values())[1])
    opened.wait(lambda: len(opened.room.desk.laid) == 2)
    first, second = opened.panes.panes[:2]
    for pane in (first, second):
        QTest.mouseClick(pane, Qt.MouseButton.LeftButton, pos=QPoint(90, 90))
    overlays = [opened.room.measuring.overlay(pane.state) for pane in (first, second)]
    assert [overlay.is_busy for overlay in overlays] == [False, True]


def test_commands_wait_until_there_is_something_to_do_and_undo_drops_the_unfinished(opened):
    actions = opened.window.actions_by_name
    names = ("undo", "redo", "delete", "delete_all", "copy")
    assert [actions[n].isEnabled() for n in names] == [False] * 5
    act(opened, "tool_length")
    drag(opened)
    assert [actions[n].isEnabled() for n in names] == [True, False, True, True, True]
    act(opened, "undo")
    assert [actions[n].isEnabled() for n in names] == [False, True, False, False, False]
    act(opened, "redo")
    act(opened, "tool_angle")
    drag(opened, (200, 150), (240, 120))
    act(opened, "undo")
    assert len(measured(opened)) == 1
    assert "drag one arm" in opened.room.measuring.hint


def test_bottom_bar_says_what_to_do_next(opened):
    act(opened, "tool_heart_ratio")
    bar = opened.window.bottom_bar
    assert "across the thorax" in bar.activity.text()
    drag(opened, (60, 200), (300, 200))
    assert "heart" in bar.activity.text()
    act(opened, "tool_window")
    assert "thorax" not in bar.activity.text()


def test_copied_text_is_that_of_the_chosen_measurement_or_of_all(opened):
    act(opened, "tool_length")
    drag(opened)
    act(opened, "tool_angle")
    drag(opened, (200, 150), (240, 120))
    QTest.mouseClick(opened.panes.film_pane, Qt.MouseButton.LeftButton, pos=QPoint(280, 150))
    clipboard = QGuiApplication.clipboard()
    act(opened, "copy")
    assert clipboard.text().startswith("Angle: ")
    opened.room.measuring.sheet.choose(None)
    act(opened, "copy")
    first, second = clipboard.text().split("\n\n")
    assert first.startswith("Length: ")
    assert first.endswith("mm (at detector)")
    assert second.startswith("Angle: ")


def test_list_shows_chooses_and_deletes_by_keyboard(opened):
    act(opened, "tool_length")
    drag(opened)
    drag(opened, (200, 200), (260, 200))
    act(opened, "measurements")
    window = opened.window.measurements
    assert window.list.count() == 2
    assert window.list.currentRow() == 1
    QTest.keyClick(window.list, Qt.Key.Key_Up)
    assert opened.room.measuring.sheet.chosen == 0
    second = measured(opened)[1]
    QTest.keyClick(window.list, Qt.Key.Key_Delete)
    assert measured(opened) == (second,)
    assert window.list.count() == 1
    window.delete_all.click()
    assert window.list.count() == 0
    assert not window.delete_all.isEnabled()
    act(opened, "measurements")
    assert not window.isVisible()


def test_list_follows_the_film_in_hand(opened):
    act(opened, "measurements")
    window = opened.window.measurements
    opened.room.measuring.sheet.add(Measurement(kind=Kind.PROBE, points=((5.0, 5.0),)))
    assert window.list.count() == 1
    first = opened.state.film.study.uid
    act(opened, "next_study")
    opened.wait(lambda: opened.state.film and opened.state.film.study.uid != first)
    assert window.list.count() == 0
    act(opened, "previous_study")
    opened.wait(lambda: opened.state.film and opened.state.film.study.uid == first)
    assert window.list.count() == 1

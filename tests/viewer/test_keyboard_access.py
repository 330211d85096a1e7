from __future__ import annotations

from collections import Counter

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QComboBox, QLineEdit, QSlider

from medkd_viewer.commands import COMMANDS
from medkd_viewer.studies.search_field import SearchField
from medkd_viewer.window.keys_dialog import KeysDialog

CONTROLS = (QAbstractButton, QComboBox, QLineEdit, QSlider, QAbstractItemView)


def controls(window):
    found = [w for kind in CONTROLS for w in window.findChildren(kind)]
    # Parts that Qt makes inside its own widgets.
    return [w for w in found if not w.objectName().startswith("qt_") and w.isVisibleTo(window)]


def test_every_control_has_a_name(desk, films):
    desk.open([films])
    unnamed = [
        w
        for w in controls(desk.window)
        if not w.accessibleName() and not isinstance(w.parent(), QComboBox | QLineEdit)
    ]
    assert not unnamed


def test_every_button_has_a_tooltip_or_words(desk):
    for button in desk.window.findChildren(QAbstractButton):
        if isinstance(button.parent(), QLineEdit) or not button.isVisibleTo(desk.window):
            continue
        assert button.text() or button.toolTip(), button


def test_keyboard_reaches_every_visible_control(desk, films, qtbot):
    desk.open([films])
    desk.window.activateWindow()
    wanted = {
        w
        for w in controls(desk.window)
        if w.isEnabled() and w.focusPolicy() & Qt.FocusPolicy.TabFocus
    }
    start = desk.window.top_bar.findChildren(QAbstractButton)[0]
    reached, widget = set(), start
    while widget not in reached:
        reached.add(widget)
        widget = widget.nextInFocusChain()
    assert wanted <= reached
    for control in wanted:
        assert control.focusPolicy() != Qt.FocusPolicy.ClickFocus


def test_tab_goes_from_pane_to_pane(desk, films):
    desk.open([films])
    desk.window.actions_by_name["next_pane"].trigger()
    assert desk.panes.active_pane is desk.panes.network_panes["ofa_595_s"]


def test_no_key_means_two_things():
    keys = Counter(key for command in COMMANDS for key in command.keys)
    assert [key for key, count in keys.items() if count > 1] == []


def test_escape_clears_the_search_and_then_leads_back_to_the_film(desk, films, qtbot):
    desk.open([films])
    desk.window.activateWindow()
    desk.room.studies.focus_search()
    search = desk.window.findChild(SearchField)
    qtbot.keyClicks(search, "ada")
    qtbot.keyClick(search, Qt.Key.Key_Escape)
    assert search.text() == ""
    assert search.hasFocus()
    qtbot.keyClick(search, Qt.Key.Key_Escape)
    assert desk.panes.active_pane.hasFocus()


def test_letters_typed_into_the_search_are_not_commands(desk, films, qtbot):
    desk.open([films])
    desk.window.activateWindow()
    desk.room.studies.focus_search()
    qtbot.keyClicks(desk.window.focusWidget(), "xg ada")
    assert not desk.state.inverted
    assert desk.room.look.style.visible


def test_list_of_keys_names_every_command_that_has_one(qtbot, desk):
    dialog = KeysDialog(desk.window.key_bindings, desk.window)
    qtbot.addWidget(dialog)
    from PySide6.QtWidgets import QLabel

    words = {label.text() for label in dialog.findChildren(QLabel)}
    assert {command.text for command in COMMANDS if command.keys} <= words


@pytest.mark.parametrize("size", [(1280, 800), (1440, 900), (1920, 1080)])
def test_panes_cover_the_middle_without_overlap_at_any_size(desk, films, size):
    desk.open([films])
    desk.window.resize(*size)
    desk.wait(lambda: desk.window.width() == size[0])
    boxes = [pane.geometry() for pane in desk.panes.panes]
    assert all(desk.panes.rect().contains(box) for box in boxes)
    assert not any(a.intersects(b) for i, a in enumerate(boxes) for b in boxes[i + 1 :])

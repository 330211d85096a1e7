from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from medkd_viewer.commands import COMMANDS
from medkd_viewer.key_bindings import KeyBindings
from medkd_viewer.preferences.opening import preferences


def test_no_two_commands_come_with_the_same_key():
    bindings = KeyBindings()
    clashes = [c for command in COMMANDS for c in bindings.clashes(command.name, command.keys)]
    assert clashes == []


def test_every_key_that_a_command_comes_with_can_be_its_key():
    bindings = KeyBindings()
    assert [k for c in COMMANDS for k in c.keys if bindings.refusal(c.name, k)] == []


def test_key_that_is_taken_names_the_command_that_has_it():
    (clash,) = KeyBindings().clashes("tool_pan", ("w",))
    assert clash.other.name == "tool_window"
    assert str(clash) == "W already means “Window and level”."


def test_two_keys_in_a_row_clash_with_the_first_alone():
    (clash,) = KeyBindings().clashes("tool_pan", ("W, X",))
    assert clash.other.name == "tool_window"
    assert not clash.whole
    assert "begins alike" in str(clash)


def test_key_of_a_pane_clashes_with_a_key_of_the_window():
    assert [c.other.name for c in KeyBindings().clashes("quit", ("Del",))] == ["delete"]


def test_taken_key_leaves_the_other_command_without_it():
    bindings = KeyBindings()
    bindings.bind("tool_pan", ("Ctrl+Y",))
    assert bindings.keys("tool_pan") == ("Ctrl+Y",)
    assert bindings.keys("redo") == ("Ctrl+Shift+Z",)
    assert bindings.changes() == {"redo": ["Ctrl+Shift+Z"], "tool_pan": ["Ctrl+Y"]}


def test_reset_brings_back_a_key_that_another_command_had_taken():
    bindings = KeyBindings()
    bindings.bind("tool_pan", ("W",))
    bindings.reset("tool_window")
    assert bindings.keys("tool_window") == ("W",)
    assert bindings.keys("tool_pan") == ()
    bindings.reset_all()
    assert bindings.changes() == {}
    assert bindings.keys("tool_pan") == ("T",)


@pytest.mark.parametrize("key", ["Left", "+", "Esc", "Alt+M", "Shift+Tab", "Tab", "Space", "foo"])
def test_keys_that_the_window_needs_cannot_be_given_away(key):
    assert KeyBindings().refusal("quit", key).endswith(".")


@pytest.mark.parametrize(
    ("saved", "words"),
    [
        ({"no_such_command": ["W"]}, "no_such_command"),
        ({"invert": ["???nonsense"]}, "Invert black and white"),
        ({"invert": ["Left"]}, "Invert black and white"),
        ({"invert": ["R"]}, "share a key"),
    ],
)
def test_damaged_saved_keys_fall_back_with_a_sentence(saved, words):
    bindings = KeyBindings(saved)
    assert bindings.changes() == {}
    (problem,) = bindings.problems
    assert words in problem


def test_saved_keys_that_were_exchanged_are_taken_as_they_are():
    bindings = KeyBindings({"invert": ["R"], "rotate": ["X"]})
    assert (bindings.keys("invert"), bindings.keys("rotate"), bindings.problems) == (
        ("R",),
        ("X",),
        (),
    )


@pytest.fixture
def dialog(qtbot, desk, films):
    desk.open([films])
    dialog = preferences(desk.window)
    qtbot.addWidget(dialog)
    dialog.show_page("Keys")
    dialog.show()
    qtbot.waitExposed(dialog)
    return dialog


def take_in_hand(desk) -> None:
    desk.window.activateWindow()
    desk.wait(desk.window.isActiveWindow)


def keys_page(dialog):
    return next(page for page in dialog.pages if page.title == "Keys")


def press_new_key(qtbot, page, command: str, key, modifier=Qt.KeyboardModifier.NoModifier):
    page.choose(command)
    page.capture.setFocus()
    page.capture.click()
    qtbot.keyClick(page.capture, key, modifier)


def test_rebound_key_works_in_the_window_and_the_old_one_no_more(qtbot, desk, dialog):
    press_new_key(qtbot, keys_page(dialog), "invert", Qt.Key.Key_U)
    dialog.accept()
    take_in_hand(desk)
    desk.key(Qt.Key.Key_X)
    assert not desk.state.inverted
    desk.key(Qt.Key.Key_U)
    assert desk.state.inverted
    assert desk.window.actions_by_name["invert"].toolTip() == "Invert black and white (U)"
    assert desk.window.settings.keys == {"invert": ["U"]}


def test_taken_key_is_given_only_after_a_question(qtbot, desk, dialog):
    page = keys_page(dialog)
    press_new_key(qtbot, page, "invert", Qt.Key.Key_R)
    assert page.sentence.text() == "R already means “Rotate clockwise”."
    assert desk.window.settings.keys == {}
    page.leave.click()
    assert page.sentence.text() == ""
    press_new_key(qtbot, page, "invert", Qt.Key.Key_R)
    page.take_over.click()
    assert desk.window.settings.keys == {"rotate": [], "invert": ["R"]}
    page.choose("rotate")
    page.restore.click()
    page.take_over.click()
    assert desk.window.settings.keys == {"invert": []}


def test_escape_leaves_the_key_as_it_was_and_the_dialog_open(qtbot, desk, dialog):
    press_new_key(qtbot, keys_page(dialog), "invert", Qt.Key.Key_Escape)
    assert dialog.isVisible()
    assert desk.window.settings.keys == {}


def test_cancel_takes_new_keys_back(qtbot, desk, dialog):
    press_new_key(qtbot, keys_page(dialog), "invert", Qt.Key.Key_U)
    dialog.cancel.click()
    take_in_hand(desk)
    desk.key(Qt.Key.Key_X)
    assert desk.state.inverted
    assert desk.window.settings.keys == {}


def test_held_key_peeks_when_it_is_another_one(qtbot, desk, dialog):
    press_new_key(qtbot, keys_page(dialog), "maps", Qt.Key.Key_U)
    dialog.accept()
    take_in_hand(desk)
    qtbot.keyPress(desk.panes.film_pane, Qt.Key.Key_U)
    assert not desk.room.look.style.visible
    qtbot.wait(450)
    qtbot.keyRelease(desk.panes.film_pane, Qt.Key.Key_U)
    assert desk.room.look.style.visible


def test_search_finds_a_command_by_its_words_and_its_key(dialog):
    page = keys_page(dialog)
    page.search.setText("clockwise rotate")
    assert page.command.name == "rotate"
    page.search.setText("ctrl+q")
    assert page.command.name == "quit"
    page.search.setText("no such thing")
    assert page.command is None
    assert not page.capture.isEnabled()

from __future__ import annotations

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from medkd_viewer.commands import COMMANDS
from medkd_viewer.window.menus import MenuButton, main_menu


def offered(menu: QMenu) -> set[QAction]:
    """Every action of a menu and of the menus in it."""
    found = set()
    for action in menu.actions():
        if isinstance(inner := action.menu(), QMenu):
            found |= offered(inner)
        elif not action.isSeparator():
            found.add(action)
    return found


def test_menu_offers_every_command(desk):
    menu = main_menu(desk.window.actions_by_name)
    assert offered(menu) == set(desk.window.actions_by_name.values())
    assert len(COMMANDS) == len(desk.window.actions_by_name)


def test_tool_that_has_no_room_is_found_in_the_menu_at_the_end(desk):
    # In between it depends on the system's font how many have room.
    for width, whole in ((640, False), (900, None), (1020, None), (1280, True), (1920, True)):
        desk.window.resize(width, 700)
        desk.wait(lambda width=width: desk.window.top_bar.width() == width)
        shows_all = assert_every_tool_is_found(desk.window.top_bar)
        assert whole in (None, shows_all)


def assert_every_tool_is_found(bar) -> bool:
    """In the bar or in its menu; whether the bar alone shows all."""
    everything = {b for b in bar.tools.buttons if not isinstance(b, MenuButton)}
    shown = {b for b in everything if b.isVisible()}
    bar.tools.more.opens.aboutToShow.emit()
    hidden = offered(bar.tools.more.opens) if bar.tools.more.isVisible() else set()
    assert {b.defaultAction() for b in everything - shown} <= hidden
    for part in bar.findChildren(QToolButton):
        if part.isVisible():
            assert bar.rect().contains(part.mapTo(bar, part.rect().bottomRight()))
    return shown == everything


def test_tools_rest_while_there_is_no_film(desk, films):
    actions = desk.window.actions_by_name
    resting = ("tool_window", "tool_length", "invert", "maps", "window_2", "next_image", "tags")
    assert not any(actions[name].isEnabled() for name in resting)
    assert actions["open_files"].isEnabled()
    desk.open([films / "ada.dcm"])
    assert actions["tool_window"].isEnabled()
    assert not actions["next_image"].isEnabled()
    assert not actions["next_study"].isEnabled()


def test_commands_of_the_film_rest_in_the_train_tab(desk, films):
    desk.open([films])
    actions = desk.window.actions_by_name
    actions["train_tab"].trigger()
    assert not actions["invert"].isEnabled()
    actions["read_tab"].trigger()
    assert actions["invert"].isEnabled()


def test_measuring_tool_without_a_button_takes_the_place_of_the_last_one(desk, films):
    desk.open([films])
    desk.window.actions_by_name["tool_heart_ratio"].trigger()
    buttons = [b for b in desk.window.top_bar.tools.buttons if b.isChecked()]
    assert "Cardiothoracic ratio" in [b.accessibleName() for b in buttons]


def test_windows_of_the_film_are_offered_by_their_names(desk, films):
    desk.open([films / "ada.dcm"])
    presets = {f"window_{p.key}": p.name for p in desk.state.film.presets}
    for name, action in desk.window.actions_by_name.items():
        if name.startswith("window_"):
            assert action.isVisible() == (name in presets)
            assert action.text() == presets.get(name, action.text())


def test_button_of_layouts_draws_the_one_in_use(desk, films):
    desk.open([films])
    button = next(
        b for b in desk.window.top_bar.findChildren(MenuButton) if b.accessibleName() == "Layout"
    )
    before = button.icon().pixmap(20).toImage()
    desk.window.actions_by_name["layout_four"].trigger()
    assert button.icon().pixmap(20).toImage() != before


@pytest.mark.parametrize("tab", ["read_tab", "train_tab"])
def test_smallest_screen_holds_the_whole_window(desk, films, tab):
    desk.open([films / "ada.dcm"])
    desk.state.set_cursor((100, 100))
    desk.window.actions_by_name[tab].trigger()
    desk.window.resize(640, 376)
    desk.wait(lambda: desk.window.width() == 640)
    for part in (desk.window.top_bar, desk.window.bottom_bar, *desk.panes.panes):
        if part.isVisible():
            corner = part.mapTo(desk.window, part.rect().bottomRight())
            assert desk.window.rect().contains(corner), part
            inner = (w for w in part.children() if isinstance(w, QWidget) and w.isVisible())
            assert all(part.rect().contains(w.geometry()) for w in inner)


def test_panels_come_back_with_the_room_for_them(desk):
    window = desk.window
    shown = []
    for width in (1300, 1000, 640, 1000, 1300):
        window.resize(width, 700)
        desk.wait(lambda width=width: window.width() == width)
        shown.append((desk.room.studies.isVisible(), desk.room.findings.isVisible()))
    assert shown == [(True, True), (False, True), (False, False), (False, True), (True, True)]

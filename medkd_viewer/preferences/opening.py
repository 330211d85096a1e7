"""Opens the preferences over the window, and carries out what is chosen there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QApplication, QDialog

from medkd_viewer.commands import COMMANDS, give_keys
from medkd_viewer.preferences.about_page import AboutPage
from medkd_viewer.preferences.computing_page import ComputingPage
from medkd_viewer.preferences.dialog import PreferencesDialog
from medkd_viewer.preferences.files_page import FilesPage
from medkd_viewer.preferences.keys_page import KeysPage
from medkd_viewer.preferences.page import Page, SettingsPage
from medkd_viewer.settings import Settings
from medkd_viewer.theme import apply_theme, icon

if TYPE_CHECKING:
    from medkd_viewer.main_window import MainWindow


def preferences(window: MainWindow) -> PreferencesDialog:
    """The dialog over a window; what is chosen is carried out there, and taken back by Cancel."""
    settings = window.settings
    before = settings.model_copy(deep=True)
    dialog = PreferencesDialog(_pages(window), window)
    dialog.changed.connect(lambda name: carry_out(window, name))
    dialog.rejected.connect(lambda: _take_back(window, before))
    return dialog


def open_preferences(window: MainWindow, page: str = "") -> None:
    """Ask, and remember what was chosen."""
    dialog = preferences(window)
    if page:
        dialog.show_page(page)
    if dialog.exec() == QDialog.DialogCode.Accepted:
        window.save_settings()
    dialog.deleteLater()


def carry_out(window: MainWindow, name: str) -> None:
    """Let one setting take effect in the window."""
    effect = _effects(window).get(name)
    if effect is not None:
        effect()


def give_all_keys(window: MainWindow) -> None:
    """Let every command be called by its keys of now."""
    for command in COMMANDS:
        give_keys(window.actions_by_name[command.name], window.key_bindings.keys(command.name))


def show_theme(window: MainWindow) -> None:
    """Exchange the colours of everything that is on the screen."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    apply_theme(app, window.settings.theme)
    for command in COMMANDS:
        if command.icon:
            window.actions_by_name[command.name].setIcon(icon(command.icon))
    window.top_bar.draw_icons()


def _pages(window: MainWindow) -> list[Page]:
    settings = window.settings
    return [
        SettingsPage("Reading", settings),
        SettingsPage("Window", settings),
        SettingsPage("Maps", settings),
        ComputingPage(settings, window.opinion.devices),
        KeysPage(settings, window.key_bindings),
        FilesPage(),
        AboutPage(),
    ]


def _effects(window: MainWindow) -> dict[str, Callable[[], None]]:
    settings, look = window.settings, window.room.look

    def show_maps() -> None:
        look.set_style(replace(settings.map_style(), visible=look.style.visible))

    return {
        "brighter_upwards": lambda: look.set_brighter_upwards(settings.brighter_upwards),
        "wheel_zooms": lambda: look.set_wheel_zooms(settings.wheel_zooms),
        "texts_visible": lambda: look.set_texts_visible(settings.texts_visible),
        "theme": lambda: show_theme(window),
        **dict.fromkeys(("opacity", "threshold", "colours", "drawing"), show_maps),
        "device": lambda: window.choose_device(settings.device),
        "keys": lambda: give_all_keys(window),
    }


def _take_back(window: MainWindow, before: Settings) -> None:
    for name in Settings.model_fields:
        if name in _effects(window) and getattr(window.settings, name) != getattr(before, name):
            setattr(window.settings, name, getattr(before, name))
            if name == "keys":
                window.key_bindings.load(before.keys)
            carry_out(window, name)

"""Opens the preferences over the window; what is chosen there takes effect in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QDialog

from medkd_viewer.preferences.about_page import AboutPage
from medkd_viewer.preferences.computing_page import ComputingPage
from medkd_viewer.preferences.dialog import PreferencesDialog
from medkd_viewer.preferences.effects import carry_out
from medkd_viewer.preferences.files_page import FilesPage
from medkd_viewer.preferences.keys_page import KeysPage
from medkd_viewer.preferences.page import Page, SettingsPage
from medkd_viewer.settings import Settings

if TYPE_CHECKING:
    from medkd_viewer.main_window import MainWindow


def preferences(window: MainWindow) -> PreferencesDialog:
    """The dialog over a window; what is chosen is carried out there, and taken back by Cancel."""
    before, touched = window.settings.model_copy(deep=True), set[str]()
    dialog = PreferencesDialog(_pages(window), window)

    def take(name: str) -> None:
        touched.add(name)
        carry_out(window, name)

    dialog.changed.connect(take)
    dialog.rejected.connect(lambda: _take_back(window, before, touched))
    return dialog


def open_preferences(window: MainWindow, page: str = "") -> None:
    """Ask, and remember what was chosen."""
    dialog = preferences(window)
    if page:
        dialog.show_page(page)
    if dialog.exec() == QDialog.DialogCode.Accepted:
        window.save_settings()
    dialog.deleteLater()


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


def _take_back(window: MainWindow, before: Settings, touched: set[str]) -> None:
    if "keys" in touched:
        window.key_bindings.load(before.keys)
    for name in touched:
        setattr(window.settings, name, getattr(before, name))
        carry_out(window, name)

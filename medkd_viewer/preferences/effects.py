"""What each setting does to the window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QApplication

from medkd_viewer.commands import COMMANDS, give_keys
from medkd_viewer.theme import apply_theme, icon

if TYPE_CHECKING:
    from medkd_viewer.main_window import MainWindow

_AT_START = ("brighter_upwards", "wheel_zooms", "texts_visible", "keys")


def carry_out_at_start(window: MainWindow) -> None:
    """Let the settings take effect in a new window that it was not built with."""
    for name in _AT_START:
        carry_out(window, name)


def carry_out(window: MainWindow, name: str) -> None:
    """Let one setting take effect in the window."""
    if name in (effects := _effects(window)):
        effects[name]()


def _give_all_keys(window: MainWindow) -> None:
    """Let every command be called by its keys of now."""
    for command in COMMANDS:
        give_keys(window.actions_by_name[command.name], window.key_bindings.keys(command.name))


def _show_theme(window: MainWindow) -> None:
    """Exchange the colours of everything that is on the screen."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    apply_theme(app, window.settings.theme)
    for command in COMMANDS:
        if command.icon:
            window.actions_by_name[command.name].setIcon(icon(command.icon))
    window.top_bar.draw_icons()


def _effects(window: MainWindow) -> dict[str, Callable[[], None]]:
    settings, look = window.settings, window.room.look

    def show_maps() -> None:
        look.set_style(replace(settings.map_style(), visible=look.style.visible))

    return {
        "brighter_upwards": lambda: look.set_brighter_upwards(settings.brighter_upwards),
        "wheel_zooms": lambda: look.set_wheel_zooms(settings.wheel_zooms),
        "texts_visible": lambda: look.set_texts_visible(settings.texts_visible),
        "theme": lambda: _show_theme(window),
        **dict.fromkeys(("opacity", "threshold", "colours", "drawing"), show_maps),
        "device": lambda: window.choose_device(settings.device),
        "keys": lambda: _give_all_keys(window),
    }

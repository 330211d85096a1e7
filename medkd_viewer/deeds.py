"""What every command does, by its name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from medkd_viewer.preferences.opening import open_preferences
from medkd_viewer.reading.layouts import Layout
from medkd_viewer.reading.look import Tool
from medkd_viewer.reading.state import ReadingState
from medkd_viewer.reading.viewport import flipped, turned
from medkd_viewer.reading_room import ReadingRoom
from medkd_viewer.settings import Settings
from medkd_viewer.window.dialogs import (
    ask_bundle,
    ask_files,
    ask_folder,
    show_about,
    show_log_folder,
)
from medkd_viewer.window.keys_dialog import KeysDialog
from resources import DEMO_STUDIES

if TYPE_CHECKING:
    from medkd_viewer.main_window import MainWindow

Deeds = dict[str, Callable[..., object]]


def deeds(window: MainWindow) -> Deeds:
    """One callable for each of `medkd_viewer.commands.COMMANDS`."""
    room = window.room
    return {
        **_of_files(window),
        **_of_films(room),
        **_of_measurements(window),
        **_of_studies(room),
        **_of_maps(room),
        **_of_the_window(window),
    }


def _of_files(window: MainWindow) -> Deeds:
    def open_asked(ask: Callable[[MainWindow, Settings], list[Path]]) -> None:
        if paths := ask(window, window.settings):
            window.open_paths(paths)

    def open_asked_model() -> None:
        if bundle := ask_bundle(window, window.settings):
            window.open_model(bundle)

    return {
        "open_files": partial(open_asked, ask_files),
        "open_folder": partial(open_asked, ask_folder),
        "open_demo": lambda: window.open_paths([DEMO_STUDIES]),
        "open_model": open_asked_model,
        "search": window.room.studies.focus_search,
        "quit": window.close,
    }


def _of_films(room: ReadingRoom) -> Deeds:
    desk, look = room.desk, room.look

    def in_hand(deed: Callable[[ReadingState], None]) -> Callable[[], None]:
        return lambda: deed(desk.active)

    def turn(times: int) -> None:
        for _ in range(times):
            desk.active.set_viewport(turned(desk.active.viewport))

    def flip(*, horizontally: bool) -> None:
        desk.active.set_viewport(flipped(desk.active.viewport, horizontally=horizontally))

    return {
        **{f"tool_{tool.value}": partial(look.set_tool, tool) for tool in Tool},
        "fit": in_hand(ReadingState.fit),
        "reset": in_hand(ReadingState.reset),
        **{f"window_{key}": partial(room.show_preset, key) for key in range(10)},
        "next_window": in_hand(ReadingState.next_window),
        "invert": in_hand(ReadingState.invert),
        "rotate": lambda: turn(1),
        "rotate_back": lambda: turn(3),
        "flip_horizontal": lambda: flip(horizontally=True),
        "flip_vertical": lambda: flip(horizontally=False),
        "texts": look.set_texts_visible,
        "hide_patient": look.set_patient_hidden,
    }


def _of_measurements(window: MainWindow) -> Deeds:
    measuring = window.room.measuring

    def toggle_list() -> None:
        window.measurements.toggle()

    return {
        "undo": measuring.undo,
        "redo": measuring.redo,
        "delete": measuring.delete,
        "delete_all": measuring.delete_all,
        "copy": measuring.copy,
        "measurements": toggle_list,
    }


def _of_studies(room: ReadingRoom) -> Deeds:
    return {
        "next_image": lambda: room.desk.active.step_asked.emit(1),
        "previous_image": lambda: room.desk.active.step_asked.emit(-1),
        "first_image": lambda: room.desk.active.end_asked.emit(-1),
        "last_image": lambda: room.desk.active.end_asked.emit(1),
        "cine": room.cine.toggle,
        "slower": lambda: room.cine.change_pace(-1),
        "faster": lambda: room.cine.change_pace(1),
        "compare": room.comparing.compare_with_prior,
        "next_study": lambda: room.step_study(1),
        "previous_study": lambda: room.step_study(-1),
        "mark_read": room.mark_read,
    }


def _of_maps(room: ReadingRoom) -> Deeds:
    return {
        "maps": lambda on: room.change_style(visible=on),
        "contours": lambda on: room.change_style(drawing="contours" if on else "fill"),
        "less_opaque": lambda: room.change_opacity(-1),
        "more_opaque": lambda: room.change_opacity(1),
    }


def _toggle_tags(window: MainWindow) -> None:
    """Open or close the tags of what is shown: a document has them on its own page."""
    if window.room.area.document is None:
        window.contents.toggle_tags()
    else:
        window.room.area.toggle_tags()


def _of_the_window(window: MainWindow) -> Deeds:
    panes = window.room.panes
    return {
        **{f"layout_{layout.value}": partial(panes.set_layout, layout, None) for layout in Layout},
        "link": window.room.links.set_linked,
        "next_pane": panes.activate_next,
        "maximise": panes.toggle_maximised,
        "next_region": window.next_region,
        "studies_panel": window.show_panels,
        "findings_panel": window.show_panels,
        "film_alone": window.show_film_alone,
        "read_tab": lambda: window.show_tab("read"),
        "train_tab": lambda: window.show_tab("train"),
        "preferences": lambda: open_preferences(window),
        "steps": window.contents.toggle_steps,
        "tags": lambda: _toggle_tags(window),
        "keys": lambda: KeysDialog(window.key_bindings, window).exec(),
        "log_folder": lambda: show_log_folder(window),
        "about": lambda: show_about(window),
    }

"""Which commands make sense now, which are on, and what the windows of this film are called."""

from __future__ import annotations

from medkd_viewer.commands import COMMANDS
from medkd_viewer.reading.film import Film
from medkd_viewer.reading.layouts import Layout
from medkd_viewer.reading.look import Tool
from medkd_viewer.reading_room import ReadingRoom
from medkd_viewer.window.menus import Actions

_NEED_FILM = tuple(
    command.name
    for command in COMMANDS
    if command.group in ("Tools", "Measure", "Film", "Maps") or command.name == "mark_read"
)
_ALWAYS = ("texts", "hide_patient")
_NEED_SERIES = (
    "next_image",
    "previous_image",
    "first_image",
    "last_image",
    "cine",
    "slower",
    "faster",
)
_NEED_STUDIES = ("next_study", "previous_study", "compare")
_NEED_PANES = tuple(command.name for command in COMMANDS if command.group == "Layout")
_PRESET_NAMES = {c.name: c.text for c in COMMANDS if c.name.startswith("window_")}


def show_states(actions: Actions, room: ReadingRoom, *, reading: bool) -> None:
    """Check, name and enable every command as the film in hand asks.

    Parameters
    ----------
    actions : dict of str to QAction
    room : ReadingRoom
    reading : bool
        The Read tab is on show; its commands rest while it is not.
    """
    _check(actions, room)
    film = room.desk.active.film if reading else None
    _name_presets(actions, film)
    for name in _NEED_FILM:
        actions[name].setEnabled(film is not None or (reading and name in _ALWAYS))
    if reading and room.area.document is not None:
        actions["tags"].setEnabled(True)
    sheet = room.measuring.sheet if reading else None
    actions["undo"].setEnabled(sheet is not None and room.measuring.can_undo)
    actions["redo"].setEnabled(sheet is not None and sheet.can_redo)
    actions["delete"].setEnabled(sheet is not None and sheet.chosen is not None)
    for name in ("delete_all", "copy"):
        actions[name].setEnabled(sheet is not None and bool(sheet.measurements))
    for name in _NEED_SERIES:
        actions[name].setEnabled(film is not None and film.position[1] > 1)
    for name in _NEED_STUDIES:
        actions[name].setEnabled(reading and len(room.library.studies) > 1)
    for name in (*_NEED_PANES, "studies_panel", "findings_panel", "film_alone"):
        actions[name].setEnabled(reading)


def _check(actions: Actions, room: ReadingRoom) -> None:
    look, state = room.look, room.desk.active
    checks = {f"tool_{tool.value}": look.tool is tool for tool in Tool} | {
        "invert": state.inverted,
        "maps": look.style.visible,
        "contours": look.style.drawing == "contours",
        "texts": look.texts_visible,
        "hide_patient": look.patient_hidden,
        "mark_read": room.is_read,
        "cine": room.cine.is_playing,
        "compare": room.comparing.is_on,
        "link": room.links.is_on,
        **{f"layout_{layout.value}": room.panes.layout_now is layout for layout in Layout},
    }
    for name, on in checks.items():
        actions[name].setChecked(on)


def _name_presets(actions: Actions, film: Film | None) -> None:
    known = {} if film is None else film.preset_names
    names = {f"window_{key}": name for key, name in known.items()}
    for name, usual in _PRESET_NAMES.items():
        # A window that this film does not have is not offered.
        actions[name].setText(names.get(name, usual))
        actions[name].setEnabled(name in names)
        actions[name].setVisible(film is None or name in names)
    actions["next_window"].setEnabled(bool(names))

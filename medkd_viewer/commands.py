"""Every command of the window, declared once: its text, its key, its icon, what it is for."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from medkd_viewer.theme import icon


@dataclass(frozen=True, slots=True)
class Command:
    """One thing that the window can be told to do.

    Attributes
    ----------
    name : str
        How the program calls it.
    text : str
        How a menu calls it.
    keys : tuple of str
        The first is shown.
    group : str
        Heading in the list of keys.
    icon : str
        Empty for commands without a button.
    checkable : bool
    in_panes : bool
        The key works only while a pane has the focus.
    """

    name: str
    text: str
    keys: tuple[str, ...]
    group: str
    icon: str = ""
    checkable: bool = False
    in_panes: bool = False


COMMANDS = (
    Command("open_files", "Open files…", ("Ctrl+O",), "File", "open"),
    Command("open_folder", "Open folder…", ("Ctrl+Shift+O",), "File"),
    Command("open_demo", "Open the demo studies", ("Ctrl+D",), "File"),
    Command("open_model", "Open a model…", ("Ctrl+M",), "File"),
    Command("search", "Search studies", ("Ctrl+F",), "File"),
    Command("quit", "Quit", ("Ctrl+Q",), "File"),
    Command(
        "tool_window", "Window and level with the left button", ("W",), "Tools", "window", True
    ),
    Command("tool_pan", "Pan with the left button", ("T",), "Tools", "pan", True),
    Command("tool_zoom", "Zoom with the left button", ("Z",), "Tools", "zoom", True),
    Command("fit", "Fit the film to its pane", ("F",), "Film", "fit"),
    Command("reset", "Show the film as it was opened", ("0",), "Film"),
    Command("next_window", "Next window of the file, then auto and full", ("Shift+W",), "Film"),
    Command("invert", "Invert black and white", ("X",), "Film", "invert", True),
    Command("rotate", "Rotate clockwise", ("R",), "Film", "rotate"),
    Command("flip_horizontal", "Flip left and right", ("H",), "Film", "flip-horizontal"),
    Command("flip_vertical", "Flip top and bottom", ("V",), "Film", "flip-vertical"),
    Command("texts", "Corner texts", ("I",), "Film", "", True),
    Command("next_image", "Next image of the study", ("PgDown",), "Film"),
    Command("previous_image", "Previous image of the study", ("PgUp",), "Film"),
    Command("next_study", "Next study", ("N",), "Film"),
    Command("previous_study", "Previous study", ("P",), "Film"),
    Command("mark_read", "Mark the study as read", ("M",), "Film", "", True),
    Command("maps", "Maps (hold to peek)", ("G",), "Maps", "maps", True),
    Command("contours", "Contours instead of colour", ("C",), "Maps", "contours", True),
    Command("less_opaque", "Maps less opaque", ("[",), "Maps"),
    Command("more_opaque", "Maps more opaque", ("]",), "Maps"),
    Command("next_pane", "Next pane", ("Tab",), "Window", in_panes=True),
    Command("maximise", "Show this pane alone", ("Return",), "Window", "layout", in_panes=True),
    Command("next_region", "Next part of the window", ("F6",), "Window"),
    Command("studies_panel", "Studies panel", ("F9",), "Window", "", True),
    Command("findings_panel", "Findings panel", ("F10",), "Window", "", True),
    Command("film_alone", "The film alone", ("F11",), "Window", "film-alone", True),
    Command("read_tab", "Read", ("Ctrl+1",), "Window"),
    Command("train_tab", "Train", ("Ctrl+2",), "Window"),
    Command("keys", "All keys", ("F1",), "Help"),
    Command("about", "About MedKD", (), "Help"),
)


def make_actions(parent: QWidget, panes: QWidget) -> dict[str, QAction]:
    """One `QAction` for each of `COMMANDS`, by name.

    Parameters
    ----------
    parent : QWidget
        The window, which hears every key but those of the panes.
    panes : QWidget
        Hears the keys that mean something only there.
    """
    return {command.name: _make_action(command, parent, panes) for command in COMMANDS}


def tooltip(command: Command) -> str:
    """What a button says when it is pointed at; names its key."""
    return f"{command.text} ({command.keys[0]})" if command.keys else command.text


def _make_action(command: Command, parent: QWidget, panes: QWidget) -> QAction:
    action = QAction(command.text, parent)
    action.setObjectName(command.name)
    action.setShortcuts([QKeySequence(key) for key in command.keys])
    action.setToolTip(tooltip(command))
    action.setCheckable(command.checkable)
    action.setAutoRepeat(command.name in ("less_opaque", "more_opaque"))
    if command.icon:
        action.setIcon(icon(command.icon))
    if command.in_panes:
        action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        panes.addAction(action)
    else:
        parent.addAction(action)
    return action

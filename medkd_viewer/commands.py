"""Every command of the window, declared once: its text, its key, its icon, what it is for."""

from __future__ import annotations

from collections.abc import Sequence
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
    Command("open_demo", "Open demo studies", ("Ctrl+D",), "File"),
    Command("open_model", "Open model…", ("Ctrl+M",), "File"),
    Command("search", "Search studies", ("Ctrl+F",), "File"),
    Command("preferences", "Preferences…", ("Ctrl+,",), "File", "preferences"),
    Command("quit", "Quit", ("Ctrl+Q",), "File"),
    Command("tool_window", "Window and level", ("W",), "Tools", "window", True),
    Command("tool_pan", "Pan", ("T",), "Tools", "pan", True),
    Command("tool_zoom", "Zoom", ("Z",), "Tools", "zoom", True),
    Command("tool_length", "Length", ("D",), "Measure", "length", True),
    Command("tool_angle", "Angle", ("A",), "Measure", "angle", True),
    Command("tool_ellipse", "Ellipse statistics", ("E",), "Measure", "ellipse", True),
    Command("tool_rectangle", "Rectangle statistics", ("S",), "Measure", "rectangle", True),
    Command("tool_probe", "Value of a pixel", ("Q",), "Measure", "probe", True),
    Command("tool_heart_ratio", "Cardiothoracic ratio", ("K",), "Measure", "heart-ratio", True),
    Command("undo", "Undo", ("Ctrl+Z",), "Measure", "undo"),
    Command("redo", "Redo", ("Ctrl+Shift+Z", "Ctrl+Y"), "Measure", "redo"),
    Command("delete", "Delete the measurement", ("Del",), "Measure", "delete", in_panes=True),
    Command("delete_all", "Delete all of the film", ("Shift+Del",), "Measure", in_panes=True),
    Command("copy", "Copy what was measured", ("Ctrl+C",), "Measure", in_panes=True),
    Command("measurements", "All measurements of the film", ("Ctrl+Shift+M",), "Measure"),
    Command("window_0", "As acquired", ("0",), "Presets"),
    Command("window_1", "Auto", ("1",), "Presets"),
    Command("window_2", "Lungs", ("2",), "Presets"),
    Command("window_3", "Bone", ("3",), "Presets"),
    Command("window_4", "Mediastinum", ("4",), "Presets"),
    Command("window_5", "Second window of the file", ("5",), "Presets"),
    Command("window_6", "Third window of the file", ("6",), "Presets"),
    Command("window_7", "Fourth window of the file", ("7",), "Presets"),
    Command("window_8", "Fifth window of the file", ("8",), "Presets"),
    Command("window_9", "Full range", ("9",), "Presets"),
    Command("next_window", "Next window of the file", ("Shift+W",), "Presets"),
    Command("fit", "Fit the film to its pane", ("F",), "Film", "fit"),
    Command("reset", "Show the film as it was opened", ("Ctrl+R",), "Film"),
    Command("invert", "Invert black and white", ("X",), "Film", "invert", True),
    Command("rotate", "Rotate clockwise", ("R",), "Film", "rotate"),
    Command("rotate_back", "Rotate anticlockwise", ("L",), "Film"),
    Command("flip_horizontal", "Flip left and right", ("H",), "Film", "flip-horizontal"),
    Command("flip_vertical", "Flip top and bottom", ("V",), "Film", "flip-vertical"),
    Command("texts", "Corner texts", ("I",), "Film", "", True),
    Command("hide_patient", "Hide the patient", ("Shift+I", "Ctrl+Shift+I"), "Film", "", True),
    Command("steps", "How this film is shown", ("Ctrl+E",), "Film"),
    Command("tags", "Tags of the file", ("Ctrl+T",), "Film", "tags"),
    Command("next_image", "Next image of the series", ("PgDown",), "Study"),
    Command("previous_image", "Previous image of the series", ("PgUp",), "Study"),
    Command("first_image", "First image of the series", ("Home",), "Study", in_panes=True),
    Command("last_image", "Last image of the series", ("End",), "Study", in_panes=True),
    Command("cine", "Play the images", ("Space",), "Study", "cine", True, in_panes=True),
    Command("slower", "Play slower", (",",), "Study", in_panes=True),
    Command("faster", "Play faster", (".",), "Study", in_panes=True),
    Command("next_study", "Next study", ("N",), "Study"),
    Command("previous_study", "Previous study", ("P",), "Study"),
    Command("compare", "Compare with the prior", ("B",), "Study", "compare", True),
    Command("mark_read", "Mark the study as read", ("M",), "Study", "", True),
    Command("maps", "Maps (hold to peek)", ("G",), "Maps", "maps", True),
    Command("contours", "Contours instead of colour", ("C",), "Maps", "contours", True),
    Command("less_opaque", "Maps less opaque", ("[",), "Maps"),
    Command("more_opaque", "Maps more opaque", ("]",), "Maps"),
    Command("layout_opinion", "Film and networks", ("F2",), "Layout", "layout-opinion", True),
    Command("layout_one", "One pane", ("F3",), "Layout", "layout-one", True),
    Command("layout_two", "Side by side", ("F4",), "Layout", "layout-two", True),
    Command("layout_four", "Two by two", ("F5",), "Layout", "layout-four", True),
    Command("layout_one_and_four", "One and four", ("F7",), "Layout", "layout-one-and-four", True),
    Command("link", "Link zoom, pan, window and cross-hair", ("Ctrl+L",), "Layout", "link", True),
    Command("next_pane", "Next pane", ("Tab",), "Layout", in_panes=True),
    Command("maximise", "Show this pane alone", ("Return",), "Layout", "", in_panes=True),
    Command("next_region", "Next part of the window", ("F6",), "View"),
    Command("studies_panel", "Studies panel", ("F9",), "View", "", True),
    Command("findings_panel", "Findings panel", ("F10",), "View", "", True),
    Command("film_alone", "The film alone", ("F11",), "View", "film-alone", True),
    Command("read_tab", "Read", ("Ctrl+1",), "View"),
    Command("train_tab", "Train", ("Ctrl+2",), "View"),
    Command("keys", "All keys", ("F1",), "Help"),
    Command("log_folder", "Open the log folder", (), "Help"),
    Command("about", "About MedKD", (), "Help"),
)

_REPEATED = (
    "less_opaque",
    "more_opaque",
    "next_image",
    "previous_image",
    "slower",
    "faster",
    "undo",
    "redo",
)


def make_actions(parent: QWidget, panes: QWidget) -> dict[str, QAction]:
    """One `QAction` for each of `COMMANDS`, by name, with the keys that it came with.

    Parameters
    ----------
    parent : QWidget
        The window, which hears every key but those of the panes.
    panes : QWidget
        Hears the keys that mean something only there.
    """
    return {command.name: _make_action(command, parent, panes) for command in COMMANDS}


def give_keys(action: QAction, keys: Sequence[str]) -> None:
    """Let an action be called by other keys; its tooltip names the first."""
    action.setShortcuts([QKeySequence(key) for key in keys])
    shown = QKeySequence(keys[0]).toString(QKeySequence.SequenceFormat.NativeText) if keys else ""
    action.setToolTip(f"{action.text()} ({shown})" if shown else action.text())


def _make_action(command: Command, parent: QWidget, panes: QWidget) -> QAction:
    action = QAction(command.text, parent)
    action.setObjectName(command.name)
    give_keys(action, command.keys)
    action.setCheckable(command.checkable)
    action.setAutoRepeat(command.name in _REPEATED)
    if command.icon:
        action.setIcon(icon(command.icon))
        # A menu in which only some lines have a picture is hard to read.
        action.setIconVisibleInMenu(command.group == "Layout" and command.checkable)
    if command.in_panes:
        action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        panes.addAction(action)
    else:
        parent.addAction(action)
    return action

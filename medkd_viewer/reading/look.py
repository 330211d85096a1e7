"""What all films on the desk share: tool, look of the maps, which texts are seen."""

from __future__ import annotations

from enum import StrEnum

from PySide6.QtCore import QObject, Signal

from medkd_viewer.reading.map_layer import MapStyle


class Tool(StrEnum):
    """What a drag with the left button does."""

    WINDOW = "window"
    PAN = "pan"
    ZOOM = "zoom"
    LENGTH = "length"
    ANGLE = "angle"
    ELLIPSE = "ellipse"
    RECTANGLE = "rectangle"
    PROBE = "probe"
    HEART_RATIO = "heart_ratio"

    @property
    def measures(self) -> bool:
        """It leaves a measurement on the film."""
        return self not in (Tool.WINDOW, Tool.PAN, Tool.ZOOM)


class Look(QObject):
    """Widgets change it and are told by its signal.

    Attributes
    ----------
    style : MapStyle
    tool : Tool
    texts_visible : bool
        The corner texts are shown.
    patient_hidden : bool
        No name, number, age or sex of the patient is shown anywhere in the window: for teaching.
    brighter_upwards : bool
        Dragging upwards with the window tool brightens; a reader's preference.
    wheel_zooms : bool
        The wheel zooms over a series too, instead of going to the next image.
    """

    changed = Signal()

    def __init__(self, style: MapStyle | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.style = style or MapStyle()
        self.tool = Tool.WINDOW
        self.texts_visible = True
        self.patient_hidden = False
        self.brighter_upwards = True
        self.wheel_zooms = False

    def set_style(self, style: MapStyle) -> None:
        """Draw every map in another way."""
        if style != self.style:
            self.style = style
            self.changed.emit()

    def set_tool(self, tool: Tool) -> None:
        """Choose what a drag with the left button does."""
        self.tool = tool
        self.changed.emit()

    def set_texts_visible(self, visible: bool) -> None:
        """Show or hide the corner texts."""
        self.texts_visible = visible
        self.changed.emit()

    def set_patient_hidden(self, hidden: bool) -> None:
        """Hide who the patient is, or show it again."""
        self.patient_hidden = hidden
        self.changed.emit()

    def set_brighter_upwards(self, brighter: bool) -> None:
        """Choose what dragging upwards does."""
        self.brighter_upwards = brighter
        self.changed.emit()

    def set_wheel_zooms(self, zooms: bool) -> None:
        """Choose what the wheel does over a series."""
        self.wheel_zooms = zooms
        self.changed.emit()

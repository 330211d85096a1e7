"""Colours, type and icons of the window, each named once."""

from __future__ import annotations

import math
from functools import cache
from string import Template

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontDatabase,
    QGuiApplication,
    QIcon,
    QPainter,
    QPalette,
    QPixmap,
)
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from resources import ICONS, RESOURCES

_CALM = {
    "black": "#000000",
    "ground": "#0f1115",
    "panel": "#14171d",
    "bar": "#171a21",
    "raised": "#252b37",
    "line": "#2a303c",
    "resting": "#424a5a",
    "text": "#e6e9ef",
    "second": "#9aa3b2",
    "third": "#7d8799",
    "blue": "#4c7bd9",
    "blue_ground": "#4570cc",
    "blue_hover": "#3a62b8",
    "blue_dark": "#16202f",
    "on_blue": "#ffffff",
    "violet": "#8b7cf6",
    "violet_dark": "#17142c",
    "violet_line": "#3a3263",
    "violet_text": "#c9c2ff",
    "caution": "#e0a84e",
    "failure": "#ef8f88",
    "well": "#8fd0b2",
    "well_dark": "#14241d",
    "caution_dark": "#2a2113",
    "failure_dark": "#2b1817",
    "well_line": "#28513f",
    "caution_line": "#5a4522",
    "failure_line": "#5c302d",
    "field": "#1c2028",
    "crosshair": "#ffd166",
}
_HIGH_CONTRAST = {
    "black": "#000000",
    "ground": "#000000",
    "panel": "#000000",
    "bar": "#000000",
    "raised": "#26324a",
    "line": "#8a94a6",
    "resting": "#6b7484",
    "text": "#ffffff",
    "second": "#e3e7ee",
    "third": "#c4cbd8",
    "blue": "#82acff",
    "blue_ground": "#a9c6ff",
    "blue_hover": "#c4d8ff",
    "blue_dark": "#0b1a33",
    "on_blue": "#000000",
    "violet": "#b3a8ff",
    "violet_dark": "#120b33",
    "violet_line": "#8f83e0",
    "violet_text": "#e4dfff",
    "caution": "#ffc65c",
    "failure": "#ffaca6",
    "well": "#a4e8c8",
    "well_dark": "#001a10",
    "caution_dark": "#1f1500",
    "failure_dark": "#240503",
    "well_line": "#a4e8c8",
    "caution_line": "#ffc65c",
    "failure_line": "#ffaca6",
    "field": "#0d1119",
    "crosshair": "#ffd166",
}
THEMES = {"calm": _CALM, "high_contrast": _HIGH_CONTRAST}
COLOURS = dict(_CALM)
"""The colours in use; `apply_theme` exchanges them."""
ICON_SIZE = 20
_GENERIC_FAMILIES = {"Sans Serif", "Sans", "sans-serif"}


def colour(name: str) -> QColor:
    """A colour of the window by its name in `COLOURS`."""
    return QColor(COLOURS[name])


def shade(name: str) -> str:
    """What a name in `COLOURS` stands for now; a colour that is of no theme as it is."""
    return COLOURS.get(name, name)


def ui_font(size: int = 13, *, bold: bool = False) -> QFont:
    """The system's sans serif, `size` device-independent pixels high, figures of equal width."""
    font = QFont(QApplication.font())
    font.setPixelSize(size)
    font.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    return font


def apply_theme(app: QApplication, theme: str = "calm") -> None:
    """Give the application the palette, type and style sheet of one of `THEMES`.

    May be called again; icons that were made before keep their colours until they are made anew.
    """
    COLOURS.update(THEMES[theme])
    icon.cache_clear()
    app.setStyle("Fusion")
    app.setPalette(_palette())
    app.setFont(_base_font())
    sheet = (RESOURCES / "style.qss").read_text(encoding="utf-8")
    app.setStyleSheet(Template(sheet).substitute(COLOURS, icons=ICONS.as_posix()))


@cache
def icon(name: str, largest: int = 1) -> QIcon:
    """One of our line drawings, dimmed while unused and bright while on.

    Drawn for the screens that there are, and up to a `largest` scale where another program shows
    it in a size of its own.
    """
    drawn, states, mode = QIcon(), QIcon.State, QIcon.Mode
    for scale in range(1, max(largest, _largest_scale()) + 1):
        drawn.addPixmap(_draw(name, COLOURS["second"], scale), mode.Normal, states.Off)
        drawn.addPixmap(_draw(name, COLOURS["text"], scale), mode.Normal, states.On)
        resting = _draw(name, COLOURS["resting"], scale)
        for state in (states.Off, states.On):
            drawn.addPixmap(resting, mode.Disabled, state)
    return drawn


def _largest_scale() -> int:
    # Every icon at every scale that screens might have would slow the start.
    return math.ceil(max(screen.devicePixelRatio() for screen in QGuiApplication.screens()))


def _draw(name: str, shade: str, scale: int) -> QPixmap:
    svg = _svg(name).replace("currentColor", shade)
    pixmap = QPixmap(QSize(ICON_SIZE, ICON_SIZE) * scale)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    side = ICON_SIZE * scale
    QSvgRenderer(QByteArray(svg.encode())).render(painter, QRectF(0, 0, side, side))
    painter.end()
    pixmap.setDevicePixelRatio(scale)
    return pixmap


@cache
def _svg(name: str) -> str:
    return (ICONS / f"{name}.svg").read_text(encoding="utf-8")


def _base_font() -> QFont:
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    if font.family() in _GENERIC_FAMILIES:
        # Without a desktop's choice fontconfig often falls to a very wide face.
        font.setFamilies(["Inter", "Noto Sans", "Liberation Sans", font.family()])
    font.setPixelSize(13)
    font.setFeature(QFont.Tag.fromString("tnum"), 1)
    return font


def _palette() -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    shades = {
        role.Window: "panel",
        role.Base: "ground",
        role.AlternateBase: "panel",
        role.Button: "bar",
        role.Text: "text",
        role.WindowText: "text",
        role.ButtonText: "text",
        role.PlaceholderText: "second",
        role.Highlight: "blue_ground",
        role.HighlightedText: "on_blue",
        role.ToolTipBase: "raised",
        role.ToolTipText: "text",
        role.Link: "blue",
    }
    for part, name in shades.items():
        palette.setColor(part, colour(name))
    for part in (role.Text, role.WindowText, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, part, colour("third"))
    return palette

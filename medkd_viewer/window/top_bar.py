"""The bar above: rooms, one line of tools, and what is computed with on what."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QResizeEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLabel,
    QMenu,
    QToolButton,
    QWidget,
)

from medkd_core.serving.messages import DeviceChoice
from medkd_viewer.theme import ICON_SIZE
from medkd_viewer.window.menus import MenuButton, fill, main_menu, menu_of
from medkd_viewer.window.tool_row import BUTTON, ToolRow

HEIGHT = 48
_CHIP_HEIGHT = 26
_WIDEST_CHIP = 190

_WIDE_ENOUGH_FOR_RESEARCH = 1120
_NARROW = 1240
_CHIP_IN_NARROW_BAR = 130
_WIDE_ENOUGH_FOR_NAME = 840
_CHEVRON_WIDTH = 16

_READING = ("tool_window", "tool_pan", "tool_zoom")
_MEASURING = ("tool_length", "tool_angle", "tool_ellipse")
_TURNING = ("invert", "rotate", "flip_horizontal")
_MAPS = ("maps", "contours")
_AUTO = DeviceChoice("auto", "Best device")


class TopBar(QWidget):
    """Says which room, model or device was chosen; tools are the window's actions."""

    room_chosen = Signal(str)
    model_chosen = Signal(object)
    """A `Path`, or None for the demo."""
    device_chosen = Signal(str)

    def __init__(self, actions: dict[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("topBar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(HEIGHT)
        self._actions = actions
        self._rooms = {room: _room_button(actions[f"{room}_tab"]) for room in ("read", "train")}
        self._menus = self._make_menus()
        self.tools = self._make_tools()
        self._model, self._device = _chip("Model"), _chip("Device")
        self._model_name = ""
        self._name, self._research = QLabel("MedKD"), QLabel("Research use only")
        self._steps: QWidget | None = None
        self._layout = QHBoxLayout(self)
        self._lay_out()
        self._connect_rooms()

    def show_room(self, room: str) -> None:
        """Mark a room and show its tools."""
        self._rooms[room].setChecked(True)
        for part in (self.tools, self._model, self._device):
            part.setVisible(room == "read")
        if self._steps is not None:
            self._steps.setVisible(room == "train")

    def add_steps(self, steps: QWidget) -> None:
        """Show the Train tab's line of steps where the Read tab has its tools."""
        self._steps = steps
        self._layout.insertWidget(self._layout.indexOf(self.tools), steps)
        steps.setVisible(not self._rooms["read"].isChecked())

    def show_model(self, name: str, current: Path | None, recent: list[Path]) -> None:
        """Name the model in use and offer others."""
        self._model_name = name
        self._show_model_name()
        self._model.setAccessibleName(f"Model: {name}")
        menu = _emptied(self._model)
        group = QActionGroup(menu)
        self._offer(menu, group, "Demo", current is None, partial(self.model_chosen.emit, None))
        for path in recent:
            self._offer(
                menu,
                group,
                _model_name(path),
                path == current,
                partial(self.model_chosen.emit, path),
            )
        menu.addSeparator()
        menu.addAction(self._actions["open_model"])

    def show_device(self, words: str, current: str, devices: tuple[DeviceChoice, ...]) -> None:
        """Name the device in use, tell on pointing why it was chosen, and offer others."""
        _show_text(self._device, words.partition(" (")[0].partition(",")[0], _WIDEST_CHIP)
        self._device.setToolTip(words)
        self._device.setAccessibleName(f"Device: {words}")
        menu = _emptied(self._device)
        group = QActionGroup(menu)
        choices = devices if any(d.key == "auto" for d in devices) else (_AUTO, *devices)
        for choice in choices:
            self._offer(
                menu,
                group,
                choice.label,
                choice.key == current,
                partial(self.device_chosen.emit, choice.key),
            )

    def _offer(
        self, menu: QMenu, group: QActionGroup, text: str, on: bool, then: Callable[[], None]
    ) -> None:
        action = menu.addAction(text)
        action.setCheckable(True)
        action.setChecked(on)
        action.triggered.connect(lambda _: then())
        group.addAction(action)

    def draw_icons(self) -> None:
        """Draw the icons of menus in the colours of now."""
        for button in (*self._menus.values(), self.tools.more):
            button.draw()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Give up what is said elsewhere, then long names, when room is short."""
        super().resizeEvent(event)
        self._name.setVisible(self.width() >= _WIDE_ENOUGH_FOR_NAME)
        self._research.setVisible(self.width() >= _WIDE_ENOUGH_FOR_RESEARCH)
        self._show_model_name()

    def _show_model_name(self) -> None:
        narrow = self.width() < _NARROW
        text = self._model_name if narrow else f"Model: {self._model_name}"
        _show_text(self._model, text, _CHIP_IN_NARROW_BAR if narrow else _WIDEST_CHIP)

    def _make_menus(self) -> dict[str, MenuButton]:
        actions = self._actions
        menus = {
            "main": MenuButton("Menu", main_menu(actions), "menu", "Alt+M"),
            "measuring": MenuButton("Measuring tools", menu_of(actions, "Measure"), "chevron"),
            "presets": MenuButton("Windows", menu_of(actions, "Presets"), "presets"),
            "layouts": MenuButton("Layout", _layout_menu(actions), "layout-opinion"),
        }
        self._follow_layout(menus["layouts"])
        for button in menus.values():
            button.resize(BUTTON, BUTTON)
        menus["measuring"].resize(_CHEVRON_WIDTH, BUTTON)
        menus["measuring"].setIconSize(QSize(10, 10))
        return menus

    def _make_tools(self) -> ToolRow:
        buttons = {
            name: _tool_button(self._actions[name])
            for name in (*_READING, *_MEASURING, *_TURNING, *_MAPS)
        }
        self._show_last_measure(buttons[_MEASURING[-1]])
        menus = self._menus
        return ToolRow(
            (
                [*(buttons[n] for n in (*_READING, *_MEASURING)), menus["measuring"]],
                [*(buttons[n] for n in _TURNING), menus["presets"]],
                [*(buttons[n] for n in _MAPS), menus["layouts"]],
            )
        )

    def _lay_out(self) -> None:
        layout = self._layout
        layout.setContentsMargins(8, 0, 16, 0)
        layout.setSpacing(4)
        self._name.setObjectName("productName")
        self._research.setObjectName("researchOnly")
        self._research.setFixedHeight(_CHIP_HEIGHT)
        self._menus["main"].setFixedSize(BUTTON, BUTTON)
        layout.addWidget(self._menus["main"])
        layout.addWidget(self._name)
        layout.addSpacing(12)
        for button in self._rooms.values():
            layout.addWidget(button)
        layout.addSpacing(22)
        layout.addWidget(self.tools)
        layout.addStretch(1)
        for chip in (self._model, self._device, self._research):
            layout.addWidget(chip)
            layout.addSpacing(4)

    def _follow_layout(self, button: MenuButton) -> None:
        """Draw the layout in use on the button of layouts."""
        for name, action in self._actions.items():
            if name.startswith("layout_"):
                picture = name.replace("_", "-")
                action.toggled.connect(
                    lambda on, picture=picture: button.draw(picture) if on else None
                )

    def _show_last_measure(self, button: QToolButton) -> None:
        """Show a measuring tool that has no button of its own in the place of the last one."""
        for name, action in self._actions.items():
            if name.startswith("tool_") and name not in (*_READING, *_MEASURING[:-1]):
                action.toggled.connect(
                    lambda on, action=action: _carry_out(button, action) if on else None
                )

    def _connect_rooms(self) -> None:
        group = QButtonGroup(self)
        for room, button in self._rooms.items():
            group.addButton(button)
            button.clicked.connect(lambda _, room=room: self.room_chosen.emit(room))


def _room_button(action: QAction) -> QToolButton:
    button = QToolButton()
    button.setObjectName("roomTab")
    button.setText(action.text())
    button.setCheckable(True)
    button.setAccessibleName(f"{action.text()} room")
    button.setToolTip(action.toolTip())
    action.changed.connect(lambda: button.setToolTip(action.toolTip()))
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return button


def _tool_button(action: QAction) -> QToolButton:
    button = QToolButton()
    button.setIconSize(QSize(ICON_SIZE, ICON_SIZE))
    button.resize(BUTTON, BUTTON)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    _carry_out(button, action)
    return button


def _carry_out(button: QToolButton, action: QAction) -> None:
    """Make an action the button's only one."""
    for other in button.actions():
        button.removeAction(other)
    button.setDefaultAction(action)
    button.setAccessibleName(action.text())


def _chip(name: str) -> QToolButton:
    chip = QToolButton()
    chip.setObjectName("chip")
    chip.setFixedHeight(_CHIP_HEIGHT)
    chip.setToolTip(f"Choose the {name.lower()}")
    chip.setAccessibleName(name)
    chip.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    chip.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    chip.setMenu(QMenu(chip))
    return chip


def _show_text(chip: QToolButton, text: str, widest: int) -> None:
    metrics = chip.fontMetrics()
    chip.setText(metrics.elidedText(text, Qt.TextElideMode.ElideRight, widest))


def _emptied(chip: QToolButton) -> QMenu:
    menu = chip.menu()
    menu.clear()
    return menu


def _layout_menu(actions: dict[str, QAction]) -> QMenu:
    menu = menu_of(actions, "Layout", only=lambda name: not name.startswith(("next", "max")))
    fill(menu, actions, ("compare", "film_alone"))
    return menu


def _model_name(path: Path) -> str:
    """Name of a bundle's folder or zip; a version's last figure is no ending."""
    return path.name.removesuffix(".zip")

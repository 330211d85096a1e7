"""The bar above: rooms, one line of tools, and what is computed with on what."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QToolButton,
    QWidget,
)

from medkd_core.serving.messages import DeviceChoice
from medkd_viewer.theme import ICON_SIZE, icon

HEIGHT = 48
_BUTTON = 32
_CHIP_HEIGHT = 26
_WIDEST_CHIP = 190

_TOOLS = (
    ("tool_window", "tool_pan", "tool_zoom"),
    ("fit", "invert", "rotate", "flip_horizontal"),
    ("maps", "contours"),
    ("film_alone",),
)
_FILE = "open_files open_folder open_demo open_model - search - quit"
_VIEW = (
    "fit reset next_window invert rotate flip_horizontal flip_vertical texts - maps contours - "
    "maximise film_alone studies_panel findings_panel"
)
_STUDY = "next_image previous_image next_study previous_study - mark_read"
_MENU = {"File": _FILE, "View": _VIEW, "Study": _STUDY, "Help": "keys about"}
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
        self._rooms = {"read": _room_button("Read"), "train": _room_button("Train")}
        self.tools = QWidget()
        self._tool_buttons = self._fill_tools()
        self._model, self._device = _chip("Model"), _chip("Device")
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
        _show_text(self._model, f"Model: {name}")
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
        _show_text(self._device, words.partition(" (")[0])
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

    def _fill_tools(self) -> list[QToolButton]:
        layout = QHBoxLayout(self.tools)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        buttons = []
        for number, group in enumerate(_TOOLS):
            if number:
                layout.addSpacing(6)
                layout.addWidget(_upright_line())
                layout.addSpacing(6)
            for name in group:
                buttons.append(_tool_button(self._actions[name]))
                layout.addWidget(buttons[-1])
        return buttons

    def _lay_out(self) -> None:
        layout = self._layout
        layout.setContentsMargins(8, 0, 16, 0)
        layout.setSpacing(4)
        name, research = QLabel("MedKD"), QLabel("Research use only")
        name.setObjectName("productName")
        research.setObjectName("researchOnly")
        research.setFixedHeight(_CHIP_HEIGHT)
        layout.addWidget(self._menu_button())
        layout.addWidget(name)
        layout.addSpacing(12)
        for button in self._rooms.values():
            layout.addWidget(button)
        layout.addSpacing(22)
        layout.addWidget(self.tools)
        layout.addStretch(1)
        for chip in (self._model, self._device, research):
            layout.addWidget(chip)
            layout.addSpacing(4)

    def _menu_button(self) -> QToolButton:
        button = QToolButton()
        button.setIcon(icon("menu"))
        button.setIconSize(QSize(ICON_SIZE, ICON_SIZE))
        button.setFixedSize(_BUTTON, _BUTTON)
        button.setToolTip("Menu (Alt+M)")
        button.setAccessibleName("Menu")
        button.setShortcut("Alt+M")
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        menu = QMenu(button)
        for title, names in _MENU.items():
            part = menu.addMenu(title)
            for name in names.split():
                if name == "-":
                    part.addSeparator()
                else:
                    part.addAction(self._actions[name])
        button.setMenu(menu)
        return button

    def _connect_rooms(self) -> None:
        group = QButtonGroup(self)
        for room, button in self._rooms.items():
            group.addButton(button)
            button.clicked.connect(lambda _, room=room: self.room_chosen.emit(room))


def _room_button(text: str) -> QToolButton:
    button = QToolButton()
    button.setObjectName("roomTab")
    button.setText(text)
    button.setCheckable(True)
    button.setAccessibleName(f"{text} room")
    button.setToolTip(f"{text} ({'Ctrl+1' if text == 'Read' else 'Ctrl+2'})")
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return button


def _tool_button(action: QAction) -> QToolButton:
    button = QToolButton()
    button.setDefaultAction(action)
    button.setIconSize(QSize(ICON_SIZE, ICON_SIZE))
    button.setFixedSize(_BUTTON, _BUTTON)
    button.setAccessibleName(action.text())
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return button


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


def _show_text(chip: QToolButton, text: str) -> None:
    metrics = chip.fontMetrics()
    chip.setText(metrics.elidedText(text, Qt.TextElideMode.ElideRight, _WIDEST_CHIP))


def _emptied(chip: QToolButton) -> QMenu:
    menu = chip.menu()
    menu.clear()
    return menu


def _upright_line() -> QFrame:
    line = QFrame()
    line.setObjectName("barLine")
    line.setFixedSize(1, 20)
    return line


def _model_name(path: Path) -> str:
    """Name of a bundle's folder or zip; a version's last figure is no ending."""
    return path.name.removesuffix(".zip")

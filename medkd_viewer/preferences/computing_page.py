"""Computing: where the networks run."""

from __future__ import annotations

from PySide6.QtWidgets import QComboBox

from medkd_core.serving.messages import DeviceChoice
from medkd_viewer.preferences.page import Page
from medkd_viewer.preferences.rows import SettingRow
from medkd_viewer.settings import Settings

_AUTO = DeviceChoice("auto", "Best device")


class ComputingPage(Page):
    """Offers the devices that the worker has found."""

    def __init__(self, settings: Settings, devices: tuple[DeviceChoice, ...]) -> None:
        super().__init__("Computing")
        self._settings = settings
        self._devices = QComboBox()
        known = {choice.key: choice.label for choice in (_AUTO, *devices)}
        known.setdefault(settings.device, f"{settings.device}, not found")
        for key, label in known.items():
            self._devices.addItem(label, key)
        self._devices.activated.connect(lambda _: self._choose(self._devices.currentData()))
        meaning = "The model is opened there, and the networks are asked again."
        self.column.addWidget(SettingRow("Device of the networks", meaning, self._devices))
        self.column.addStretch(1)
        self.refresh()

    def refresh(self) -> None:
        """Show the device of now."""
        self._devices.setCurrentIndex(self._devices.findData(self._settings.device))

    def reset(self) -> None:
        """Let MedKD choose."""
        self._choose("auto")
        self.refresh()

    def _choose(self, key: str) -> None:
        if key != self._settings.device:
            self._settings.device = key
            self.changed.emit("device")

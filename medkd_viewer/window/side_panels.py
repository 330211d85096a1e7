"""The side panels give way to the film where the window is narrow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QResizeEvent

if TYPE_CHECKING:
    from medkd_viewer.main_window import MainWindow

_ROOM_FOR_BOTH = 1100
_ROOM_FOR_ONE = 840


class SidePanels(QObject):
    """Hides the studies, then the findings, where room is short; remembers what was wanted.

    Parameters
    ----------
    window : MainWindow
    """

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._room_for = 2
        actions = window.actions_by_name
        self._actions = (actions["studies_panel"], actions["findings_panel"])
        for action in self._actions:
            action.triggered.connect(self._keep)
        self._show(*window.settings.panels_shown)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Look at every new width of the window."""
        if isinstance(event, QResizeEvent) and watched is self._window:
            self._fit(event.size().width())
        return False

    def _fit(self, width: int) -> None:
        room_for = (width >= _ROOM_FOR_ONE) + (width >= _ROOM_FOR_BOTH)
        if room_for != self._room_for:
            self._room_for = room_for
            studies, findings = self._window.settings.panels_shown
            findings = findings and room_for > 0
            self._show(studies and room_for > findings, findings)

    def _keep(self) -> None:
        # What is asked for where there is no room holds for now only.
        if self._room_for == 2:
            studies, findings = (action.isChecked() for action in self._actions)
            self._window.settings.panels_shown = (studies, findings)

    def _show(self, *shown: bool) -> None:
        for action, on in zip(self._actions, shown, strict=True):
            action.setChecked(on)
        self._window.show_panels()

"""All panes of the reading room, arranged and linked."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from medkd_viewer.findings.results import NetworkView
from medkd_viewer.reading.arrangement import GAP, arranged
from medkd_viewer.reading.desk import Desk
from medkd_viewer.reading.network_pane import NetworkPane
from medkd_viewer.reading.pane import FilmPane


class PaneGrid(QWidget):
    """The film's pane and one pane for each network; one of them may be shown alone."""

    active_changed = Signal()

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("readingArea")
        self.setAccessibleName("Films and maps")
        self._desk = desk
        self.film_pane = FilmPane(desk.primary, self)
        self.network_panes: dict[str, NetworkPane] = {}
        self._maximised: FilmPane | None = None
        self.active_pane: FilmPane = self.film_pane
        self._adopt(self.film_pane)
        self.film_pane.set_active(True)

    @property
    def panes(self) -> list[FilmPane]:
        """The film first, then the student, then the teachers."""
        return [self.film_pane, *self.network_panes.values()]

    def show_networks(self, views: dict[str, NetworkView]) -> None:
        """Have one pane for each network, in the order given."""
        if list(views) != list(self.network_panes):
            self._replace_panes(views)
        for name, view in views.items():
            self.network_panes[name].show_view(view)

    def show_network(self, view: NetworkView) -> None:
        """Show one network's new state."""
        if view.name in self.network_panes:
            self.network_panes[view.name].show_view(view)

    def activate(self, pane: FilmPane) -> None:
        """Make a pane the one in use."""
        self.active_pane.set_active(False)
        self.active_pane = pane
        pane.set_active(True)
        pane.setFocus()
        self._desk.activate(pane.state)
        if self._maximised is not None:
            self._maximised = pane
            self._arrange()
        self.active_changed.emit()

    def activate_next(self) -> None:
        """Go to the next pane, from the last to the first."""
        panes = self.panes
        self.activate(panes[(panes.index(self.active_pane) + 1) % len(panes)])

    def maximise(self, pane: FilmPane | None) -> None:
        """Show one pane alone; None shows all."""
        self._maximised = pane
        if pane is not None:
            self.activate(pane)
        self._arrange()

    def toggle_maximised(self) -> None:
        """Show the pane in use alone, or all again."""
        self.maximise(None if self._maximised else self.active_pane)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Arrange anew."""
        super().resizeEvent(event)
        self._arrange()

    def _replace_panes(self, views: dict[str, NetworkView]) -> None:
        self._maximised = None
        self.activate(self.film_pane)
        for pane in self.network_panes.values():
            pane.setParent(None)
            pane.deleteLater()
        film = self._desk.primary
        self.network_panes = {name: NetworkPane(film, view, self) for name, view in views.items()}
        for pane in self.network_panes.values():
            self._adopt(pane)
            pane.show()
        self._arrange()

    def _adopt(self, pane: FilmPane) -> None:
        pane.activated.connect(lambda: self.activate(pane))
        pane.maximise_asked.connect(lambda: self.maximise(None if self._maximised else pane))

    def _arrange(self) -> None:
        panes = self.panes
        for pane in panes:
            pane.setVisible(self._maximised in (None, pane))
        if self._maximised is not None:
            self._maximised.setGeometry(self.rect())
            return
        students = [p for p in self.network_panes.values() if p.view.is_student]
        below = [p for p in self.network_panes.values() if not p.view.is_student]
        above = [self.film_pane, *students]
        width, height = self.width() - 2 * GAP, self.height() - 2 * GAP
        boxes = arranged(width, height, len(above), len(below))
        for pane, (left, top, pane_width, pane_height) in zip([*above, *below], boxes, strict=True):
            pane.setGeometry(left + GAP, top + GAP, pane_width, pane_height)

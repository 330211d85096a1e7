"""All panes of the reading room, in the layout that was chosen."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

from PySide6.QtCore import QPoint, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QMenu, QWidget

from medkd_viewer.findings.results import NetworkView
from medkd_viewer.reading.arrangement import GAP, Box, arranged, boxes_of
from medkd_viewer.reading.desk import Desk
from medkd_viewer.reading.dropped_study import DroppedStudy
from medkd_viewer.reading.film import Film
from medkd_viewer.reading.film_view import INVITATION, INVITATION_BESIDE
from medkd_viewer.reading.heads import Head, head_of
from medkd_viewer.reading.layouts import Content, FilmCell, Layout, NetworkCell, exchanged, filled
from medkd_viewer.reading.links import Links
from medkd_viewer.reading.network_pane import NetworkPane
from medkd_viewer.reading.pane import FilmPane
from medkd_viewer.reading.pane_menu import Choice, pane_menu
from medkd_viewer.reading.state import ReadingState


class PaneGrid(QWidget):
    """One pane for each place of the desk and for each network; the layout says which are seen.

    Attributes
    ----------
    layout_now : Layout
    chosen : dict of int to Content
        Cells whose content the reader chose.
    film_panes : tuple of FilmPane
        One for each place of the desk.
    network_panes : dict of str to NetworkPane
    active_pane : FilmPane
    """

    active_changed = Signal()
    layout_changed = Signal()
    touched = Signal()
    """A pane was pressed: whatever moves by itself should stop."""
    study_dropped = Signal(object, str, int)
    """The `ReadingState` it was let go on, the study's UID, and which of its images from 0."""
    take_off_asked = Signal(object)
    """The `ReadingState` whose film should leave the desk."""

    def __init__(self, desk: Desk, links: Links, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("readingArea")
        self.setAccessibleName("Films and maps")
        self._desk, self._links = desk, links
        self.layout_now = Layout.OPINION
        self._networks_silent = True
        self.chosen: dict[int, Content] = {}
        self.film_panes = tuple(self._film_pane(state) for state in desk.places)
        self.film_pane = self.film_panes[0]
        self.network_panes: dict[str, NetworkPane] = {}
        self._maximised: FilmPane | None = None
        self.active_pane: FilmPane = self.film_pane
        self.panes: list[FilmPane] = [self.film_pane]
        self.film_pane.set_active(True)
        for state in desk.places:
            state.film_changed.connect(self._show_contents)
        links.changed.connect(self._show_heads)
        desk.look.changed.connect(self._show_heads)

    # what is shown

    def set_layout(self, layout: Layout, chosen: dict[int, Content] | None = None) -> None:
        """Arrange the panes in another way.

        Parameters
        ----------
        layout : Layout
        chosen : dict of int to Content, optional
            What lies in some of its cells; the others are filled in order.
        """
        self.layout_now = layout
        self.chosen = dict(chosen or {})
        self._maximised = None
        self._show_contents()
        # Two layouts may show the same panes.
        self._arrange()
        self.layout_changed.emit()

    def choose(self, cell: int, content: Content) -> None:
        """Show something else in a cell; what lay there goes where that was."""
        self.chosen |= exchanged(self._contents(), cell, content)
        self._show_contents()

    def show_place(self, content: FilmCell, cell: int) -> None:
        """See to it that a place of the desk is seen, in a cell if it is not yet."""
        if content not in self._contents():
            self.choose(cell, content)

    def release(self, state: ReadingState) -> None:
        """No longer keep a cell for a place of the desk."""
        content = FilmCell(self._desk.places.index(state))
        self.chosen = {at: kept for at, kept in self.chosen.items() if kept != content}
        self._show_contents()

    def show_networks(self, views: dict[str, NetworkView]) -> None:
        """Have one pane for each network, in the order given."""
        if list(views) != list(self.network_panes):
            self._replace_panes(views)
        for name, view in views.items():
            self.network_panes[name].show_view(view)

    def set_networks_silent(self, silent: bool) -> None:
        """Leave the networks' panes out while they have nothing to say about the film."""
        if silent != self._networks_silent:
            self._networks_silent = silent
            self._show_contents()
            self._arrange()

    def show_network(self, view: NetworkView) -> None:
        """Show one network's new state."""
        if view.name in self.network_panes:
            self.network_panes[view.name].show_view(view)

    # which is in use

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
        at = self.panes.index(self.active_pane) if self.active_pane in self.panes else -1
        self.activate(self.panes[(at + 1) % len(self.panes)])

    def maximise(self, pane: FilmPane | None) -> None:
        """Show one pane alone; None shows all."""
        self._maximised = pane
        if pane is not None:
            self.activate(pane)
        self._arrange()

    def toggle_maximised(self) -> None:
        """Show the pane in use alone, or all again."""
        self.maximise(None if self._maximised else self.active_pane)

    def pane_of(self, state: ReadingState) -> FilmPane:
        """The pane of a place of the desk."""
        return self.film_panes[self._desk.places.index(state)]

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Arrange anew."""
        super().resizeEvent(event)
        self._arrange()

    # panes

    def _film_pane(self, state: ReadingState) -> FilmPane:
        first = state is self._desk.primary
        pane = FilmPane(state, self, invitation=INVITATION if first else INVITATION_BESIDE)
        if not first:
            pane.setAccessibleName(f"Film {self._desk.places.index(state) + 1}")
        self._adopt(pane)
        pane.setVisible(first)
        return pane

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
        for before, after in pairwise([*self.film_panes, *self.network_panes.values()]):
            # Made last, they would be reached after everything else in the window.
            QWidget.setTabOrder(before, after)
        self._show_contents()

    def _adopt(self, pane: FilmPane) -> None:
        pane.activated.connect(lambda: self.activate(pane))
        pane.activated.connect(self.touched)
        pane.pointed.connect(lambda: self._desk.point_at(pane.state))
        pane.maximise_asked.connect(lambda: self.maximise(None if self._maximised else pane))
        pane.menu_asked.connect(lambda place: self._open_menu(pane, place))
        pane.study_dropped.connect(lambda dropped: self._take_dropped(pane, dropped))

    # cells

    def _contents(self) -> list[Content]:
        wanted = self._wanted()
        if self.layout_now is Layout.OPINION:
            return [c for c in wanted if isinstance(c, NetworkCell) or c.place == 0]
        return filled(self.layout_now.cells, self.chosen, wanted, self._free())

    def _wanted(self) -> list[Content]:
        laid = [n for n, state in enumerate(self._desk.places) if n == 0 or state.film is not None]
        panes = () if self._networks_silent else self.network_panes.values()
        views = [pane.view for pane in panes]
        # The sort is stable: the student first, the teachers as the model gives them.
        views.sort(key=lambda view: not view.is_student)
        return [*map(FilmCell, laid), *(NetworkCell(view.name) for view in views)]

    def _free(self) -> list[FilmCell]:
        places = enumerate(self._desk.places)
        return [FilmCell(n) for n, state in places if n and state.film is None]

    def _pane(self, content: Content) -> FilmPane:
        if isinstance(content, NetworkCell):
            return self.network_panes[content.name]
        return self.film_panes[content.place]

    def _show_contents(self) -> None:
        panes = [self._pane(content) for content in self._contents()]
        if panes != self.panes or not all(pane.isVisibleTo(self) for pane in panes):
            self.panes = panes
            if self.active_pane not in panes:
                self.activate(panes[0])
            self._arrange()
        self._show_heads()

    def _show_heads(self) -> None:
        seen = [p for p in self.film_panes if p in self.panes and p.state.film is not None]
        for pane in self.film_panes:
            film = pane.state.film
            head = None
            if len(seen) > 1 and film is not None:
                head = self._head(film)
            pane.set_head(head)

    def _head(self, film: Film) -> Head:
        hidden = self._desk.look.patient_hidden
        first, linked = self._desk.primary.film, self._links.is_on
        return head_of(film, first, linked=linked, patient_hidden=hidden)

    def _arrange(self) -> None:
        for pane in (*self.film_panes, *self.network_panes.values()):
            pane.setVisible(pane is self._maximised if self._maximised else pane in self.panes)
        if self._maximised is not None:
            self._maximised.setGeometry(self.rect())
            return
        for pane, (left, top, width, height) in zip(self.panes, self._boxes(), strict=True):
            pane.setGeometry(left + GAP, top + GAP, width, height)

    def _boxes(self) -> list[Box]:
        width, height = self.width() - 2 * GAP, self.height() - 2 * GAP
        if self.layout_now is not Layout.OPINION:
            return boxes_of(self.layout_now, width, height)
        below = sum(isinstance(p, NetworkPane) and not p.view.is_student for p in self.panes)
        return arranged(width, height, len(self.panes) - below, below)

    # what the reader asks of a pane

    def _take_dropped(self, pane: FilmPane, dropped: DroppedStudy) -> None:
        state = pane.state
        if isinstance(pane, NetworkPane) and self.layout_now is not Layout.OPINION:
            # A place that was chosen waits for its film.
            free = [place for place in self._free() if place not in self.chosen.values()]
            if free:
                self.choose(self.panes.index(pane), free[0])
                state = self._desk.places[free[0].place]
        elif self.layout_now is not Layout.OPINION and pane in self.panes:
            # The film stays where it was let go, whatever else lies on the desk.
            place = self._desk.places.index(state)
            self.chosen[self.panes.index(pane)] = FilmCell(place)
        self.study_dropped.emit(state, dropped.uid, dropped.position)

    def _open_menu(self, pane: FilmPane, place: QPoint) -> None:
        self.activate(pane)
        self.menu_of(pane).popup(place)

    def menu_of(self, pane: FilmPane) -> QMenu:
        """The context menu of a pane."""
        state = pane.state
        beside = state is not self._desk.primary and state.film is not None
        take_off = (lambda: self.take_off_asked.emit(state)) if beside else None
        return pane_menu(self, pane, self._choices(pane), self._links, take_off)

    def _choices(self, pane: FilmPane) -> list[Choice]:
        if self.layout_now is Layout.OPINION or pane not in self.panes:
            return []
        cell = self.panes.index(pane)
        offered = [*self._wanted(), *self._free()[:1]]
        return [
            Choice(
                self._name(content),
                self._pane(content) is pane,
                partial(self.choose, cell, content),
            )
            for content in offered
        ]

    def _name(self, content: Content) -> str:
        pane = self._pane(content)
        if isinstance(pane, NetworkPane):
            return f"AI map of {pane.view.label}"
        if pane.state.film is None:
            return "The film" if content == FilmCell(0) else "Nothing"
        return self._head(pane.state.film).text

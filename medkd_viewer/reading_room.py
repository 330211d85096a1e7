"""The Read tab: studies on the left, films and maps in the middle, findings on the right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QWidget

from medkd_core.errors import MedKDError
from medkd_core.imaging.study import Instance, Study
from medkd_viewer.contents.reading_area import ReadingArea
from medkd_viewer.contents.text_page import TextPage
from medkd_viewer.counting import plural
from medkd_viewer.decoding import Decoding
from medkd_viewer.findings.asking import Asking
from medkd_viewer.findings.judging import Judging
from medkd_viewer.findings.opinion import SecondOpinion
from medkd_viewer.findings.panel import FindingsPanel
from medkd_viewer.measuring.measuring import Measuring
from medkd_viewer.reading.cine import Cine
from medkd_viewer.reading.comparing import Comparing
from medkd_viewer.reading.desk import Desk
from medkd_viewer.reading.film import Film
from medkd_viewer.reading.film_view import OPENING
from medkd_viewer.reading.hanging import Hanging
from medkd_viewer.reading.links import Links
from medkd_viewer.reading.look import Look
from medkd_viewer.reading.map_layer import MapStyle
from medkd_viewer.reading.pane_grid import PaneGrid
from medkd_viewer.reading.state import ReadingState
from medkd_viewer.said import Said, told
from medkd_viewer.settings import Settings
from medkd_viewer.studies.file_manager import show_in_folder
from medkd_viewer.studies.intake import Intake
from medkd_viewer.studies.journal import Journal
from medkd_viewer.studies.library import Library
from medkd_viewer.studies.opening import Opening
from medkd_viewer.studies.panel import StudiesPanel
from medkd_viewer.studies.pictures import count_images, documents_of
from medkd_viewer.studies.remarks import remark_of
from medkd_viewer.studies.thumbnails import Thumbnails
from medkd_viewer.window.regions import Region

_OPACITY_STEP = 0.05


class ReadingRoom(QWidget):
    """Connects studies, films and findings; each knows nothing of the others.

    Parameters
    ----------
    decoding : Decoding
    opinion : SecondOpinion
    journal : Journal
    settings : Settings
    """

    message = Signal(object)
    """`Said` for the bottom bar."""
    answered = Signal(object)
    """`Said` of what became of a key: it comes before what is running."""
    study_changed = Signal()

    def __init__(
        self,
        decoding: Decoding,
        opinion: SecondOpinion,
        journal: Journal,
        settings: Settings,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.settings, self.opinion, self._decoding = settings, opinion, decoding
        self.is_opening = False
        self.trouble: Said = ""
        self.library = Library(journal)
        self.look = Look(settings.map_style(), self)
        self.desk = Desk(self.look, self)
        self.state = self.desk.primary
        # First the links: they hear of a step before the film has moved.
        self.links = Links(self.desk, self)
        self.links.is_on, self.links.followed = settings.linked, set(settings.followed)
        self.hanging = Hanging(self.desk, decoding, self)
        self.opener = self.hanging.openers[self.state]
        self.cine = Cine(self.desk, self.hanging.openers, self)
        self._asking = Asking(opinion, self)
        self._thumbnails = Thumbnails(decoding, self)
        self.intake = Intake(decoding, self.library, self)
        self.opening = Opening(self.intake, self.library, settings, self)
        self.studies = StudiesPanel(self.library, self._thumbnails, self.look)
        self.panes = PaneGrid(self.desk, self.links)
        self.area = ReadingArea(self.panes, TextPage(decoding, self.look))
        self.measuring = Measuring(self.desk, journal, self)
        for pane in self.panes.film_panes:
            pane.add_overlay(self.measuring.overlay(pane.state))
        self.comparing = Comparing(self.desk, self.panes, self.hanging, self.library, self)
        self.findings = FindingsPanel(opinion, self.look.style)
        self._judging = Judging(self.state, opinion, self.findings, journal, self)
        self.splitter = self._make_splitter()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.splitter)
        self._connect()

    # what the window asks for

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Search files and folders and show the first study found there."""
        self.opening.open_paths(paths)

    def open_study(self, study: Study, position: int = 0) -> None:
        """Show one of a study's pictures, by its place in the reading order."""
        if documents_of(study) and not count_images(study):
            self.studies.select(study.uid)
            self.show_document(documents_of(study)[0])
            return
        shown = self.opener.study
        self.area.show_films()
        is_new = shown is None or (shown.uid, self.opener.position) != (study.uid, position)
        # What was not opened may be tried again.
        if is_new or self.state.film is None:
            self.is_opening, self.trouble = True, ""
            self.panes.film_pane.explain(OPENING)
            self.opener.open(study, position)

    def show_document(self, document: Instance) -> None:
        """Show what a file without a picture says, in the films' place."""
        # A film's findings beside a document would be read as the document's.
        self.opener.close()
        self.desk.activate(self.state)
        self.state.show_film(None)
        self._asking.show_film(None)
        self.is_opening, self.trouble = False, ""
        self.area.show_document(document)
        if self.study_in_hand is not None:
            self.studies.show_document(self.study_in_hand, document)
        self.message.emit("")
        self.study_changed.emit()

    @property
    def study_in_hand(self) -> Study | None:
        """The study of the film or document that is shown."""
        document, studies = self.area.document, self.library.studies.values()
        if document is None:
            return self.opener.study
        return next((study for study in studies if document in study.instances), None)

    def close_studies(self, uids: Sequence[str]) -> None:
        """Take studies off the list and off the panes; no file is touched."""
        known = [uid for uid in uids if uid in self.library.studies]
        self.intake.leave_out(known)
        self.library.close(known)
        if not self.library.studies:
            self.intake.stop()
            self.library.clear()
        if self.study_in_hand is None:
            self.area.show_films()
        for state in self.desk.places:
            if state.film is None or state.film.study.uid not in known:
                continue
            if state is self.state:
                state.show_film(None)
            else:
                self.comparing.take_off(state)
        if self.opener.study is not None and self.opener.study.uid in known:
            self.opener.close()
            self.state.show_film(None)
            self._asking.show_film(None)
            self.study_changed.emit()
        self.studies.refresh()
        closed = plural(len(known), "study", "studies")
        self.message.emit(f"{closed} closed. The files are where they were.")

    def step_study(self, by: int) -> None:
        """Go to the next (1) or previous (-1) study of the list."""
        uids = [study.uid for study in self.library.in_order()]
        study = self.study_in_hand
        if study is None or study.uid not in uids:
            return
        number = uids.index(study.uid) + by
        if 0 <= number < len(uids):
            self.open_study(self.library.studies[uids[number]])

    def show_preset(self, key: int) -> None:
        """Look at the film in hand through the window of a number key, or say that it has none."""
        if not self.desk.active.show_preset(key):
            self.answered.emit(f"This film has no window for the key {key}.")

    def mark_read(self, read: bool) -> None:
        """Note that the study in hand was read, or was not."""
        film = self.state.film
        if film is not None:
            when = datetime.now().astimezone() if read else None
            self.library.journal.mark_read(film.study.uid, when)
            self.studies.refresh()
            self.study_changed.emit()

    @property
    def is_read(self) -> bool:
        """The study in hand was marked as read."""
        film = self.state.film
        return film is not None and self.library.journal.read_at(film.study.uid) is not None

    def change_opacity(self, steps: int) -> None:
        """Make the maps more or less opaque."""
        style = self.look.style
        opacity = min(1.0, max(0.0, style.opacity + steps * _OPACITY_STEP))
        self.look.set_style(replace(style, opacity=round(opacity, 2)))

    def change_style(self, **changes: object) -> None:
        """Draw the maps in another way."""
        self.look.set_style(replace(self.look.style, **changes))  # type: ignore[arg-type]

    def regions(self) -> list[Region]:
        """Studies, films or a document, findings."""
        return [
            Region(self.studies, self.studies.focus_list),
            Region(self.area, self.area.focus_first),
            Region(self.findings, self.findings.focus_first),
        ]

    def show_panels(self, *, studies: bool, findings: bool) -> None:
        """Show or hide the side panels."""
        self.studies.setVisible(studies)
        self.findings.setVisible(findings)

    # wiring

    def _make_splitter(self) -> QSplitter:
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setHandleWidth(1)
        for panel in (self.studies, self.area, self.findings):
            splitter.addWidget(panel)
        self.studies.setMinimumWidth(180)
        self.findings.setMinimumWidth(260)
        self.area.setMinimumWidth(320)
        splitter.setStretchFactor(splitter.indexOf(self.area), 1)
        splitter.setChildrenCollapsible(False)
        left, right = self.settings.panel_widths
        splitter.setSizes([left, 900, right])
        splitter.splitterMoved.connect(self._keep_widths)
        return splitter

    def _connect(self) -> None:
        self._connect_studies()
        self._connect_panes()
        self.opener.opened.connect(self._show_film)
        self.opener.failed.connect(self._refuse_study)
        self.state.film_changed.connect(self._make_room)
        self._thumbnails.follow(self.opener)
        self.look.changed.connect(self._keep_style)
        self.opinion.model_changed.connect(self._show_networks)
        self.opinion.prediction_changed.connect(self._take_prediction)
        self.opinion.network_changed.connect(self._show_network)
        self.findings.style_chosen.connect(self._choose_style)

    def _connect_panes(self) -> None:
        panes, links, comparing, cine = self.panes, self.links, self.comparing, self.cine
        panes.study_dropped.connect(self._take_dropped)
        panes.take_off_asked.connect(comparing.take_off)
        panes.touched.connect(cine.stop)
        comparing.message.connect(self.answered)
        links.changed.connect(self._keep_links)
        for signal in (panes.layout_changed, links.changed, comparing.changed, cine.changed):
            signal.connect(self.study_changed)

    def _connect_studies(self) -> None:
        studies, intake = self.studies, self.intake
        studies.study_chosen.connect(self.open_study)
        studies.series_chosen.connect(self.open_study)
        studies.document_chosen.connect(self.show_document)
        studies.beside_asked.connect(self.comparing.lay_beside)
        studies.folder_chosen.connect(self.opening.open_recent)
        studies.forget_asked.connect(self.opening.forget)
        studies.close_asked.connect(self.close_studies)
        studies.reveal_asked.connect(show_in_folder)
        studies.stop_asked.connect(intake.stop)
        studies.left.connect(self.area.focus_first)
        self.opening.began.connect(self._begin_to_open)
        self.opening.said.connect(self.message)
        self.opening.failed.connect(self._fail_to_open)
        self.opening.listed.connect(studies.refresh)
        intake.first_found.connect(self._open_first)
        intake.grown.connect(studies.refresh)
        intake.grown.connect(self._follow_growth)
        intake.counted.connect(studies.looking.show_count)

    def _follow_growth(self) -> None:
        """More of the studies on the desk may have been found."""
        for state, opener in self.hanging.openers.items():
            study = None if opener.study is None else self.library.studies.get(opener.study.uid)
            if study is not None and study is not opener.study:
                opener.renew(study)
                state.view_changed.emit()

    def _open_first(self, study: Study) -> None:
        self.opener.study = None
        self.open_study(study)

    def _begin_to_open(self) -> None:
        self.is_opening, self.trouble = True, ""

    def _fail_to_open(self, reason: Said) -> None:
        self.is_opening, self.trouble = False, reason
        self.panes.film_pane.explain(reason)
        self.message.emit(reason)

    def _show_film(self, film: Film) -> None:
        before = self.state.film
        is_opened = self.is_opening or before is None or before.study.uid != film.study.uid
        self.is_opening = False
        if before is None:
            self.panes.set_networks_silent(False)
        self.state.show_film(film)
        self._asking.show_film(film)
        if self.library.note_opened(film.study.uid, film.address.path):
            self.studies.refresh()
        self.studies.show_film(film.study, film.instance)
        self._judging.show_known()
        if is_opened:
            self.message.emit("")
            self.comparing.follow(film.study)
            self.study_changed.emit()

    def _make_room(self) -> None:
        """Without a film the networks have nothing to say."""
        if self.state.film is None:
            self.panes.set_networks_silent(True)

    def _take_dropped(self, state: ReadingState, uid: str, position: int) -> None:
        study = self.library.studies.get(uid)
        if study is not None and state is self.state:
            self.open_study(study, position)
        elif study is not None:
            self.hanging.hang(state, study, position)
            self.comparing.changed.emit()

    def _refuse_study(self, study: Study, error: MedKDError) -> None:
        self.library.note_failure(study, error)
        self.studies.refresh()
        self.studies.select(study.uid)
        # Another patient's film beside the chosen name would be read as this one's.
        self.state.show_film(None)
        self._asking.show_film(None)
        self._fail_to_open(told(error))
        self.study_changed.emit()

    def _show_networks(self) -> None:
        self.panes.show_networks(self.opinion.views)
        for pane in self.panes.network_panes.values():
            if not pane.overlays:
                # The same film, and so the same measurements, whichever pane they are made on.
                pane.add_overlay(self.measuring.overlay(pane.state))

    def _show_network(self, name: str) -> None:
        self.panes.show_network(self.opinion.views[name])

    def _take_prediction(self) -> None:
        self._show_networks()
        self._judging.show_known()
        film, prediction = self.state.film, self.opinion.prediction
        if film is not None and prediction is not None:
            # Only now: panes must not come and go while the networks are asked about the next.
            self.panes.set_networks_silent(self.opinion.not_applicable)
            self.library.remark(film.study.uid, *remark_of(prediction))
            self.studies.refresh()

    def _choose_style(self, style: MapStyle) -> None:
        self.look.set_style(replace(style, visible=self.look.style.visible))

    def _keep_style(self) -> None:
        self.settings.keep_map_style(self.look.style)
        self.findings.controls.show_style(self.look.style)

    def _keep_links(self) -> None:
        self.settings.linked, self.settings.followed = self.links.is_on, self.links.followed

    def _keep_widths(self) -> None:
        left, _, right = self.splitter.sizes()
        if left and right:
            self.settings.panel_widths = (left, right)

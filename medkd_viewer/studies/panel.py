"""The left panel: a search field over the list of studies, and what is being looked for below."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial
from pathlib import Path

from PySide6.QtCore import (
    QItemSelectionModel,
    QModelIndex,
    QPoint,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QGuiApplication, QHideEvent, QShowEvent
from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget

from medkd_core.imaging.study import Instance, Study
from medkd_viewer.reading.look import Look
from medkd_viewer.studies.faces import Faces
from medkd_viewer.studies.library import Library
from medkd_viewer.studies.looking_line import LookingLine
from medkd_viewer.studies.pictures import count_images, documents_of
from medkd_viewer.studies.query import Query
from medkd_viewer.studies.row_menu import Deed, row_menu
from medkd_viewer.studies.row_painting import RowPainter
from medkd_viewer.studies.rows import (
    DocumentRow,
    FolderRow,
    Outline,
    RefusedRow,
    Row,
    SectionRow,
    SeriesRow,
    StudyRow,
    is_under,
    path_of,
    picture_of,
)
from medkd_viewer.studies.search_field import SearchField
from medkd_viewer.studies.study_model import StudyListModel
from medkd_viewer.studies.study_view import StudyView
from medkd_viewer.studies.thumbnails import Thumbnails

_REST_MS = 40
"""Thumbnails are made when the list has come to rest for so long."""

_PREPARED_AT_ONCE = 200
"""Studies whose words are read while the window has nothing else to do."""


class StudiesPanel(QWidget):
    """Shows a `Library`; says by signals what was chosen and asked for.

    Parameters
    ----------
    library : Library
    thumbnails : Thumbnails
    look : Look
        Tells whether patients are named.
    """

    study_chosen = Signal(object)
    """A `Study`: its first picture."""
    series_chosen = Signal(object, int)
    """A `Study` and the position of the first picture of the series."""
    document_chosen = Signal(object)
    """An `Instance` without pictures."""
    folder_chosen = Signal(Path)
    """A folder or file that was opened before."""
    beside_asked = Signal(object, int)
    """A `Study` and a position: lay it beside the film in hand."""
    close_asked = Signal(object)
    """UIDs of studies to take off the list, a tuple of str."""
    forget_asked = Signal(Path)
    """Something opened before is not to be listed any more."""
    reveal_asked = Signal(Path)
    """Show this file in the system's file manager."""
    left = Signal()
    """The reader goes back from the search to the film."""
    stop_asked = Signal()
    """Look for no more studies."""

    def __init__(
        self,
        library: Library,
        thumbnails: Thumbnails,
        look: Look,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("studiesPanel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._library, self._thumbnails, self._look = library, thumbnails, look
        self._outline = Outline(library)
        self._in_hand: Hashable = None
        self._faces = Faces(library, self._outline)
        self.model = StudyListModel(self._faces)
        self._painter = RowPainter(self._faces, thumbnails.get)
        self._search = SearchField()
        self.list = StudyView(self.model, self._outline)
        self.list.setItemDelegate(self._painter)
        self.looking = LookingLine()
        self._rest = QTimer(self, singleShot=True, interval=_REST_MS)
        self._idle = QTimer(self, interval=0)
        self._lay_out()
        self._connect()
        self.refresh()

    def refresh(self) -> None:
        """Show what the library holds now."""
        self._outline.query = Query.parsed(self._search.text())
        self._outline.hidden = self._look.patient_hidden
        in_hand = self.list.currentIndex()
        if in_hand.isValid():
            self._in_hand = self.model.rows[in_hand.row()].key
        self.list.empty_words = self._empty_words()
        self.model.show_rows(self._outline.rows())
        self._idle.start()
        number = self.model.number_of(self._in_hand)
        if number is None and not self._outline.query.is_empty:
            # What a search left out is in hand again when it comes back; until then, nothing is.
            self.list.setCurrentIndex(QModelIndex())
        elif not self.list.currentIndex().isValid():
            self._take_in_hand(number)

    def show_film(self, study: Study, instance: Instance) -> None:
        """Mark the study and the series whose film is in hand, without choosing it again."""
        series = next((s for s in study.series if instance in s.instances), study.series[0])
        self._show(study, (study.uid, series.uid))

    def show_document(self, study: Study, document: Instance) -> None:
        """Mark the document that is read."""
        self._show(study, (study.uid, document.path))

    def select(self, study_uid: str) -> None:
        """Take the row of a study in hand, without choosing it."""
        self._take_in_hand(self.model.number_of(study_uid))

    def focus_search(self) -> None:
        """Start typing a search."""
        self._search.setFocus()
        self._search.selectAll()

    def focus_list(self) -> None:
        """Put the focus on the list, on a row of it."""
        if not self.list.currentIndex().isValid():
            self.list.setCurrentIndex(self.model.index(min(1, self.model.rowCount() - 1)))
        self.list.setFocus(Qt.FocusReason.TabFocusReason)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        """Go on making thumbnails."""
        super().showEvent(event)
        self._rest.start()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802
        """Nobody sees thumbnails now."""
        super().hideEvent(event)
        self._rest.stop()

    # building

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 0, 8)
        layout.setSpacing(4)
        top = QVBoxLayout()
        # The list's scroll bar stands in the panel's margin.
        top.setContentsMargins(0, 0, 12, 0)
        top.addWidget(self._search)
        layout.addLayout(top)
        layout.addWidget(self.list)
        layout.addWidget(self.looking)

    def _connect(self) -> None:
        self._search.textChanged.connect(self._follow_search)
        self._search.list_asked.connect(self.focus_list)
        self._search.first_asked.connect(self._choose_first)
        self._search.left.connect(self.left)
        self._look.changed.connect(self._follow_look)
        self._thumbnails.ready.connect(self.list.viewport().update)
        self._idle.timeout.connect(self._prepare_search)
        self._rest.timeout.connect(self._want_thumbnails)
        self.list.sight_changed.connect(self._come_to_rest)
        self.list.chosen.connect(self._choose)
        self.list.fold_asked.connect(self._fold)
        self.list.close_asked.connect(self._close)
        self.list.copy_asked.connect(self._copy)
        self.list.menu_asked.connect(self._show_menu)
        self.looking.stop_asked.connect(self.stop_asked)

    def _follow_search(self) -> None:
        self.refresh()
        if self.list.currentIndex().isValid():
            self.list.scrollTo(self.list.currentIndex())
        else:
            self.list.scrollToTop()

    def _follow_look(self) -> None:
        if self._outline.hidden != self._look.patient_hidden:
            self.refresh()

    def _prepare_search(self) -> None:
        if not self._library.prepare_search(_PREPARED_AT_ONCE):
            self._idle.stop()

    def _come_to_rest(self) -> None:
        if self.isVisible():
            self._rest.start()

    def _want_thumbnails(self) -> None:
        rows = [self.model.rows[number] for number in self.list.numbers_in_sight()]
        images = (self._faces.of(row).image for row in rows)
        self._thumbnails.want([image for image in images if image is not None])

    def _empty_words(self) -> str:
        if self._library.studies:
            return "No study has what you are looking for."
        return "Open files or a folder, or drop them on the window."

    def _show(self, study: Study, key: tuple[str, Hashable]) -> None:
        if not self._outline.show(*key):
            return
        self.refresh()
        number = self.model.number_of(key)
        self._take_in_hand(self.model.number_of(study.uid) if number is None else number)

    def _take_in_hand(self, number: int | None) -> None:
        if number is not None:
            self.list.selectionModel().setCurrentIndex(
                self.model.index(number), QItemSelectionModel.SelectionFlag.ClearAndSelect
            )

    # what is done with rows

    def _choose(self, row: Row) -> None:
        match row:
            case StudyRow(study) if not count_images(study) and documents_of(study):
                self.document_chosen.emit(documents_of(study)[0])
            case StudyRow(study):
                self.study_chosen.emit(study)
            case SeriesRow():
                self.series_chosen.emit(*(picture_of(row) or (row.study, 0)))
            case DocumentRow():
                self.document_chosen.emit(row.document)
            case FolderRow(folder):
                self.folder_chosen.emit(folder.path)

    def _choose_first(self) -> None:
        row = next((row for row in self.model.rows if isinstance(row, StudyRow)), None)
        if row is not None:
            self._choose(row)

    def _fold(self, row: Row, unfolded: bool) -> None:
        match row:
            case StudyRow(study):
                self._outline.unfold(study.uid, unfolded)
            case SectionRow(section):
                self._outline.unfold(section, unfolded)
        in_hand = self.list.currentIndex()
        if in_hand.isValid() and is_under(self.model.rows[in_hand.row()], row):
            self._take_in_hand(self.model.number_of(row.key))
        self.refresh()

    def _close(self, row: Row) -> None:
        match row:
            case StudyRow(study) | SeriesRow(study) | DocumentRow(study):
                self.close_asked.emit((study.uid,))
            case FolderRow(folder):
                self.forget_asked.emit(folder.path)

    def _copy(self, row: Row) -> None:
        if isinstance(row, RefusedRow | SectionRow):
            rows = map(RefusedRow, self._library.refused.values())
            words = "\n".join(self._faces.of(row).words for row in rows)
        else:
            words = self._faces.of(row).words
        QGuiApplication.clipboard().setText(words)

    def _show_menu(self, row: Row, place: QPoint) -> None:
        menu = self.menu_for(row)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(place)

    def menu_for(self, row: Row) -> QMenu:
        """What can be done with a row."""
        study = row.study if isinstance(row, StudyRow | SeriesRow | DocumentRow) else None
        groups = (self._opening(row), self._revealing(row), self._leaving(row, study))
        return row_menu(self, [group for group in groups if group])

    def _opening(self, row: Row) -> list[Deed]:
        if isinstance(row, RefusedRow | SectionRow):
            return []
        deeds: list[Deed] = [("Open", partial(self._choose, row))]
        picture = picture_of(row)
        if picture is not None:
            beside = partial(self.beside_asked.emit, *picture)
            deeds.append(("Lay beside the film in hand", beside))
        return deeds

    def _revealing(self, row: Row) -> list[Deed]:
        path = path_of(row)
        return [] if path is None else [("Show in folder", partial(self.reveal_asked.emit, path))]

    def _leaving(self, row: Row, study: Study | None) -> list[Deed]:
        if isinstance(row, FolderRow):
            return [("Take off this list", partial(self.forget_asked.emit, row.folder.path))]
        if study is None:
            return [("Copy the list with reasons", partial(self._copy, row))]
        everything = tuple(self._library.studies)
        return [
            ("Close this study", partial(self.close_asked.emit, (study.uid,))),
            ("Close all studies", partial(self.close_asked.emit, everything)),
        ]

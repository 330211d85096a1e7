"""The left panel: a search field over the list of studies."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QItemSelectionModel, QModelIndex, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QLineEdit, QListView, QVBoxLayout, QWidget

from medkd_core.imaging.study import Study
from medkd_viewer.studies.library import FolderRow, Library, StudyRow
from medkd_viewer.studies.study_list import StudyDelegate, StudyListModel
from medkd_viewer.studies.thumbnails import Thumbnails


class StudiesPanel(QWidget):
    """Shows a `Library`; says which study or folder was chosen."""

    study_chosen = Signal(object)
    folder_chosen = Signal(Path)

    def __init__(
        self, library: Library, thumbnails: Thumbnails, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("studiesPanel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._library = library
        self.model = StudyListModel()
        self._delegate = StudyDelegate(thumbnails.get)
        self._search = self._make_search()
        self._list = self._make_list()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 8)
        layout.setSpacing(4)
        layout.addWidget(self._search)
        layout.addWidget(self._list)
        thumbnails.ready.connect(self._list.viewport().update)
        self.refresh()

    def refresh(self) -> None:
        """Show what the library holds now."""
        chosen = self._chosen_study()
        self.model.show_rows(self._library.rows(self._search.text()))
        if chosen is not None:
            self.select(chosen.uid)

    def select(self, study_uid: str) -> None:
        """Mark a study as the one that is shown, without choosing it again."""
        number = self.model.row_of(study_uid)
        if number is not None:
            selection = self._list.selectionModel()
            selection.setCurrentIndex(
                self.model.index(number), QItemSelectionModel.SelectionFlag.ClearAndSelect
            )

    def focus_search(self) -> None:
        """Start typing a search."""
        self._search.setFocus()
        self._search.selectAll()

    def focus_list(self) -> None:
        """Put the focus on the list, on a row of it."""
        if not self._list.currentIndex().isValid():
            self._list.setCurrentIndex(self.model.index(min(1, self.model.rowCount() - 1)))
        self._list.setFocus(Qt.FocusReason.TabFocusReason)

    def _make_search(self) -> QLineEdit:
        search = QLineEdit()
        search.setPlaceholderText("Search studies")
        search.setAccessibleName("Search studies")
        search.setClearButtonEnabled(True)
        # What is dropped here is meant for the window, like everywhere else.
        search.setAcceptDrops(False)
        search.textChanged.connect(self.refresh)
        return search

    def _make_list(self) -> QListView:
        view = QListView()
        view.setAccessibleName("Studies")
        view.setModel(self.model)
        view.setItemDelegate(self._delegate)
        view.setMouseTracking(True)
        view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        view.setResizeMode(QListView.ResizeMode.Adjust)
        view.clicked.connect(self._choose)
        view.activated.connect(self._choose)
        return view

    def _choose(self, index: QModelIndex) -> None:
        row = index.data(Qt.ItemDataRole.UserRole)
        if isinstance(row, StudyRow):
            self.study_chosen.emit(row.study)
        elif isinstance(row, FolderRow):
            self.folder_chosen.emit(row.folder.path)

    def _chosen_study(self) -> Study | None:
        row = self._list.currentIndex().data(Qt.ItemDataRole.UserRole)
        return row.study if isinstance(row, StudyRow) else None

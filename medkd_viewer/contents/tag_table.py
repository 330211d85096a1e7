"""A search field over the elements of a file."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QAction, QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLineEdit,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from medkd_core.imaging.content import FileContent
from medkd_viewer.contents.tag_model import NAME, TAG, VR, TagModel
from medkd_viewer.findings.labels import secondary_label

_ROW_HEIGHT = 24
_DETAIL_LINES = 2
_WIDTHS = {TAG: 116, NAME: 270, VR: 48}


class TagTable(QWidget):
    """Shows every element of a file; Ctrl+F searches, Ctrl+C copies the chosen rows."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = TagModel()
        self.search = self._make_search()
        self.count = secondary_label()
        self.count.setWordWrap(False)
        self.view = self._make_view()
        self.detail = secondary_label()
        self.detail.setFixedHeight(_DETAIL_LINES * self.detail.fontMetrics().lineSpacing())
        self.detail.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.detail.setAccessibleName("Keyword and value of the row")
        self.view.selectionModel().currentRowChanged.connect(self._show_detail)
        self.model.modelReset.connect(self._show_detail)
        top = QHBoxLayout()
        top.setSpacing(12)
        top.addWidget(self.search, 1)
        top.addWidget(self.count)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(top)
        layout.addWidget(self.view, 1)
        layout.addWidget(self.detail)
        self._show_count()

    def show_content(self, content: FileContent) -> None:
        """Show another file's elements; the search stays."""
        self.model.show_lines(content.lines)
        self.view.scrollToTop()
        self._show_count()

    def set_patient_hidden(self, hidden: bool) -> None:
        """Hide who the patient is, or show it again; the row in hand stays in hand."""
        in_hand = self.model.line_at(self.view.currentIndex().row())
        self.model.set_patient_hidden(hidden)
        row = self.model.row_of(in_hand)
        if row is not None and not self.view.currentIndex().isValid():
            self.view.selectRow(row)
        self._show_count()

    def focus_search(self) -> None:
        """Start typing a search."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def event(self, event: QEvent) -> bool:
        """Take the key for searching before the window does, whose search is another."""
        if event.type() is QEvent.Type.ShortcutOverride and _is_find(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Search on the system's key for it."""
        if _is_find(event):
            self.focus_search()
        else:
            super().keyPressEvent(event)

    def _make_search(self) -> QLineEdit:
        search = _SearchField()
        search.setPlaceholderText("Search tag, name, keyword, VR or value")
        search.setAccessibleName("Search tags")
        search.setClearButtonEnabled(True)
        search.setAcceptDrops(False)
        search.textChanged.connect(self._filter)
        search.returnPressed.connect(self._enter_table)
        return search

    def _make_view(self) -> QTableView:
        view = QTableView()
        view.setObjectName("tagTable")
        view.setAccessibleName("Tags")
        view.setModel(self.model)
        view.setShowGrid(False)
        view.setWordWrap(False)
        view.setTabKeyNavigation(False)
        view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        view.verticalHeader().hide()
        view.verticalHeader().setDefaultSectionSize(_ROW_HEIGHT)
        header = view.horizontalHeader()
        header.setStretchLastSection(True)
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for column, width in _WIDTHS.items():
            view.setColumnWidth(column, width)
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        for text, key, copy in (
            ("Copy rows", QKeySequence.StandardKey.Copy, self._copy_rows),
            ("Copy values", "Ctrl+Shift+C", self._copy_values),
        ):
            action = QAction(text, view)
            action.setShortcut(QKeySequence(key))
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
            action.triggered.connect(copy)
            view.addAction(action)
        return view

    def _filter(self, query: str) -> None:
        self.model.set_query(query)
        self._show_count()

    def _show_count(self) -> None:
        matches, elements = self.model.matches, self.model.elements
        words = f"{elements:,} elements"
        if self.search.text().strip():
            words = f"{matches:,} of {words}" if matches else "No match"
        self.count.setText(words)

    def _show_detail(self) -> None:
        # What the columns are too narrow for.
        self.detail.setText(self.model.detail_of(self.view.currentIndex().row()))

    def _enter_table(self) -> None:
        if self.model.rowCount():
            self.view.setFocus(Qt.FocusReason.TabFocusReason)
            self.view.selectRow(0)

    def _chosen_rows(self) -> list[int]:
        return sorted(index.row() for index in self.view.selectionModel().selectedRows())

    def _copy_rows(self) -> None:
        QGuiApplication.clipboard().setText(self.model.text_of(self._chosen_rows()))

    def _copy_values(self) -> None:
        QGuiApplication.clipboard().setText(self.model.values_of(self._chosen_rows()))


class _SearchField(QLineEdit):
    """Leaves a capital letter to the window's commands while nothing is typed yet."""

    def event(self, event: QEvent) -> bool:
        """The patient is to be hidden at once, without leaving the field first."""
        if event.type() is QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            shifted = event.modifiers() == Qt.KeyboardModifier.ShiftModifier
            if shifted and not self.text():
                event.ignore()
                return True
        return super().event(event)


def _is_find(event: QEvent) -> bool:
    return isinstance(event, QKeyEvent) and event.matches(QKeySequence.StandardKey.Find)

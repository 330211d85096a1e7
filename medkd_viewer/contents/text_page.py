"""What stands in the reading area for a file without a picture: its text, and its tags."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QTextEdit, QVBoxLayout, QWidget

from medkd_core.errors import MedKDError
from medkd_core.imaging.content import FileContent
from medkd_core.imaging.study import Instance
from medkd_viewer.contents.outline import write_outline
from medkd_viewer.contents.patient_elements import without_patient
from medkd_viewer.contents.tag_table import TagTable
from medkd_viewer.decoding import Decoding
from medkd_viewer.findings.labels import headline_label, secondary_label
from medkd_viewer.findings.segments import Segments
from medkd_viewer.reading.look import Look
from medkd_viewer.training.card import ElidedLabel

_WIDEST_TEXT = 720


class TextPage(QWidget):
    """Shows one document at a time.

    Parameters
    ----------
    decoding : Decoding
        Reads the document outside this process.
    look : Look
        Says whether the patient is hidden.
    """

    def __init__(self, decoding: Decoding, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("textPage")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._decoding, self._look = decoding, look
        self.document: Instance | None = None
        self._content: FileContent | None = None
        self._view = "text"
        self.title, self.file = headline_label(), ElidedLabel()
        self.choice = Segments("View", (("text", "Text"), ("tags", "Tags")))
        self.text, self.table = _PageText(), TagTable()
        self.message = secondary_label()
        self._pages = QStackedWidget()
        self._lay_out()
        self.choice.chosen.connect(self.show_view)
        look.changed.connect(self._show_patient)
        self.show_view("text")

    @property
    def path(self) -> Path | None:
        """The file of the document that is shown."""
        return None if self.document is None else self.document.path

    @property
    def shows_tags(self) -> bool:
        """The tags are shown, not the text."""
        return self._pages.currentWidget() is self.table

    def show_document(self, instance: Instance) -> None:
        """Show what a file without a picture says."""
        if instance == self.document and self._content is not None:
            return
        self.document, self._content = instance, None
        self._say("Reading")
        path = instance.path
        self._decoding.content(
            path, lambda content: self._take(path, content), lambda error: self._refuse(path, error)
        )

    def show_view(self, view: str) -> None:
        """Go to the ``text`` or the ``tags`` of the document."""
        self._view = view
        self.choice.show_choice(view)
        if self._content is not None:
            self._pages.setCurrentWidget(self.table if view == "tags" else self.text)

    def focus_first(self) -> None:
        """Put the focus where reading goes on."""
        target = self.table.search if self.shows_tags else self.text
        target.setFocus(Qt.FocusReason.TabFocusReason)

    def _lay_out(self) -> None:
        for page in (self.text, self.table, self.message):
            self._pages.addWidget(page)
        self.message.setAlignment(Qt.AlignmentFlag.AlignTop)
        names = QVBoxLayout()
        names.setSpacing(4)
        names.addWidget(self.title)
        names.addWidget(self.file)
        self.choice.setFixedWidth(160)
        head = QHBoxLayout()
        head.setSpacing(16)
        head.addLayout(names, 1)
        head.addWidget(self.choice, 0, Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(22, 16, 22, 16)
        layout.setSpacing(16)
        layout.addLayout(head)
        layout.addWidget(self._pages, 1)

    def _take(self, path: Path, content: FileContent) -> None:
        if path == self.path:
            self._content = content
            self.table.show_content(content)
            self.show_view(self._view)
            self._show_patient()

    def _refuse(self, path: Path, error: MedKDError) -> None:
        if path == self.path:
            # A file's name often is a patient's, who may be hidden.
            self._say(str(error).replace(str(path), "this file"))

    def _say(self, words: str) -> None:
        self.message.setText(words)
        self._pages.setCurrentWidget(self.message)
        self._show_patient()

    def _show_patient(self) -> None:
        hidden = self._look.patient_hidden
        self.table.set_patient_hidden(hidden)
        instance, content = self.document, self._content
        if instance is not None:
            self.title.setText(content.title if content else instance.kind or "Document")
            self.file.setText("File name hidden" if hidden else instance.path.name)
        if content is not None:
            text = without_patient(content.text, content.lines) if hidden else content.text
            self.text.show_text(text or "This file holds a picture; its tags list what it says.")


class _PageText(QTextEdit):
    """Text that can be read, chosen and copied, in lines that are not too long."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("pageText")
        self.setAccessibleName("Text of the document")
        self.setReadOnly(True)
        self.setTabChangesFocus(True)
        self.document().setDocumentMargin(0)
        self.setLineWrapMode(QTextEdit.LineWrapMode.FixedPixelWidth)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self._shown: str | None = None

    def show_text(self, text: str) -> None:
        """Show a text from its top; the same text stays where it was scrolled to."""
        if text != self._shown:
            self._shown = text
            write_outline(self.document(), text)
            self.verticalScrollBar().setValue(0)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Keep lines within the page."""
        super().resizeEvent(event)
        self.setLineWrapColumnOrWidth(min(_WIDEST_TEXT, self.viewport().width()))

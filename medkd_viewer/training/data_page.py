"""The first step: which images, and what is in them."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from medkd_viewer.training.audit_card import AuditCard
from medkd_viewer.training.card import Card, label
from medkd_viewer.training.drop_place import DropPlace
from medkd_viewer.training.experiment_draft import DATASETS, WITH_TABLE
from medkd_viewer.training.form_field import FormField

FORM_WIDTH = 420


class DataPage(QWidget):
    """A folder of images, its kind, and what an audit finds in it."""

    onward = Signal()
    """The next step was asked for."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.root = FormField("Folder")
        self.kind = FormField("How it is laid out", choices=DATASETS)
        self.table = FormField(
            "Table of labels",
            "CSV with the columns path and label, and split and group where they are known.",
        )
        self.fields = {
            "data.root": self.root,
            "data.kind": self.kind,
            "data.table": self.table,
        }
        self.audit = AuditCard()
        self.next = QPushButton("Plan the experiment")
        self.next.setObjectName("primary")
        self.next.clicked.connect(self.onward)
        self._arrange()
        self.kind.changed.connect(self._follow_kind)
        self._follow_kind()

    def choose_folder(self, folder: Path) -> None:
        """Enter a folder, and its kind where the names inside tell it."""
        self.root.value = str(folder)
        if kind := kind_of(folder):
            self.kind.value = kind

    def _follow_kind(self) -> None:
        for part in (self.table, self._browse_table):
            part.setVisible(self.kind.value in WITH_TABLE)

    def _choose_table(self) -> None:
        folder = self.table.value or self.root.value
        chosen, _ = QFileDialog.getOpenFileName(self, "Table of labels", folder, "CSV (*.csv)")
        if chosen:
            self.table.value = chosen

    def _browse(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Folder of images", self.root.value)
        if chosen:
            self.choose_folder(Path(chosen))

    def _arrange(self) -> None:
        browse = QPushButton("Browse…")
        browse.clicked.connect(self._browse)
        self._browse_table = QPushButton("Browse for the table…")
        self._browse_table.clicked.connect(self._choose_table)
        drop = DropPlace("Drop the folder of images here")
        drop.dropped.connect(self.choose_folder)
        card = Card("Data set")
        card.setFixedWidth(FORM_WIDTH)
        for part in (drop, self.root, browse, self.kind, self.table, self._browse_table):
            card.body.addWidget(part)
        card.body.addSpacing(8)
        card.body.addWidget(self.next)
        card.body.addStretch(1)
        cards = QHBoxLayout()
        cards.setSpacing(12)
        cards.addWidget(card)
        cards.addWidget(self.audit, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 16, 22, 16)
        column.setSpacing(12)
        column.addWidget(label("Which images", "headline"))
        column.addLayout(cards, 1)


def kind_of(folder: Path) -> str | None:
    """Guess a data set's kind from the names of its folders; None when they tell nothing."""
    try:
        names = {entry.name.lower() for entry in folder.iterdir() if entry.is_dir()}
    except OSError:
        return None
    if any("segmentation data" in name for name in names):
        return "covid-qu-ex"
    if any(name.startswith(("lung_", "colon_")) for name in names):
        return "lc25000"
    return "folder" if len(names) > 1 else None

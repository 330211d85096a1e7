"""The last step: a finished student becomes a bundle that the Read tab opens."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QStandardPaths, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from medkd_viewer.training.card import Card, label
from medkd_viewer.training.core_command import CoreCommand
from medkd_viewer.training.facts_card import FactsCard
from medkd_viewer.training.form_field import FormField
from medkd_viewer.training.notice import Notice
from medkd_viewer.training.publication import bundle_folder, content_facts, missing
from medkd_viewer.training.runs import Run

FORM_WIDTH = 520
MEANING = (
    "A bundle holds the student, its teachers, how an image is prepared for them, what was "
    "measured and a model card, with a checksum for every file. It is for research use only."
)


class PublishPage(QWidget):
    """Choose a finished run, name it, and write its bundle."""

    published = Signal(Path)
    """The bundle's folder is wanted in the Read tab."""

    def __init__(self, command: CoreCommand, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._command = command
        self._runs: dict[str, Run] = {}
        self._bundle: Path | None = None
        self.run = QComboBox()
        self.run.setAccessibleName("Finished run")
        self.name = FormField("Name", "What a reader chooses it by.")
        self.version = FormField("Version")
        self.version.value = "1.0"
        self.parent_folder = FormField("Folder", "The bundle becomes a new folder in it.")
        self.parent_folder.value = str(_usual_folder())
        self.publish = QPushButton("Publish")
        self.read = QPushButton("Open in Read")
        self.progress = QProgressBar()
        self.content = FactsCard("What it will hold")
        self.notice = Notice()
        self._prepare()
        self._arrange()
        self._check()

    def show_runs(self, completed: list[Run]) -> None:
        """Offer these runs; the choice stays."""
        names = [run.identifier for run in completed]
        if names == list(self._runs):
            return
        chosen = self.run.currentData()
        self._runs = {run.identifier: run for run in completed}
        self.run.clear()
        for run in completed:
            self.run.addItem(f"{run.title}  ·  macro F1 {run.word}", run.identifier)
        self.choose(chosen or (names[0] if names else ""))
        self._check()

    def choose(self, identifier: str) -> None:
        """Choose a run; its title is the bundle's first name."""
        self.run.setCurrentIndex(self.run.findData(identifier))
        if run := self._runs.get(identifier):
            self.name.value = run.title
        self.content.show_facts(content_facts(run) if run else ())

    def stop(self) -> None:
        """End a publication that is under way; nothing half-written is left."""
        self._command.stop()

    def _check(self) -> None:
        name, version, parent = self.name.value, self.version.value, self.parent_folder.value
        problems = missing(name, version, parent)
        is_published = self._bundle == bundle_folder(Path(parent), name, version)
        for key, field in (
            ("name", self.name),
            ("version", self.version),
            ("folder", self.parent_folder),
        ):
            # That it is there now is the answer, and no mistake.
            field.show_problem("" if is_published else problems.get(key, ""))
        able = not problems and bool(self._runs) and not self._command.is_running
        self.publish.setEnabled(able)

    def _start(self) -> None:
        run = self._runs[self.run.currentData()]
        folder = Path(self.parent_folder.value)
        self._bundle = bundle_folder(folder, self.name.value, self.version.value)
        self.notice.say("")
        self.read.hide()
        self.progress.show()
        name, version = self.name.value.strip(), self.version.value.strip()
        self._command.run(
            "publish", str(run.folder), "-o", str(self._bundle), "--name", name,
            "--bundle-version", version,
        )  # fmt: skip
        self._check()

    def _succeed(self) -> None:
        self.progress.hide()
        self.notice.say(f"✓ Published as {self._bundle}.", "well")
        self.read.show()
        self.read.setFocus()
        self._check()

    def _fail(self, sentence: str) -> None:
        self.progress.hide()
        self.notice.say(f"✕ {sentence}")
        self._check()

    def _hand_over(self) -> None:
        if self._bundle:
            self.published.emit(self._bundle)

    def _browse(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Folder", self.parent_folder.value)
        if folder:
            self.parent_folder.value = folder

    def _prepare(self) -> None:
        self.publish.setObjectName("primary")
        self.publish.clicked.connect(self._start)
        self.read.clicked.connect(self._hand_over)
        self.read.hide()
        self.progress.setRange(0, 0)
        self.progress.setTextVisible(False)
        self.progress.setFixedHeight(3)
        self.progress.setAccessibleName("The bundle is being written")
        self.progress.hide()
        self.run.currentIndexChanged.connect(lambda: self.choose(self.run.currentData() or ""))
        for field in (self.name, self.version, self.parent_folder):
            field.changed.connect(self._check)
        self._command.told.connect(lambda sentence: self.notice.say(sentence, "quiet"))
        self._command.done.connect(self._succeed)
        self._command.failed.connect(self._fail)

    def _arrange(self) -> None:
        browse = QPushButton("Browse…")
        browse.clicked.connect(self._browse)
        card = Card("Bundle")
        card.setFixedWidth(FORM_WIDTH)
        for part in (
            label("Finished run"),
            self.run,
            self.name,
            self.version,
            self.parent_folder,
            browse,
        ):
            card.body.addWidget(part)
        card.body.addSpacing(8)
        card.body.addWidget(self.progress)
        card.body.addWidget(self.notice)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.read)
        buttons.addWidget(self.publish)
        card.body.addLayout(buttons)
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 16, 22, 16)
        column.setSpacing(12)
        column.addWidget(label("Hand it to the readers", "headline"))
        meaning = label(MEANING, wraps=True)
        column.addWidget(meaning)
        cards = QHBoxLayout()
        cards.setSpacing(12)
        cards.addWidget(card, 0, Qt.AlignmentFlag.AlignTop)
        cards.addWidget(self.content, 1, Qt.AlignmentFlag.AlignTop)
        column.addLayout(cards)
        column.addStretch(1)


def _usual_folder() -> Path:
    documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    return Path(documents) if Path(documents).is_dir() else Path.home()

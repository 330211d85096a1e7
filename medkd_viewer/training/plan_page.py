"""The second step: what learns, from whom, and how."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from medkd_core.jobs.spec_text import spec_to_toml
from medkd_core.networks.registry import NETWORKS
from medkd_viewer.training.card import Card, label
from medkd_viewer.training.experiment_draft import GENERAL, KINDS, CheckedDraft
from medkd_viewer.training.form_field import FormField
from medkd_viewer.training.notice import Notice
from medkd_viewer.training.settings_table import SETTINGS
from medkd_viewer.training.teacher_card import TeacherCard

COLUMNS = 3
SCROLL_ROOM = 4


class PlanPage(QWidget):
    """The entries of an experiment beside the specification that they make."""

    start_asked = Signal()
    series_asked = Signal()
    """Teachers, baseline and distilled student are wanted, one after another."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        networks = {name: facts.label for name, facts in NETWORKS.items()}
        self.kind = FormField("Kind of job", choices=KINDS)
        self.fields = {
            "kind": self.kind,
            "name": FormField("Name", "Empty for one that tells network and data."),
            "network.name": FormField(
                "Network", "Or timm:NAME for any network of timm.", networks, other=True
            ),
        }
        for setting in SETTINGS:
            self.fields[setting.key] = FormField(setting.label, setting.meaning)
        self.teachers = TeacherCard()
        self.notice = Notice()
        self.toml = QPlainTextEdit()
        self.toml.setObjectName("toml")
        self.start = QPushButton("Start")
        self.series = QPushButton("Start the whole experiment")
        self.copy = QPushButton("Copy")
        self._prepare()
        self._arrange()

    def show_checked(self, checked: CheckedDraft, *, busy: bool) -> None:
        """Show what is wrong below each field, and the specification once nothing is.

        Parameters
        ----------
        busy : bool
            A job is running, so that a new one would wait.
        """
        for key, field in self.fields.items():
            field.show_problem(checked.problems.get(key, ""))
        self.teachers.show_problem(checked.problems.get("teachers", ""))
        self._show_kind()
        elsewhere = [checked.problems[key] for key in ("data.root", "data.kind", GENERAL)
                     if key in checked.problems]  # fmt: skip
        self.notice.say(" ".join(elsewhere), "caution")
        self.toml.setPlainText(spec_to_toml(checked.spec) if checked.spec else "")
        self.copy.setEnabled(checked.spec is not None)
        self.start.setEnabled(checked.spec is not None)
        self.start.setText("Add to the queue" if busy else "Start")

    def _show_kind(self) -> None:
        distils = self.kind.value == "distill"
        self.teachers.setVisible(distils)
        for setting in SETTINGS:
            self.fields[setting.key].setVisible(distils or not setting.distill_only)

    def _prepare(self) -> None:
        self.toml.setReadOnly(True)
        self.toml.setTabChangesFocus(True)
        self.toml.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.toml.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.toml.setAccessibleName("Specification as TOML")
        self.toml.setPlaceholderText("Shown once every entry is right.")
        self.start.setObjectName("primary")
        self.start.clicked.connect(self.start_asked)
        self.copy.setToolTip("Copy the specification; 'medkd train FILE' runs it elsewhere")
        self.copy.clicked.connect(
            lambda: QGuiApplication.clipboard().setText(self.toml.toPlainText())
        )
        self.series.clicked.connect(self.series_asked)
        self.series.setToolTip(
            "Queues DenseNet-201, Visformer-S and AutoFormerV2-T as teachers, the student without "
            "teachers, and the distilled student. One runs at a time, while this window is open."
        )

    def _arrange(self) -> None:
        entries = QWidget()
        entries.setObjectName("trainPages")
        left = QVBoxLayout(entries)
        left.setContentsMargins(0, 0, SCROLL_ROOM, 0)
        left.setSpacing(12)
        left.addWidget(self._learner_card())
        left.addWidget(self.teachers)
        left.addWidget(self._settings_card())
        left.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidget(entries)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        columns = QHBoxLayout()
        columns.setSpacing(12 - SCROLL_ROOM)
        columns.addWidget(scroll, 3)
        columns.addWidget(self._specification_card(), 2)
        page = QVBoxLayout(self)
        page.setContentsMargins(22, 16, 22, 16)
        page.setSpacing(12)
        page.addWidget(label("What learns, and how", "headline"))
        page.addLayout(columns, 1)

    def _learner_card(self) -> Card:
        card = Card("What learns")
        grid = QGridLayout()
        grid.setSpacing(12)
        grid.addWidget(self.kind, 0, 0, 1, 2)
        grid.addWidget(self.fields["name"], 0, 2)
        for column, key in enumerate(("network.name", "network.width", "network.image_size")):
            grid.addWidget(self.fields[key], 1, column)
            grid.setColumnStretch(column, 1)
        card.body.addLayout(grid)
        return card

    def _settings_card(self) -> Card:
        card = Card("How")
        grid = QGridLayout()
        grid.setSpacing(12)
        keys = [setting.key for setting in SETTINGS if not setting.key.startswith("network.")]
        for place, key in enumerate(keys):
            grid.addWidget(self.fields[key], place // COLUMNS, place % COLUMNS)
        for column in range(COLUMNS):
            grid.setColumnStretch(column, 1)
        card.body.addLayout(grid)
        return card

    def _specification_card(self) -> Card:
        card = Card("Specification")
        buttons = QHBoxLayout()
        buttons.addWidget(self.copy)
        buttons.addStretch(1)
        buttons.addWidget(self.series)
        buttons.addWidget(self.start)
        card.body.addWidget(self.toml, 1)
        card.body.addWidget(self.notice)
        card.body.addLayout(buttons)
        return card

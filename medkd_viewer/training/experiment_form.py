"""The new-experiment form: the Data and Plan steps over one draft."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QObject, QTimer, Signal

from medkd_core.jobs.spec import JobSpec
from medkd_core.networks.registry import NETWORKS
from medkd_viewer.training.core_command import CoreCommand
from medkd_viewer.training.data_page import DataPage
from medkd_viewer.training.experiment_draft import (
    WITH_TABLE,
    CheckedDraft,
    ExperimentDraft,
    check,
    draft_of,
)
from medkd_viewer.training.experiment_series import series_of
from medkd_viewer.training.form_field import FormField
from medkd_viewer.training.plan_page import PlanPage
from medkd_viewer.training.runs import Runs
from medkd_viewer.training.settings_table import SETTINGS

FIRST_NETWORK = "densenet201"
AUDIT_DELAY_MILLISECONDS = 400
"""A path is looked at once its writer pauses."""


class ExperimentForm(QObject):
    """Keeps the two pages, their draft and its check together."""

    changed = Signal()
    """Anything was entered; `checked` is up to date."""
    started = Signal(list)
    """Specifications to run, in order."""

    def __init__(self, command: CoreCommand, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.data = DataPage()
        self.plan = PlanPage()
        self.checked = CheckedDraft(None)
        self._basis: JobSpec | None = None
        self._busy = False
        self._audit_of = ("", "", "")
        self._command = command
        self._pause = QTimer(self, singleShot=True, interval=AUDIT_DELAY_MILLISECONDS)
        self._connect()
        self.clear()

    def clear(self) -> None:
        """Begin a new experiment; the data set stays."""
        self._basis = None
        self._fill(
            {
                "kind": "teacher",
                "name": "",
                "network.name": FIRST_NETWORK,
                **{setting.key: setting.default for setting in SETTINGS},
            }
        )
        self.plan.teachers.tick(())
        self._check()

    def copy(self, spec: JobSpec) -> None:
        """Begin an experiment that differs from another one by what is changed now."""
        draft = draft_of(spec)
        self._basis = spec
        self._fill(draft.entries)
        self.plan.teachers.tick(draft.teachers)
        self._check()

    def show_runs(self, runs: Runs) -> None:
        """Offer the finished teachers, and say whether a new job would have to wait."""
        self.plan.teachers.show_teachers(runs.completed("teacher"))
        busy = any(run.status and run.status.is_active for run in runs.all)
        if busy != self._busy:
            self._busy = busy
            self._check()

    def stop(self) -> None:
        """End an audit that is under way."""
        self._pause.stop()
        self._command.stop()

    @property
    def draft(self) -> ExperimentDraft:
        """What the pages hold now."""
        entries = {key: field.value for key, field in self._fields.items()}
        return ExperimentDraft(entries, self.plan.teachers.ticked, self._basis)

    @property
    def _fields(self) -> dict[str, FormField]:
        return self.data.fields | self.plan.fields

    def _fill(self, entries: Mapping[str, str]) -> None:
        for key, value in entries.items():
            self._fields[key].value = value

    def _follow_kind(self) -> None:
        """Offer a network that is usual for the kind of job; any other may be chosen."""
        wanted = "teacher" if self.plan.kind.value == "teacher" else "student"
        network = self.plan.fields["network.name"]
        known = NETWORKS.get(network.value)
        # A network of timm teaches, unless it is told otherwise.
        if (known.role if known else "teacher") != wanted:
            network.value = next(name for name, facts in NETWORKS.items() if facts.role == wanted)

    def _connect(self) -> None:
        self.plan.kind.changed.connect(self._follow_kind)
        for field in self._fields.values():
            field.changed.connect(self._check)
        self.plan.teachers.changed.connect(self._check)
        self.plan.start_asked.connect(self._start)
        self.plan.series_asked.connect(self._start_series)
        self._pause.timeout.connect(self._audit)
        self._command.done.connect(self.data.audit.show_report)
        self._command.failed.connect(self.data.audit.show_problem)

    def _check(self) -> None:
        self.checked = check(self.draft)
        problem = ""
        for key, field in self.data.fields.items():
            sentence = self.checked.problems.get(key, "")
            field.show_problem(sentence)
            problem = problem or sentence
        self.data.next.setEnabled(not problem)
        self.plan.show_checked(self.checked, busy=self._busy)
        self.plan.series.setEnabled(self._student is not None)
        wanted = (self.data.root.value, self.data.kind.value, self.data.table.value)
        if wanted != self._audit_of:
            self._audit_of = wanted
            self._command.stop()
            self.data.audit.clear()
            if not problem:
                self._pause.start()
        self.changed.emit()

    @property
    def _student(self) -> JobSpec | None:
        """The draft as a student without teachers."""
        entries = {**self.draft.entries, "kind": "student"}
        return check(ExperimentDraft(entries, (), self._basis)).spec

    def _audit(self) -> None:
        root, kind, table = self._audit_of
        self.data.audit.show_waiting()
        labels = ("--table", table) if kind in WITH_TABLE else ()
        self._command.run("datasets", "audit", root, "--kind", kind, *labels, "--json")

    def _start(self) -> None:
        if self.checked.spec:
            self.started.emit([self.checked.spec])

    def _start_series(self) -> None:
        if student := self._student:
            self.started.emit(series_of(student))

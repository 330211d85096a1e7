"""The Train tab: the list of runs beside the five steps of an experiment."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from medkd_core.errors import MedKDError
from medkd_core.jobs.spec import JobSpec
from medkd_core.jobs.state import JobStatus
from medkd_core.jobs.store import JobStore
from medkd_viewer.training.actions import Action
from medkd_viewer.training.card import label
from medkd_viewer.training.compare_page import ComparePage
from medkd_viewer.training.core_command import CoreCommand
from medkd_viewer.training.experiment_form import ExperimentForm
from medkd_viewer.training.job_queue import JobQueue
from medkd_viewer.training.notice import Notice
from medkd_viewer.training.publish_page import PublishPage
from medkd_viewer.training.run_list import RunList
from medkd_viewer.training.run_page import RunPage
from medkd_viewer.training.runs import Group, Run, Runs
from medkd_viewer.training.step_bar import Step, StepBar
from medkd_viewer.training.yardsticks import Yardsticks

REFRESH_MILLISECONDS = 500
LIST_WIDTH = 264
PROMISE = "A running job goes on when this window is closed; a waiting one waits for it."


class TrainTab(QWidget):
    """Experiments from the data set to the published student.

    Parameters
    ----------
    store : JobStore
        The folder of jobs; it need not exist yet.
    """

    published = Signal(Path)
    """Folder of a bundle that is wanted in the Read tab."""
    status_changed = Signal(str)
    """How many runs there are: ``1 running · 1 waiting · 23 finished``."""

    def __init__(self, store: JobStore, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.runs = Runs(store)
        self.queue = JobQueue(self.runs)
        self.yardsticks = Yardsticks(self.runs)
        self.form = ExperimentForm(CoreCommand(store.root, self), self)
        self.run_list = RunList()
        self.run_page = RunPage()
        self.compare_page = ComparePage()
        self.publish_page = PublishPage(CoreCommand(store.root, self))
        self.steps = StepBar()
        self.pages = QStackedWidget()
        self.notice = Notice()
        self.new = QPushButton("New experiment")
        self._timer = QTimer(self, interval=REFRESH_MILLISECONDS)
        self._arrange()
        self._connect()
        self.refresh()
        self.show_step(Step.RUN)

    def take_step_bar(self) -> StepBar:
        """Hand over the line of steps, for a window that shows it in its own bar."""
        self._bar.hide()
        return self.steps

    def show_step(self, step: Step) -> None:
        """Show a step."""
        self.pages.setCurrentIndex(step)
        self.steps.show_step(step)
        self._show_comparison()
        self._show_done()

    def refresh(self) -> None:
        """Look at the jobs, start what is due, and show what is new."""
        changed = self.runs.refresh()
        if problem := self.queue.advance():
            self.notice.say(problem)
        changed = self.runs.refresh() or changed
        if changed:
            self._show_runs()
        if self.isVisible():
            self._show_run()

    def stop(self) -> None:
        """End the helper processes and the polling; jobs go on."""
        self._timer.stop()
        self.form.stop()
        self.publish_page.stop()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        """Stop with the window."""
        self.stop()
        super().closeEvent(event)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        """Begin to follow the jobs."""
        super().showEvent(event)
        self._timer.start()
        self.refresh()
        self.status_changed.emit(self.runs.counts())
        self.run_list.setFocus()

    def _show_runs(self) -> None:
        if self.runs.problem:
            self.notice.say(self.runs.problem)
        self.run_list.show_runs(self.runs)
        if not self.run_list.chosen_run and self.runs.all:
            self.run_list.choose(self._first_of_interest().identifier)
        self.form.show_runs(self.runs)
        self._show_comparison()
        self.publish_page.show_runs(self.runs.completed())
        self._show_done()
        self.status_changed.emit(self.runs.counts())

    def _show_comparison(self) -> None:
        # Reading every result takes a while; nobody waits for it who does not want to see it.
        if self.pages.currentIndex() == Step.COMPARE:
            self.compare_page.show_runs(self.runs.completed())

    def _first_of_interest(self) -> Run:
        for group in Group:
            if members := self.runs.of_group(group):
                return members[0]
        return self.runs.all[0]

    def _show_run(self) -> None:
        run = self.runs.get(self.run_list.chosen_run)
        if run is None:
            self.run_page.show_none()
        elif run.job is None:
            self.run_page.show_run(run)
        else:
            self.run_page.show_run(run, self.yardsticks.of(run.job), self.queue.outlook(run))

    def _choose(self, identifier: str) -> None:
        self.run_list.choose(identifier)
        self.show_step(Step.RUN)
        self._show_run()

    def _show_done(self) -> None:
        done = set()
        run = self.runs.get(self.run_list.chosen_run)
        follows_run = run is not None and self.pages.currentIndex() >= Step.RUN
        if follows_run or "data.root" not in self.form.checked.problems:
            done.add(Step.DATA)
        if follows_run or self.form.checked.spec:
            done.add(Step.PLAN)
        if follows_run and run and run.status is JobStatus.COMPLETED:
            done.add(Step.RUN)
        self.steps.show_done(done)

    def _begin_experiment(self) -> None:
        self.form.clear()
        self.show_step(Step.DATA)
        self.form.data.root.editor.setFocus()

    def _start(self, specs: list[JobSpec]) -> None:
        self.notice.say("")
        jobs = []
        try:
            for spec in specs:
                jobs.append(self.runs.store.create(spec))
                self.queue.submit(jobs[-1])
        except MedKDError as error:
            self.notice.say(str(error))
        self.refresh()
        if jobs:
            self._choose(jobs[0].identifier)

    def _act(self, action: Action) -> None:
        run = self.run_page.run
        if run is None:
            return
        if action is Action.COPY and run.job:
            self.form.copy(run.job.spec)
            self.show_step(Step.PLAN)
        elif action is Action.PUBLISH:
            self.publish_page.choose(run.identifier)
            self.show_step(Step.PUBLISH)
        elif action is Action.DELETE:
            question = f"Remove '{run.title}' with its checkpoints and result for good?"
            self.run_page.notice.ask(question, "Remove", lambda: self._perform(action, run))
        else:
            self._perform(action, run)

    def _perform(self, action: Action, run: Run) -> None:
        self.run_page.notice.say(self.queue.perform(action, run))
        self.refresh()

    def _connect(self) -> None:
        self._timer.timeout.connect(self.refresh)
        self.new.clicked.connect(self._begin_experiment)
        self.run_list.chosen.connect(self._choose)
        self.run_page.asked.connect(self._act)
        self.steps.chosen.connect(lambda step: self.show_step(Step(step)))
        self.form.data.onward.connect(lambda: self.show_step(Step.PLAN))
        self.form.started.connect(self._start)
        self.form.changed.connect(self._show_done)
        self.publish_page.published.connect(self.published)

    def _arrange(self) -> None:
        for page in (
            self.form.data,
            self.form.plan,
            self.run_page,
            self.compare_page,
            self.publish_page,
        ):
            self.pages.addWidget(page)
        left = QWidget()
        left.setObjectName("runsPanel")
        column = QVBoxLayout(left)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        self.new.setObjectName("primary")
        column.addWidget(self.new)
        column.addWidget(self.run_list, 1)
        column.addWidget(label(PROMISE, "fieldHint", wraps=True))
        right = QWidget()
        right.setObjectName("trainPages")
        pages = QVBoxLayout(right)
        pages.setContentsMargins(0, 0, 0, 0)
        pages.setSpacing(0)
        self._bar = QWidget()
        line = QHBoxLayout(self._bar)
        line.setContentsMargins(22, 12, 22, 0)
        line.addWidget(self.steps)
        pages.addWidget(self._bar)
        pages.addWidget(self.notice)
        pages.addWidget(self.pages, 1)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.addWidget(left)
        self.splitter.addWidget(right)
        self.splitter.setSizes([LIST_WIDTH, 1176])
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setCollapsible(1, False)
        self.splitter.setHandleWidth(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self.splitter)

"""One run: what it does, how it goes, and what can be asked of it."""

from __future__ import annotations

from datetime import UTC, datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QPushButton,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from medkd_core.jobs.state import JobStatus
from medkd_viewer.training.actions import Action, offered
from medkd_viewer.training.card import ElidedLabel, label
from medkd_viewer.training.comparison import ComparedRun, compare
from medkd_viewer.training.confusion_card import ConfusionCard
from medkd_viewer.training.curve_plot import CurvePlot
from medkd_viewer.training.facts_card import FactsCard
from medkd_viewer.training.log_card import LogCard
from medkd_viewer.training.notice import Notice
from medkd_viewer.training.run_curves import loss_curves, macro_f1_curves, sensitivity_curves
from medkd_viewer.training.run_facts import plan_facts, present_facts, result_facts, standing
from medkd_viewer.training.run_history import RunHistory
from medkd_viewer.training.runs import Run
from medkd_viewer.training.words import purpose_of, standing_words
from medkd_viewer.training.yardsticks import NO_YARDSTICK, Yardstick

SIDE_WIDTH = 308
"""Width of the column of figures, in device-independent pixels."""
EMPTY = "No run yet. New experiment begins one; its curves are shown here."


class RunPage(QWidget):
    """A run with its curves, figures and log."""

    asked = Signal(Action)
    """What was asked of the run on show."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.run: Run | None = None
        self.history: RunHistory | None = None
        self._yardstick = NO_YARDSTICK
        self._outlook = ""
        self._standing = ""
        self._result: ComparedRun | str | None = None
        self.title = label("", "headline")
        self.purpose = ElidedLabel()
        self.notice = Notice()
        self.loss = CurvePlot("Loss", decimals=2)
        self.macro_f1 = CurvePlot("Macro F1, validation", (0.0, 1.0))
        self.sensitivity = CurvePlot("Sensitivity by class, validation", (0.0, 1.0))
        self.now = FactsCard("Now")
        self.plan = FactsCard("Plan")
        self.confusion = ConfusionCard()
        self.log = LogCard()
        self.buttons = {action: self._button(action) for action in Action}
        self._arrange()

    def show_none(self) -> None:
        """Show that there is no run to show."""
        self.run = self.history = None
        self._inside.setCurrentWidget(self.empty)

    def show_run(self, run: Run, yardstick: Yardstick = NO_YARDSTICK, outlook: str = "") -> None:
        """Show a run, or what is new in it.

        Parameters
        ----------
        outlook : str
            What a waiting run waits for.
        """
        is_other = self.run is None or run.folder != self.run.folder
        if is_other:
            self.history = RunHistory(run.folder / "events.jsonl")
            self._standing = ""
            self.notice.say("")
        before = (self.run, self._yardstick, self._outlook)
        self.run, self._yardstick, self._outlook = run, yardstick, outlook
        news = self._read_news()
        if news or before != (run, yardstick, outlook):
            self._show_head()
            self._show_curves()
        self._show_figures()

    def _read_news(self) -> bool:
        news = self.history.read() if self.history else False
        if self._yardstick.baseline:
            news = self._yardstick.baseline.read() or news
        return news

    def _show_head(self) -> None:
        run = self.run
        assert run is not None
        self._inside.setCurrentWidget(self._content)
        self._cards.setVisible(run.job is not None)
        self.title.setText(run.title)
        for action, button in self.buttons.items():
            button.setVisible(action in offered(run))
        sentence, tone = standing(run, self._outlook, self.history)
        if sentence != self._standing:
            self._standing = sentence
            self.notice.say(sentence, tone)
        if run.job is None or run.state is None:
            self.purpose.setText("")
            return
        purpose = purpose_of(run.job.spec, self._yardstick.teachers)
        self.purpose.setText(f"{purpose} · {standing_words(run.state)}")
        self._result = compare(run) if run.status is JobStatus.COMPLETED else None
        self.now.set_heading("Now" if self._result is None else "Result, test films")
        self.plan.show_facts(plan_facts(run.job.spec, self.history))

    def _show_curves(self) -> None:
        run, history = self.run, self.history
        if run is None or run.state is None or run.job is None or history is None:
            return
        last, distils = history.last_epoch, run.job.spec.kind == "distill"
        epochs = run.state.epochs
        now = last.epoch if last and run.status is not JobStatus.COMPLETED else None
        losses = loss_curves(history, self._yardstick, distils)
        scores = macro_f1_curves(history, self._yardstick, distils)
        self.loss.show_curves(losses, epochs=epochs, now=now)
        self.macro_f1.show_curves(scores, epochs=epochs, now=now)
        self.sensitivity.show_curves(sensitivity_curves(history), epochs=epochs, now=now)
        counts = tuple(map(tuple, last.confusion)) if last else ()
        self.confusion.show_counts(history.classes if last else (), counts)

    def _show_figures(self) -> None:
        if self.run is None or self.run.job is None or self.history is None:
            return
        if isinstance(self._result, ComparedRun):
            self.now.show_facts(result_facts(self._result))
        else:
            self.now.show_facts(present_facts(self.run, self.history, datetime.now(UTC)))
        self.log.follow(self.run.job.log_path)

    def _button(self, action: Action) -> QPushButton:
        button = QPushButton(action.label)
        button.setToolTip(action.tooltip)
        if action in (Action.CANCEL, Action.END, Action.DELETE):
            button.setObjectName("danger")
        button.clicked.connect(lambda: self.asked.emit(action))
        button.hide()
        return button

    def _arrange(self) -> None:
        self._cards = self._make_cards()
        self.empty = label(EMPTY, wraps=True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._content = QWidget()
        column = QVBoxLayout(self._content)
        column.setContentsMargins(22, 16, 22, 16)
        column.setSpacing(12)
        column.addLayout(self._make_head())
        column.addWidget(self.notice)
        column.addWidget(self._cards, 1)
        column.addStretch(0)
        self._inside = QStackedLayout(self)
        self._inside.addWidget(self.empty)
        self._inside.addWidget(self._content)

    def _make_head(self) -> QHBoxLayout:
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self.title)
        head.addSpacing(4)
        head.addWidget(self.purpose, 1)
        for button in self.buttons.values():
            head.addWidget(button)
        return head

    def _make_cards(self) -> QWidget:
        cards = QWidget()
        line = QHBoxLayout(cards)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(12)
        plots = QGridLayout()
        plots.setSpacing(12)
        for place, card in enumerate((self.loss, self.macro_f1, self.sensitivity, self.log)):
            plots.addWidget(card, place // 2, place % 2)
        for place, (height, width) in enumerate(((3, 1), (2, 1))):
            plots.setRowStretch(place, height)
            plots.setColumnStretch(place, width)
        side = QVBoxLayout()
        side.setSpacing(12)
        for card in (self.now, self.plan, self.confusion):
            card.setFixedWidth(SIDE_WIDTH)
            side.addWidget(card, int(card is self.confusion))
        line.addLayout(plots, 1)
        line.addLayout(side)
        return cards

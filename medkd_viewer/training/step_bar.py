"""The five steps of an experiment, in a line."""

from __future__ import annotations

from enum import IntEnum

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QPushButton, QWidget


class Step(IntEnum):
    """From a folder of images to a model that a reader can choose."""

    DATA = 0
    PLAN = 1
    RUN = 2
    COMPARE = 3
    PUBLISH = 4

    @property
    def label(self) -> str:
        """The word on the screen."""
        return self.name.capitalize()


class StepBar(QWidget):
    """Five buttons in a line: the one on show is filled, what is done carries a tick."""

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Steps of the experiment")
        self._group = QButtonGroup(self)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(6)
        for step in Step:
            if step:
                line.addWidget(QLabel("›"))
            line.addWidget(self._button(step))
        line.addStretch(1)
        self._group.idClicked.connect(self.chosen)
        self.show_step(Step.RUN)

    def show_step(self, step: Step) -> None:
        """Fill the button of the step on show."""
        self._group.button(step).setChecked(True)

    def show_done(self, done: set[Step]) -> None:
        """Tick the steps that need nothing more."""
        for step in Step:
            button = self._group.button(step)
            button.setText(f"✓ {step.label}" if step in done else step.label)
            button.setAccessibleName(f"{step.label}, done" if step in done else step.label)
            if button.property("done") != (step in done):
                button.setProperty("done", step in done)
                button.style().polish(button)

    def _button(self, step: Step) -> QPushButton:
        button = QPushButton(step.label)
        button.setObjectName("step")
        button.setCheckable(True)
        button.setToolTip(f"{step.label} (Alt+{step + 1})")
        # A button's own shortcut is lost when its text changes.
        QShortcut(QKeySequence(f"Alt+{step + 1}"), self, button.click)
        self._group.addButton(button, step)
        return button

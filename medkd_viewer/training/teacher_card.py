"""The finished teachers, to be ticked."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from medkd_viewer.training.card import Card, label
from medkd_viewer.training.runs import Run
from medkd_viewer.training.words import network_label


class TeacherCard(Card):
    """Finished jobs of kind teacher, each with its macro F1."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Teachers", parent)
        self.boxes: dict[str, QCheckBox] = {}
        self._column = QVBoxLayout()
        self._column.setSpacing(0)
        self._empty = label(
            "None has finished yet. Train a teacher first, or let the whole experiment be queued.",
            wraps=True,
        )
        self.problem = label("", "fieldProblem", wraps=True)
        self.body.addWidget(self._empty)
        self.body.addLayout(self._column)
        self.body.addWidget(self.problem)

    @property
    def ticked(self) -> tuple[str, ...]:
        """Identifiers of the ticked teachers."""
        return tuple(name for name, box in self.boxes.items() if box.isChecked())

    def show_teachers(self, teachers: list[Run]) -> None:
        """Offer these teachers; what was ticked stays ticked."""
        offers = {run.identifier: _offer(run) for run in teachers}
        foreign = {name: _foreign(name) for name in self.ticked if name not in offers}
        self._rebuild(offers | foreign)

    def tick(self, identifiers: tuple[str, ...]) -> None:
        """Tick these teachers and no others; one that is not offered is added by its name."""
        offers = {name: box.text() for name, box in self.boxes.items()}
        foreign = {name: _foreign(name) for name in identifiers if name not in offers}
        self._rebuild(offers | foreign)
        for name, box in self.boxes.items():
            box.setChecked(name in identifiers)

    def show_problem(self, problem: str) -> None:
        """Say what is wrong with the choice."""
        self.problem.setText(f"✕ {problem}" if problem else "")
        self.problem.setVisible(bool(problem))

    def _rebuild(self, offers: dict[str, str]) -> None:
        if offers == {name: box.text() for name, box in self.boxes.items()}:
            return
        ticked = set(self.ticked)
        for box in self.boxes.values():
            box.hide()
            box.deleteLater()
        self.boxes = {name: QCheckBox(text) for name, text in offers.items()}
        for name, box in self.boxes.items():
            box.setChecked(name in ticked)
            box.toggled.connect(self.changed)
            self._column.addWidget(box)
        self._empty.setVisible(not offers)


def _offer(run: Run) -> str:
    network = network_label(run.job.spec.network.name) if run.job else ""
    return f"{run.title}  ·  {network}  ·  macro F1 {run.word}"


def _foreign(name: str) -> str:
    return f"{name}  ·  not among the finished teachers here"

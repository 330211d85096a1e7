"""What a run's events say so far, folded as they are written."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from medkd_core.errors import JobError
from medkd_core.jobs.events import (
    CheckpointSaved,
    EpochDone,
    Event,
    EventReader,
    Message,
    Started,
    StepDone,
)


class RunHistory:
    """The epochs and the latest facts of one run.

    Attributes
    ----------
    epochs : dict of int to EpochDone
        By epoch, in order. An epoch that was done again after a resume counts once.
    step : StepDone or None
        The latest step.
    problem : str
        Why the events cannot be read; empty while they can.
    """

    def __init__(self, events_path: Path) -> None:
        self.epochs: dict[int, EpochDone] = {}
        self.settings: dict[str, str] = {}
        self.step: StepDone | None = None
        self.checkpoint: CheckpointSaved | None = None
        self.message = ""
        self.problem = ""
        self._reader = EventReader(events_path)

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names in the order of the confusion matrix; numbers where none are told."""
        names = tuple(name.strip() for name in self.settings.get("classes", "").split(","))
        size = len(self.last_epoch.confusion) if self.last_epoch else len(names)
        return names if len(names) == size else tuple(str(index) for index in range(size))

    @property
    def last_epoch(self) -> EpochDone | None:
        """The latest finished epoch."""
        return next(reversed(self.epochs.values()), None)

    def points(self, quantity: str) -> tuple[tuple[float, float], ...]:
        """Epoch and value of a field of `EpochDone`, such as ``macro_f1``."""
        return tuple((epoch, getattr(done, quantity)) for epoch, done in self.epochs.items())

    def sensitivity(self, row: int) -> tuple[tuple[float, float], ...]:
        """Epoch and share of the class's validation films that were answered rightly, [0, 1]."""
        return tuple(
            (epoch, done.confusion[row][row] / max(sum(done.confusion[row]), 1))
            for epoch, done in self.epochs.items()
            if row < len(done.confusion) and any(done.confusion[row])
        )

    def read(self) -> bool:
        """Fold what was written since the last call; True when there was anything."""
        try:
            events = self._reader.read()
        except (JobError, OSError) as error:
            fresh = str(error) != self.problem
            self.problem = str(error)
            return fresh
        self._fold(events)
        return bool(events)

    def _fold(self, events: Iterable[Event]) -> None:
        for event in events:
            if isinstance(event, Started):
                self._start(event)
            elif isinstance(event, StepDone):
                self.step = event
            elif isinstance(event, EpochDone):
                self.epochs[event.epoch] = event
            elif isinstance(event, CheckpointSaved):
                self.checkpoint = event
            elif isinstance(event, Message):
                self.message = event.text

    def _start(self, event: Started) -> None:
        self.settings = event.settings
        self.step = None
        # Work after the checkpoint that the run goes on from is done again.
        self.epochs = {n: done for n, done in self.epochs.items() if n <= event.epoch}

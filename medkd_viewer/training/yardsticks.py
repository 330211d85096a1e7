"""What a run is measured against: the run without teachers, and the best teacher. No widgets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from medkd_core.jobs.store import Job
from medkd_viewer.training.run_history import RunHistory
from medkd_viewer.training.runs import Run, Runs
from medkd_viewer.training.words import network_label


@dataclass(frozen=True)
class Yardstick:
    """What is drawn beside a run's own curves.

    Attributes
    ----------
    teachers : tuple of str
        Their networks' names for the screen.
    baseline : RunHistory or None
        For a distilled student: the newest completed run of the same network on the same data
        without teachers.
    best_teacher : float or None
        Highest validation macro F1 among the teachers, [0, 1].
    """

    teachers: tuple[str, ...] = ()
    baseline: RunHistory | None = None
    best_teacher: float | None = None


NO_YARDSTICK = Yardstick()


class Yardsticks:
    """Finds the yardstick of a job among the runs; a baseline's events are read once."""

    def __init__(self, runs: Runs) -> None:
        self._runs = runs
        self._histories: dict[Path, RunHistory] = {}

    def of(self, job: Job) -> Yardstick:
        """Return the yardstick of a job as the runs stand now."""
        baseline = self._baseline_of(job)
        teachers = self._teachers_of(job)
        metrics = [run.state.best_metric for run in teachers if run.state]
        return Yardstick(
            tuple(network_label(run.job.spec.network.name) for run in teachers if run.job),
            self._history(baseline) if baseline else None,
            max((metric for metric in metrics if metric is not None), default=None),
        )

    def _teachers_of(self, job: Job) -> list[Run]:
        found = (self._runs.get(Path(teacher.job).name) for teacher in job.spec.teachers)
        return [run for run in found if run]

    def _baseline_of(self, job: Job) -> Run | None:
        if job.spec.kind != "distill":
            return None
        same = (job.spec.data, job.spec.network)
        for run in self._runs.completed("student"):
            if run.job and (run.job.spec.data, run.job.spec.network) == same:
                return run
        return None

    def _history(self, run: Run) -> RunHistory:
        if run.folder not in self._histories:
            self._histories[run.folder] = RunHistory(run.folder / "events.jsonl")
        return self._histories[run.folder]

"""Jobs of an experiment as they go by: a bar for all of them, one for the job at work."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from medkd_core.cli.console import errors, on_one_line
from medkd_core.jobs.experiment import Step
from medkd_core.jobs.state import JobState, JobStatus
from medkd_core.launching.series import Outcome


class SeriesProgress:
    """Told by `run_series`; writes to standard error, so that answers stay apart.

    Parameters
    ----------
    steps : sequence of Step
    """

    def __init__(self, steps: Sequence[Step]) -> None:
        self._steps = steps
        self._seen: set[int] = set()
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=errors,
            transient=True,
            # Redirected, a bar would only leave empty lines in the file.
            disable=not errors.is_terminal,
        )
        self._all = self._bar.add_task("jobs", total=len(steps))
        self._one = self._bar.add_task("", total=None)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def told(self, number: int, state: JobState) -> None:
        """A job is at work."""
        self._seen.add(number)
        name, message = self._steps[number].spec.name, state.message or state.status.value
        self._bar.update(
            self._one,
            description=on_one_line(f"{name}: {message}"),
            completed=state.epoch,
            total=state.epochs,
        )

    def ended(self, number: int, outcome: Outcome) -> None:
        """A job has ended, or could not begin."""
        self._bar.update(self._all, completed=number + 1)
        name = outcome.step.spec.name
        line = f"{number + 1} of {len(self._steps)}  {name}: {self._what(number, outcome)}"
        style = "red" if outcome.problem else ""
        self._bar.console.print(on_one_line(line), style=style, soft_wrap=True)

    def _what(self, number: int, outcome: Outcome) -> str:
        if outcome.problem or outcome.job is None:
            return outcome.problem
        state = outcome.job.state()
        when = JobStatus.COMPLETED if number in self._seen else "was completed before"
        best = (
            "" if state.best_metric is None else f", macro F1 {state.best_metric:.3f} (validation)"
        )
        return f"{when}{best}"

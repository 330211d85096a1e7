"""Finished runs as rows of figures. No widgets."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open

from medkd_core.errors import JobError
from medkd_core.jobs.result import WEIGHTS_FILE, JobResult, read_result
from medkd_core.jobs.spec import JobSpec
from medkd_viewer.training.run_history import RunHistory
from medkd_viewer.training.runs import Run

_BUFFERS = ("running_mean", "running_var", "num_batches_tracked")
"""State of normalisation layers: stored with the weights, and no parameters."""


@dataclass(frozen=True)
class ComparedRun:
    """A finished run.

    Attributes
    ----------
    result : JobResult
        Its metrics are those of the test split.
    parameters : int or None
        Trained weights; None when the weights cannot be read.
    seconds : float
        Sum over its epochs.
    """

    title: str
    spec: JobSpec
    result: JobResult
    epochs: int
    parameters: int | None
    seconds: float

    def metric(self, name: str) -> float | None:
        """A metric of the test split, [0, 1]; None when the job did not measure it."""
        return self.result.metrics.get(name)

    def interval(self, name: str) -> tuple[float, float] | None:
        """The 95 % interval of a metric; None when there is none."""
        low, high = self.metric(f"{name}_low"), self.metric(f"{name}_high")
        return None if low is None or high is None else (low, high)


def compare(run: Run) -> ComparedRun | str:
    """Read a completed run's result, or say in a sentence why it has none."""
    if run.job is None or run.state is None:
        return run.problem
    try:
        result = read_result(run.job.result_folder)
    except JobError as error:
        return str(error)
    history = RunHistory(run.job.events_path)
    history.read()
    return ComparedRun(
        title=run.title,
        spec=run.job.spec,
        result=result,
        epochs=run.state.epoch,
        parameters=_count_parameters(run.job.result_folder / WEIGHTS_FILE),
        seconds=sum(done.seconds for done in history.epochs.values()),
    )


def _count_parameters(weights: Path) -> int | None:
    try:
        with safe_open(weights, framework="numpy") as tensors:
            names = [name for name in tensors.keys() if not name.endswith(_BUFFERS)]  # noqa: SIM118
            return sum(math.prod(tensors.get_slice(name).get_shape()) for name in names)
    except (OSError, SafetensorError):
        return None

"""Whole jobs whose teachers are remembered."""

from collections.abc import Callable
from pathlib import Path
from threading import Event as Flag

import numpy as np
import platformdirs
import pytest
from safetensors.numpy import load_file

from medkd_core.distillation.run import run_job
from medkd_core.distillation.signals.rows import ROWS_FILE
from medkd_core.jobs.events import Event, Started, StepDone
from medkd_core.jobs.result import WEIGHTS_FILE
from medkd_core.jobs.spec import DistillationSpec, JobSpec
from medkd_core.jobs.state import JobStatus
from medkd_core.jobs.store import Job, JobStore

pytestmark = pytest.mark.slow

MakeSpec = Callable[..., JobSpec]

EVERYTHING = DistillationSpec(
    remember=True,
    views=2,
    feature_weight=0.5,
    explanation_weight=0.5,
    explanation_warmup_epochs=1,
)


def remembered_files() -> dict[Path, int]:
    root = platformdirs.user_cache_path("medkd", appauthor=False) / "teachers"
    return {file: file.stat().st_mtime_ns for file in root.glob(f"*/{ROWS_FILE}")}


class StopIn(Flag):
    """The system's wish to end the process so many questions after the first one."""

    def __init__(self, questions: int) -> None:
        super().__init__()
        self._left = questions
        self._started = False

    def on_event(self, event: Event) -> None:
        self._started = self._started or isinstance(event, Started)

    def is_set(self) -> bool:
        self._left -= bool(remembered_files()) or self._started
        return self._left < 0


def test_students_of_two_seeds_share_what_teachers_said_and_a_stopped_one_goes_on_bit_for_bit(
    make_spec: MakeSpec, teacher: Job, tmp_path: Path
) -> None:
    jobs = JobStore(tmp_path / "jobs")

    def student(seed: int) -> Job:
        return jobs.create(make_spec(2, (str(teacher.folder),), seed=seed, distillation=EVERYTHING))

    stopped, whole, other = student(3), student(3), student(4)
    # While maps are computed, in the middle of the training, and not again.
    for questions in (20, 30):
        stop = StopIn(questions)
        state = run_job(stopped, stop.on_event, terminated=stop)
        assert state.status is JobStatus.PAUSED, state.message
    state = run_job(stopped)
    assert state.status is JobStatus.COMPLETED, state.message
    before = remembered_files()
    assert len(before) == 3
    for job in (whole, other):
        state = run_job(job)
        assert state.status is JobStatus.COMPLETED, state.message
    assert remembered_files() == before
    steps = [event for event in whole.events() if isinstance(event, StepDone)]
    assert set(steps[0].losses) == {"total", "hard", "soft", "features"}
    assert set(steps[-1].losses) == {"total", "hard", "soft", "features", "maps"}
    first, second, third = (
        load_file(job.result_folder / WEIGHTS_FILE) for job in (stopped, whole, other)
    )
    assert all(np.array_equal(array, second[key]) for key, array in first.items())
    assert any(not np.array_equal(array, third[key]) for key, array in first.items())

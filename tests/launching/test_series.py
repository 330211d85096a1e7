"""Jobs one after the other: what needs a failed one is left out, what is completed is not run."""

from collections.abc import Callable
from pathlib import Path

import pytest

from medkd_core.jobs.experiment import Step
from medkd_core.jobs.spec import DataSpec, JobSpec, NetworkSpec, TeacherSpec, TrainingSpec
from medkd_core.jobs.state import JobState, JobStatus
from medkd_core.jobs.store import JobStore
from medkd_core.launching.series import run_series

MakeStep = Callable[..., Step]


@pytest.fixture
def make_step(films: Path, monkeypatch: pytest.MonkeyPatch) -> MakeStep:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")

    def make(name: str, kind: str, *teachers: str, weights: Path | None = None) -> Step:
        spec = JobSpec(
            kind=kind,
            name=name,
            data=DataSpec(kind="folder", root=films),
            network=NetworkSpec(name="vgg19_bn", width=0.05, image_size=32, weights=weights),
            teachers=tuple(TeacherSpec(job=teacher) for teacher in teachers),
            training=TrainingSpec(epochs=1, batch_size=8, device="cpu"),
        )
        return Step(name, spec)

    return make


@pytest.mark.slow
def test_a_failed_job_stops_its_students_only_and_completed_ones_are_not_run_again(
    make_step: MakeStep, tmp_path: Path
) -> None:
    store = JobStore(tmp_path / "jobs")
    steps = [
        make_step("broken", "teacher", weights=tmp_path / "absent.safetensors"),
        make_step("teacher", "teacher"),
        make_step("orphan", "distill", "broken"),
        make_step("student", "distill", "teacher"),
    ]
    seen: list[int] = []

    def told(number: int, _: JobState) -> None:
        seen.append(number)

    first = run_series(steps, store, told)
    assert [bool(outcome.problem) for outcome in first] == [True, False, True, False]
    assert "absent.safetensors" in first[0].problem
    assert "its teacher 'broken' is not completed" in first[2].problem
    assert set(seen) == {0, 1, 3}

    # A later job of the same name is another one: the student keeps the teacher that it had.
    store.create(steps[1].spec.model_copy(update={"seed": 9}))
    seen.clear()
    again = run_series(steps[1:2] + steps[3:], store, told)
    assert seen == []
    assert [outcome.job for outcome in again] == [first[1].job, first[3].job]
    assert len(store.list()) == 4


def test_a_teacher_that_nobody_knows_is_told_without_a_job(
    make_step: MakeStep, tmp_path: Path
) -> None:
    store = JobStore(tmp_path / "jobs")
    (outcome,) = run_series([make_step("student", "distill", "nobody")], store)
    assert outcome.job is None
    assert "nobody" in outcome.problem
    assert store.list() == []


def test_a_completed_job_is_found_before_a_newer_one_that_is_not(
    make_step: MakeStep, tmp_path: Path
) -> None:
    store = JobStore(tmp_path / "jobs")
    spec = make_step("teacher", "teacher").spec
    assert store.find(spec) is None
    old, _ = store.create(spec), store.create(spec)
    old.set_state(old.state().changed(status=JobStatus.COMPLETED))
    found = store.find(spec)
    assert found is not None
    assert found.folder == old.folder
    assert store.find(spec.model_copy(update={"seed": 1})) is None

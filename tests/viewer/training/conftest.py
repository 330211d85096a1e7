"""Job folders as the trainer leaves them, written through the jobs room; nothing is trained."""

from collections.abc import Callable
from pathlib import Path

import pytest

from medkd_core.jobs.events import CheckpointSaved, EpochDone, EventLog, Started, StepDone
from medkd_core.jobs.result import METRICS_FILE, JobResult
from medkd_core.jobs.spec import DataSpec, JobSpec, NetworkSpec, TeacherSpec, TrainingSpec
from medkd_core.jobs.state import JobStatus
from medkd_core.jobs.store import Job, JobStore
from medkd_core.networks.registry import recipe_for

CLASSES = ["COVID-19", "Non-COVID", "Normal"]


def epoch_done(epoch: int, macro_f1: float = 0.5) -> EpochDone:
    return EpochDone(
        epoch=epoch,
        train_loss=1.0 / epoch,
        validation_loss=1.2 / epoch,
        macro_f1=macro_f1,
        balanced_accuracy=macro_f1,
        accuracy=macro_f1,
        confusion=[[3, 1, 0], [0, 4, 0], [1, 1, 2]],
        learning_rate=0.001,
        seconds=2.0,
    )


def append(job: Job, *events: object) -> None:
    with EventLog(job.events_path) as log:
        for event in events:
            log.append(event)


def run_epochs(job: Job, count: int, best: float = 0.8) -> None:
    append(
        job,
        Started(settings={"device": "CPU", "classes": ", ".join(CLASSES)}),
        *(epoch_done(epoch, best * epoch / count) for epoch in range(1, count + 1)),
        StepDone(
            epoch=count,
            step=4,
            steps=4,
            losses={"total": 0.5, "hard": 0.3, "soft": 0.2},
            images_per_second=61.0,
        ),
        CheckpointSaved(kind="last", epoch=count),
    )
    job.set_state(job.state().changed(epoch=count, best_metric=best))


def write_result(job: Job, macro_f1: float) -> None:
    result = JobResult(
        classes=CLASSES,
        recipe=recipe_for(job.spec.network.name, 32),
        best_epoch=2,
        temperature=1.0,
        metrics={"macro_f1": macro_f1, "macro_f1_low": macro_f1 - 0.1, "macro_f1_high": 0.99},
        confusion=[[3, 1, 0], [0, 4, 0], [1, 1, 2]],
        dataset="films",
        train_images=12,
        validation_images=12,
        test_images=12,
        warnings=[],
    )
    job.result_folder.mkdir()
    (job.result_folder / METRICS_FILE).write_text(result.model_dump_json())


@pytest.fixture
def store(tmp_path: Path) -> JobStore:
    return JobStore(tmp_path / "jobs")


@pytest.fixture
def films(tmp_path: Path) -> Path:
    """A folder that may be chosen as a data set; it holds no film."""
    folder = tmp_path / "films"
    folder.mkdir()
    return folder


@pytest.fixture
def make_job(store: JobStore, films: Path) -> Callable[..., Job]:
    """Make a job in a state, with `epochs` finished epochs of 5."""

    def make(
        name: str,
        status: JobStatus = JobStatus.COMPLETED,
        *,
        kind: str = "student",
        network: str = "ofa_595",
        epochs: int = 0,
        best: float = 0.8,
        message: str = "",
        teachers: tuple[str, ...] = (),
    ) -> Job:
        job = store.create(
            JobSpec(
                kind=kind,
                name=name,
                data=DataSpec(kind="folder", root=films),
                network=NetworkSpec(name=network, width=0.25, image_size=32),
                teachers=tuple(TeacherSpec(job=teacher) for teacher in teachers),
                training=TrainingSpec(epochs=5),
            )
        )
        if epochs:
            run_epochs(job, epochs, best)
        if status is JobStatus.RUNNING:
            # This very process plays the trainer, so that the job is seen to be alive.
            job.set_state(job.state().claimed())
        else:
            job.set_state(job.state().changed(status=status, message=message))
        if status is JobStatus.COMPLETED:
            write_result(job, best)
        return job

    return make


@pytest.fixture
def append_epoch() -> Callable[[Job, int, float], None]:
    """Append a finished epoch to a job's events."""
    return lambda job, epoch, macro_f1: append(job, epoch_done(epoch, macro_f1))

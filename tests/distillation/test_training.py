"""Whole jobs, from the first step to the result."""

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from threading import Event as Flag
from typing import Any

import cv2
import numpy as np
import pytest
from filelock import FileLock
from safetensors.numpy import load_file

from medkd_core.distillation.run import run_job
from medkd_core.errors import JobError
from medkd_core.imaging.recipe import View
from medkd_core.jobs.events import (
    CheckpointSaved,
    EpochDone,
    Event,
    Finished,
    Message,
    Started,
    StepDone,
)
from medkd_core.jobs.result import LOGITS_FILE, WEIGHTS_FILE, read_result
from medkd_core.jobs.spec import DataSpec, JobSpec, NetworkSpec, TrainingSpec
from medkd_core.jobs.state import JobStatus
from medkd_core.jobs.store import Job, JobStore

MakeSpec = Callable[..., JobSpec]


def weights(job: Job) -> dict[str, Any]:
    return load_file(job.result_folder / WEIGHTS_FILE)


def assert_same_weights(first: Job, second: Job) -> None:
    others = weights(second)
    for key, array in weights(first).items():
        assert np.array_equal(array, others[key]), key


def of_type(kind: type, events: list[Event]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


class StopAfter(Flag):
    """The system's wish to end the process, so many steps after training has started."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self._steps_left = steps
        self._training = False

    def on_event(self, event: Event) -> None:
        self._training = self._training or isinstance(event, Started)

    def is_set(self) -> bool:
        self._steps_left -= self._training
        return self._steps_left < 0


def test_events_tell_the_run(distilled: Job) -> None:
    events = distilled.events()
    (started,) = of_type(Started, events)
    assert started.settings["training images"] == "42"
    assert [event.epoch for event in of_type(EpochDone, events)] == [1, 2, 3]
    steps = of_type(StepDone, events)
    assert set(steps[-1].losses) == {"total", "hard", "soft"}
    assert np.sum(of_type(EpochDone, events)[0].confusion) == 9
    assert [e.epoch for e in of_type(CheckpointSaved, events) if e.kind == "last"] == [1, 2, 3]
    assert of_type(Finished, events)[0].status is JobStatus.COMPLETED


def test_state_of_a_completed_job_keeps_its_best(distilled: Job) -> None:
    state = distilled.state()
    best = max(event.macro_f1 for event in of_type(EpochDone, distilled.events()))
    assert (state.status, state.epoch, state.epochs) == (JobStatus.COMPLETED, 3, 3)
    assert state.best_metric == best


def test_result_can_be_read_and_fits_its_logits(distilled: Job) -> None:
    result = read_result(distilled.result_folder)
    assert result.classes == ["bright", "dark", "grey"]
    assert (result.train_images, result.validation_images, result.test_images) == (42, 9, 9)
    with np.load(distilled.result_folder / LOGITS_FILE, allow_pickle=False) as logits:
        decided = logits["test"].argmax(axis=1)
        assert result.metrics["accuracy"] == np.mean(decided == logits["test_labels"])
        assert logits["validation"].shape == (9, 3)


def test_same_seed_gives_the_same_weights(store: JobStore, make_spec: MakeSpec) -> None:
    jobs = [store.create(make_spec(epochs=1)) for _ in range(2)]
    for job in jobs:
        run_job(job)
    assert_same_weights(*jobs)


@pytest.mark.slow
def test_run_that_was_paused_in_an_epoch_ends_bit_for_bit_like_one_that_was_not(
    store: JobStore, make_spec: MakeSpec, teacher: Job, distilled: Job
) -> None:
    job = store.create(make_spec(epochs=3, teachers=(str(teacher.folder),)))
    for steps in (1, 6):
        stop = StopAfter(steps)
        assert run_job(job, stop.on_event, terminated=stop).status is JobStatus.PAUSED
    assert run_job(job).status is JobStatus.COMPLETED
    started = of_type(Started, job.events())
    assert [(event.epoch, event.step) for event in started] == [(0, 0), (0, 1), (1, 3)]
    assert_same_weights(job, distilled)


def test_completed_job_is_not_run_again(distilled: Job) -> None:
    with pytest.raises(JobError, match="it is completed"):
        run_job(distilled)


def test_job_that_another_process_runs_is_left_alone(store: JobStore, make_spec: MakeSpec) -> None:
    job = store.create(make_spec())
    with FileLock(job.lock_path), pytest.raises(JobError, match="running already"):
        run_job(job)
    assert job.state().status is JobStatus.QUEUED


def test_cancelled_job_keeps_no_result(store: JobStore, make_spec: MakeSpec) -> None:
    job = store.create(make_spec())
    job.request("cancel")
    assert run_job(job).status is JobStatus.CANCELLED
    assert job.requested() is None
    assert not job.result_folder.exists()


def test_teacher_that_learned_is_better_than_chance(teacher: Job) -> None:
    assert teacher.state().best_metric is not None
    losses = [event.train_loss for event in of_type(EpochDone, teacher.events())]
    assert losses[-1] < losses[0]


def failure(store: JobStore, spec: JobSpec) -> str:
    """The sentence of a job that fails before its first step, leaving nothing half-written."""
    job = store.create(spec)
    state = run_job(job)
    assert state.status is JobStatus.FAILED
    finished = job.events()[-1]
    assert isinstance(finished, Finished)
    assert finished.message == state.message
    assert "Traceback" not in state.message
    assert not of_type(Started, job.events())
    assert not job.result_folder.exists()
    assert not job.checkpoint_folder.exists()
    return state.message


def test_missing_folder_is_told(store: JobStore, make_spec: MakeSpec, tmp_path: Path) -> None:
    data = DataSpec(kind="folder", root=tmp_path / "nowhere")
    assert "there is no such folder" in failure(store, make_spec(data=data))


def test_empty_class_is_told(store: JobStore, make_spec: MakeSpec, tmp_path: Path) -> None:
    for name in ("full", "empty"):
        (tmp_path / "films" / name).mkdir(parents=True)
    for index in range(10):
        picture = np.full((64, 64), index * 9, np.uint8)
        cv2.imwrite(str(tmp_path / "films" / "full" / f"{index}.png"), picture)
    data = DataSpec(kind="folder", root=tmp_path / "films")
    assert "empty" in failure(store, make_spec(data=data))


def test_image_that_cannot_be_read_is_named(
    store: JobStore, make_spec: MakeSpec, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        (tmp_path / "films" / name).mkdir(parents=True)
        for index in range(10):
            picture = np.full((64, 64), index * 9, np.uint8)
            cv2.imwrite(str(tmp_path / "films" / name / f"{index}.png"), picture)
    (tmp_path / "films" / "one" / "5.png").write_bytes(b"no picture")
    data = DataSpec(kind="folder", root=tmp_path / "films")
    assert "5.png" in failure(store, make_spec(data=data))


def test_images_that_cannot_be_read_are_left_out_and_listed_where_that_is_allowed(
    store: JobStore, make_spec: MakeSpec, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        (tmp_path / "films" / name).mkdir(parents=True)
        for index in range(12):
            picture = np.full((64, 64), index * 9, np.uint8)
            cv2.imwrite(str(tmp_path / "films" / name / f"{index}.png"), picture)
    broken = tmp_path / "films" / "one" / "5.png"
    broken.write_bytes(b"no picture")
    data = DataSpec(kind="folder", root=tmp_path / "films", skip_unreadable=True)
    job = store.create(make_spec(epochs=1, data=data))
    assert run_job(job).status is JobStatus.COMPLETED
    result = read_result(job.result_folder)
    assert result.unreadable == [str(broken)]
    assert result.train_images + result.validation_images + result.test_images == 23
    said = [event.text for event in of_type(Message, job.events())]
    assert f"Left out 1 images that cannot be read: {broken}." in said


@pytest.mark.skipif(os.name != "posix", reason="limits the size of files, which only POSIX can")
def test_disk_that_is_full_in_the_middle_is_told_and_the_run_goes_on_later(
    store: JobStore, make_spec: MakeSpec
) -> None:
    import resource

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    job = store.create(make_spec(epochs=2))

    def fill_the_disk(event: Event) -> None:
        if isinstance(event, EpochDone) and event.epoch == 2:
            resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))

    try:
        state = run_job(job, fill_the_disk)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert state.status is JobStatus.FAILED
    assert "File too large" in state.message
    assert job.state().status is JobStatus.FAILED
    assert run_job(job).status is JobStatus.COMPLETED
    assert [event.epoch for event in of_type(Started, job.events())] == [0, 1]


def test_folder_that_takes_no_files_is_told(store: JobStore, make_spec: MakeSpec) -> None:
    job = store.create(make_spec())
    job.lock_path.mkdir()  # stands in the way, as a read-only folder would
    with pytest.raises(JobError, match="Cannot run the job"):
        run_job(job)


def test_unknown_network_lists_the_known_ones(store: JobStore, make_spec: MakeSpec) -> None:
    message = failure(store, make_spec(network=NetworkSpec(name="ofa_596")))
    assert "ofa_595" in message


def test_missing_weights_to_start_from_are_told(
    store: JobStore, make_spec: MakeSpec, tmp_path: Path
) -> None:
    network = NetworkSpec(name="ofa_595", width=0.25, weights=tmp_path / "none.safetensors")
    assert "there is no such file" in failure(store, make_spec(network=network))


def test_training_goes_on_from_given_weights(
    store: JobStore, make_spec: MakeSpec, distilled: Job
) -> None:
    start = distilled.result_folder / WEIGHTS_FILE
    network = distilled.spec.network.model_copy(update={"weights": start})
    training = TrainingSpec(epochs=1, learning_rate=1e-30, batch_size=11, device="cpu")
    job = store.create(make_spec(network=network, training=training))
    run_job(job)
    assert np.allclose(*(weights(j)["classifier.linear.weight"] for j in (job, distilled)))


def test_unknown_device_is_told(store: JobStore, make_spec: MakeSpec) -> None:
    training = TrainingSpec(device="cuda:99")
    assert "Cannot compute on 'cuda:99'" in failure(store, make_spec(training=training))


def test_unfinished_teacher_is_told(store: JobStore, make_spec: MakeSpec) -> None:
    unfinished = store.create(make_spec(kind="teacher"))
    message = failure(store, make_spec(teachers=(unfinished.identifier,)))
    assert "it is queued" in message


def test_teacher_of_other_classes_is_told(
    store: JobStore, make_spec: MakeSpec, teacher: Job, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        (tmp_path / "films" / name).mkdir(parents=True)
        for index in range(10):
            picture = np.full((64, 64), index * 9, np.uint8)
            cv2.imwrite(str(tmp_path / "films" / name / f"{index}.png"), picture)
    data = DataSpec(kind="folder", root=tmp_path / "films")
    message = failure(store, make_spec(data=data, teachers=(str(teacher.folder),)))
    assert "bright, dark, grey apart, not one, two" in message


def test_teacher_of_another_view_is_told(
    store: JobStore, make_spec: MakeSpec, teacher: Job
) -> None:
    spec = make_spec(view=View(fit="crop"), teachers=(str(teacher.folder),))
    assert "another [view]" in failure(store, spec)


def test_diverging_loss_stops_the_job_and_says_why(store: JobStore, make_spec: MakeSpec) -> None:
    training = TrainingSpec(epochs=3, batch_size=11, learning_rate=1e30, warmup_epochs=0)
    job = store.create(make_spec(training=training))
    state = run_job(job)
    assert state.status is JobStatus.FAILED
    assert "not a finite number" in state.message
    assert "a lower learning rate" in state.message


def test_teacher_of_another_split_of_the_same_images_is_told(
    store: JobStore, make_spec: MakeSpec, teacher: Job
) -> None:
    data = teacher.spec.data.model_copy(update={"test_fraction": 0.3})
    spec = make_spec(data=data, teachers=(str(teacher.folder),))
    assert "images that this job is tested on" in failure(store, spec)


def test_run_does_not_go_on_with_other_images_than_it_began_with(
    store: JobStore, make_spec: MakeSpec, films: Path, tmp_path: Path
) -> None:
    root = shutil.copytree(films, tmp_path / "films")
    spec = make_spec()
    job = store.create(
        spec.model_copy(update={"data": spec.data.model_copy(update={"root": root})})
    )
    stop = StopAfter(1)
    assert run_job(job, stop.on_event, terminated=stop).status is JobStatus.PAUSED
    for path in (root / "dark").iterdir():
        cv2.imwrite(str(path), np.full((64, 64), 90, np.uint8))
    state = run_job(job)
    assert state.status is JobStatus.FAILED
    assert "not those that the run began with" in state.message

"""Every entry of the specification changes what it says, in whole jobs."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from medkd_core.distillation.run import run_job
from medkd_core.jobs.events import EpochDone, Event, Message, Started, StepDone
from medkd_core.jobs.result import WEIGHTS_FILE
from medkd_core.jobs.spec import DistillationSpec, JobSpec, NetworkSpec, TrainingSpec
from medkd_core.jobs.state import JobStatus
from medkd_core.jobs.store import Job, JobStore

MakeSpec = Callable[..., JobSpec]
MakeJob = Callable[..., Job]

NARROW = NetworkSpec(name="ofa_595", width=0.125, image_size=64)


def training(**changes: object) -> TrainingSpec:
    short = TrainingSpec(epochs=1, batch_size=21, warmup_epochs=0, device="cpu")
    return short.model_copy(update=changes)


@pytest.fixture
def completed(store: JobStore, make_spec: MakeSpec) -> MakeJob:
    """Runs a job of one epoch of two steps, unless told otherwise."""

    def run(teachers: tuple[str, ...] = (), **changes: object) -> Job:
        spec = {"network": NARROW, "training": training(), **changes}
        job = store.create(make_spec(teachers=teachers, **spec))
        state = run_job(job)
        assert state.status is JobStatus.COMPLETED, state.message
        return job

    return run


def weights(job: Job) -> dict[str, Any]:
    return load_file(job.result_folder / WEIGHTS_FILE)


def same(first: Job, second: Job) -> bool:
    ours, theirs = weights(first), weights(second)
    return all(np.array_equal(ours[key], theirs[key]) for key in ours)


def of_type(kind: type, job: Job) -> list[Any]:
    return [event for event in job.events() if isinstance(event, kind)]


def test_parts_of_a_step_make_the_same_step_where_normalisation_stands_still(
    completed: MakeJob,
) -> None:
    whole, parts = (
        completed(training=training(freeze_normalisation=True, accumulate=n, gradient_clip=1e9))
        for n in (1, 4)
    )
    ours, theirs = weights(whole), weights(parts)
    for key, array in ours.items():
        assert theirs[key] == pytest.approx(array, abs=2e-6), key
    assert not same(whole, parts)


def test_average_is_what_is_kept(completed: MakeJob) -> None:
    average = completed(training=training(ema_decay=0.999))
    plain = completed()
    assert not same(average, plain)


def test_frozen_stages_keep_their_weights_and_statistics(completed: MakeJob) -> None:
    start = completed()
    network = NARROW.model_copy(update={"weights": start.result_folder / WEIGHTS_FILE})
    tuned = completed(network=network, training=training(frozen_stages=3))
    before, after = weights(start), weights(tuned)
    frozen = [
        k for k in before if k.startswith(("first_conv", *(f"blocks.{n}." for n in range(8))))
    ]
    assert all(np.array_equal(before[key], after[key]) for key in frozen)
    later = "blocks.8.mobile_inverted_conv.depth_conv.conv.weight"
    assert not np.array_equal(before[later], after[later])


def test_training_stops_after_epochs_without_a_better_score(completed: MakeJob) -> None:
    spec = training(epochs=30, early_stopping=2, learning_rate=1e-12, batch_size=42)
    job = completed(training=spec)
    epochs = of_type(EpochDone, job)
    assert len(epochs) < 30
    assert any("Stopped early" in event.text for event in of_type(Message, job))
    assert job.state().status is JobStatus.COMPLETED


def test_largest_batch_is_found_once_and_kept(completed: MakeJob, store: JobStore) -> None:
    job = completed(training=training(batch_size="largest"))
    (started,) = of_type(Started, job)
    # The whole set of tiny pictures fits.
    assert started.settings["batch size"] == started.settings["training images"] == "42"
    assert (job.folder / "settled.json").read_text() == '{"batch_size": 42}\n'
    assert of_type(StepDone, job)[-1].steps == 1


def test_batch_of_a_resumed_run_is_the_one_that_it_began_with(
    store: JobStore, make_spec: MakeSpec
) -> None:
    job = store.create(make_spec(network=NARROW, training=training(batch_size="largest")))
    (job.folder / "settled.json").write_text('{"batch_size": 14}')
    assert run_job(job).status is JobStatus.COMPLETED
    assert of_type(StepDone, job)[-1].steps == 3


def test_balanced_sampling_and_other_losses_learn(completed: MakeJob) -> None:
    plain = completed()
    for changes in (
        {"sampling": "balanced"},
        {"hard_loss": "focal"},
        {"hard_loss": "balanced-softmax", "label_smoothing": 0.1},
        {"layer_decay": 0.5},
    ):
        assert not same(completed(training=training(**changes)), plain)


@pytest.mark.slow
@pytest.mark.parametrize("remember", [False, True])
def test_all_terms_of_distillation_are_told_apart(
    completed: MakeJob, teacher: Job, remember: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    distillation = DistillationSpec(
        feature_weight=0.5,
        explanation_weight=0.5,
        explanation_warmup_epochs=1,
        weighting="confidence",
        remember=remember,
        views=2,
    )
    job = completed((str(teacher.folder),), training=training(epochs=2), distillation=distillation)
    first, second = of_type(StepDone, job)[0], of_type(StepDone, job)[-1]
    assert set(first.losses) == {"total", "hard", "soft", "features"}
    assert set(second.losses) == {*first.losses, "maps"}


def test_bfloat16_on_the_cpu_trains(completed: MakeJob) -> None:
    (started,) = of_type(Started, completed(training=training(precision="bf16-mixed")))
    assert started.settings["precision"] == "bf16-mixed"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"precision": "16-mixed"}, "no arithmetic in float16"),
        ({"frozen_stages": 7}, "the last one must learn"),
    ],
)
def test_what_cannot_be_had_is_told_before_the_first_step(
    store: JobStore, make_spec: MakeSpec, changes: dict[str, object], said: str
) -> None:
    job = store.create(make_spec(network=NARROW, training=training(**changes)))
    state = run_job(job)
    assert state.status is JobStatus.FAILED
    assert said in state.message
    assert not of_type(Started, job)


class StopAfterSteps:
    """Asks for a pause after so many steps of training."""

    def __init__(self, job: Job, steps: int) -> None:
        self._job, self._steps = job, steps

    def __call__(self, event: Event) -> None:
        if isinstance(event, StepDone):
            self._steps -= 1
        if self._steps == 0:
            self._job.request("pause")


@pytest.mark.slow
def test_paused_run_with_everything_that_has_a_memory_ends_bit_for_bit_the_same(
    store: JobStore, make_spec: MakeSpec, teacher: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Every step is told, so that the pause comes within an epoch.
    monkeypatch.setattr("medkd_core.distillation.loop.trainer._REPORT_SECONDS", 0)
    spec = make_spec(
        teachers=(str(teacher.folder),),
        network=NARROW,
        training=training(epochs=3, ema_decay=0.9, accumulate=2, sampling="balanced"),
        distillation=DistillationSpec(feature_weight=0.5),
    )
    whole, paused = store.create(spec), store.create(spec)
    assert run_job(whole).status is JobStatus.COMPLETED
    assert run_job(paused, StopAfterSteps(paused, 3)).status is JobStatus.PAUSED
    assert run_job(paused).status is JobStatus.COMPLETED
    assert [(e.epoch, e.step) for e in of_type(Started, paused)] == [(0, 0), (1, 1)]
    assert same(whole, paused)

"""Fifty kills at random moments: nothing is lost, and the end is the same."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from medkd_core.distillation.loop.trainer import BEST, LAST
from medkd_core.distillation.run import run_job
from medkd_core.jobs.events import Started
from medkd_core.jobs.result import LOGITS_FILE, METRICS_FILE, WEIGHTS_FILE, read_result
from medkd_core.jobs.spec import DistillationSpec, JobSpec, NetworkSpec, TrainingSpec
from medkd_core.jobs.state import JobStatus
from medkd_core.jobs.store import Job, JobStore, open_job

KILLS = 25
MakeSpec = Callable[..., JobSpec]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(os.name != "posix", reason="forks, which only POSIX can"),
]

LIVE = DistillationSpec(feature_weight=0.5)
REMEMBERED = DistillationSpec(
    remember=True, views=2, explanation_weight=0.5, explanation_warmup_epochs=1
)


def test_jobs_killed_at_any_moment_end_with_the_same_weights_live_teachers(
    store: JobStore, make_spec: MakeSpec, teacher: Job
) -> None:
    training = {"ema_decay": 0.9, "accumulate": 2, "early_stopping": 3}
    network = NetworkSpec(name="ofa_595", width=0.125, image_size=64)
    spec = spec_of(make_spec, teacher, network, training, LIVE)
    assert_kills_change_nothing(store, spec, seed=1)


def test_jobs_killed_at_any_moment_end_with_the_same_weights_remembered_teachers(
    store: JobStore, make_spec: MakeSpec, teacher: Job
) -> None:
    training = {"sampling": "balanced", "accumulate": 3, "epochs": 4}
    network = NetworkSpec(name="timm:test_resnet", image_size=64)
    spec = spec_of(make_spec, teacher, network, training, REMEMBERED)
    assert_kills_change_nothing(store, spec, seed=2)


def spec_of(
    make_spec: MakeSpec,
    teacher: Job,
    network: NetworkSpec,
    changes: dict[str, object],
    distillation: DistillationSpec,
) -> JobSpec:
    training = TrainingSpec(epochs=2, batch_size=11, warmup_epochs=0, device="cpu")
    return make_spec(
        teachers=(str(teacher.folder),),
        network=network,
        training=training.model_copy(update=changes),
        distillation=distillation,
    )


def assert_kills_change_nothing(store: JobStore, spec: JobSpec, seed: int) -> None:
    reference = store.create(spec)
    assert run_job(reference).status is JobStatus.COMPLETED
    jobs = killed(reference, seed)
    goings_on = [event for job in jobs for event in job.events() if isinstance(event, Started)]
    # Kills before the first step leave no such event; many came later, and within epochs.
    assert len(goings_on) > len(jobs) + KILLS // 5
    assert any(event.step for event in goings_on)
    for job in jobs:
        assert_whole(job)
        for path in (Path("result", WEIGHTS_FILE), Path("checkpoints", LAST)):
            assert_same_tensors(job.folder / path, reference.folder / path)


def killed(reference: Job, seed: int) -> list[Job]:
    script = Path(__file__).with_name("killed_runs.py")
    command = [sys.executable, str(script), str(reference.folder), str(seed), str(KILLS)]
    # A checkpoint after every step, so that kills hit the writing of many.
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MEDKD_CHECKPOINT_SECONDS": "0"}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return [open_job(Path(folder)) for folder in run.stdout.split()]


def assert_whole(job: Job) -> None:
    assert job.state().status is JobStatus.COMPLETED
    events = job.events()
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert read_result(job.result_folder).classes == ["bright", "dark", "grey"]
    assert {path.name for path in job.result_folder.iterdir()} == {
        WEIGHTS_FILE,
        METRICS_FILE,
        LOGITS_FILE,
    }
    assert {path.name for path in job.checkpoint_folder.iterdir()} == {BEST, LAST}


def assert_same_tensors(first: Path, second: Path) -> None:
    ours, theirs = load_file(first), load_file(second)
    assert ours.keys() == theirs.keys()
    for key, array in ours.items():
        assert np.array_equal(array, theirs[key]), key

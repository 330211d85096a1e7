"""A tiny data set and tiny jobs: everything real, seconds long."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from medkd_core.distillation.run import run_job
from medkd_core.imaging.recipe import View
from medkd_core.jobs.spec import (
    DataSpec,
    DistillationSpec,
    JobSpec,
    NetworkSpec,
    TeacherSpec,
    TrainingSpec,
)
from medkd_core.jobs.state import JobStatus
from medkd_core.jobs.store import Job, JobStore

SIDE = 64
IMAGES = 20

MakeSpec = Callable[..., JobSpec]


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three classes of grey pictures: a disc in the middle that is dark, grey or bright."""
    root = tmp_path_factory.mktemp("data") / "films"
    rng = np.random.default_rng(0)
    for name, brightness in (("bright", 220), ("dark", 20), ("grey", 110)):
        (root / name).mkdir(parents=True)
        for index in range(IMAGES):
            picture = rng.integers(60, 140, (SIDE, SIDE)).astype(np.uint8)
            centre = (int(rng.integers(24, 40)), int(rng.integers(24, 40)))
            cv2.circle(picture, centre, 14, brightness, -1)
            cv2.imwrite(str(root / name / f"{index}.png"), picture)
    return root


@pytest.fixture
def store(tmp_path: Path) -> JobStore:
    return JobStore(tmp_path / "jobs")


@pytest.fixture(scope="session")
def make_spec(films: Path) -> MakeSpec:
    """Two epochs of four steps on a student of a quarter of the width, unless told otherwise."""

    def make(epochs: int = 2, teachers: tuple[str, ...] = (), **changes: object) -> JobSpec:
        spec = JobSpec(
            kind="distill" if teachers else "student",
            seed=3,
            data=DataSpec(kind="folder", root=films),
            view=View(intensity="full", fit="stretch"),
            network=NetworkSpec(name="ofa_595", width=0.25, image_size=SIDE),
            teachers=tuple(TeacherSpec(job=job) for job in teachers),
            training=TrainingSpec(epochs=epochs, batch_size=11, warmup_epochs=0, device="cpu"),
            distillation=DistillationSpec(temperature=2.0, soft_weight=0.5),
        )
        return spec.model_copy(update=changes)

    return make


@pytest.fixture(scope="session")
def teacher(tmp_path_factory: pytest.TempPathFactory, make_spec: MakeSpec) -> Job:
    """A completed teacher of another size than the students."""
    store = JobStore(tmp_path_factory.mktemp("teachers"))
    network = NetworkSpec(name="vgg19_bn", width=0.125, image_size=32)
    job = store.create(make_spec(kind="teacher", name="Teacher", network=network))
    assert run_job(job).status is JobStatus.COMPLETED
    return job


@pytest.fixture(scope="session")
def distilled(tmp_path_factory: pytest.TempPathFactory, make_spec: MakeSpec, teacher: Job) -> Job:
    """A student distilled without a break."""
    store = JobStore(tmp_path_factory.mktemp("jobs"))
    job = store.create(make_spec(epochs=3, name="Student", teachers=(str(teacher.folder),)))
    assert run_job(job).status is JobStatus.COMPLETED
    return job

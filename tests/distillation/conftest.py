"""A tiny data set and tiny jobs: everything real, seconds long."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from medkd_core.imaging.recipe import View
from medkd_core.jobs.spec import (
    DataSpec,
    DistillationSpec,
    JobKind,
    JobSpec,
    NetworkSpec,
    TeacherSpec,
    TrainingSpec,
)
from medkd_core.jobs.store import JobStore

SIDE = 64
IMAGES = 20


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three classes of grey pictures: a disc in the middle that is dark, grey or bright."""
    root = tmp_path_factory.mktemp("films")
    rng = np.random.default_rng(0)
    for number, name in enumerate(("dark", "grey", "bright")):
        (root / name).mkdir()
        for index in range(IMAGES):
            picture = rng.integers(60, 140, (SIDE, SIDE)).astype(np.uint8)
            centre = (int(rng.integers(24, 40)), int(rng.integers(24, 40)))
            cv2.circle(picture, centre, 14, (20, 110, 220)[number], -1)
            cv2.imwrite(str(root / name / f"{index}.png"), picture)
    return root


@pytest.fixture
def store(tmp_path: Path) -> JobStore:
    return JobStore(tmp_path / "jobs")


def job_spec(root: Path, kind: JobKind = "student", epochs: int = 2, **changes: object) -> JobSpec:
    """A job of two epochs of four steps on a network of a quarter of the width."""
    spec = JobSpec(
        kind=kind,
        name=kind,
        seed=3,
        data=DataSpec(kind="folder", root=root),
        view=View(intensity="full", fit="stretch"),
        network=NetworkSpec(name="ofa_595", width=0.25, image_size=SIDE),
        training=TrainingSpec(epochs=epochs, batch_size=11, warmup_epochs=0, device="cpu"),
        distillation=DistillationSpec(temperature=2.0, soft_weight=0.5),
    )
    return spec.model_copy(update=changes)


def taught_by(*jobs: str) -> tuple[TeacherSpec, ...]:
    return tuple(TeacherSpec(job=job) for job in jobs)

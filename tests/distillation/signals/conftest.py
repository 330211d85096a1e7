"""Two teachers that never learned anything, which say as much as any, and drawn training images."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments import LightningEnvironment

from medkd_core.distillation.data import Films
from medkd_core.distillation.signals.finding import find_teachers
from medkd_core.distillation.signals.store import RowStore
from medkd_core.distillation.signals.teacher import Teacher, load_teachers
from medkd_core.imaging.recipe import View
from medkd_core.jobs.result import METRICS_FILE, WEIGHTS_FILE, JobResult
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
from medkd_core.networks import create_network, recipe_for
from medkd_core.networks.weights import save_weights

CLASSES = ["bright", "dark", "grey"]
NETWORKS = (
    NetworkSpec(name="timm:test_resnet", image_size=96),
    NetworkSpec(name="autoformer_v2_t", width=0.125, image_size=64),
)

MakeSpec = Callable[..., JobSpec]


@pytest.fixture(scope="session")
def fabric() -> Fabric:
    # Told its environment, it does not guess that Slurm's is meant where that is installed.
    alone = LightningEnvironment()
    return Fabric(accelerator="cpu", devices=1, precision="32-true", plugins=[alone])


@pytest.fixture(scope="session")
def images() -> Films:
    """Forty noisy squares with a disc that is nowhere in the middle."""
    rng = np.random.default_rng(0)
    squares = rng.integers(60, 140, (40, 64, 64)).astype(np.uint8)
    labels = rng.integers(3, size=40)
    for square, label in zip(squares, labels, strict=True):
        centre = (int(rng.integers(16, 48)), int(rng.integers(16, 48)))
        cv2.circle(square, centre, 12, (220, 20, 110)[int(label)], -1)
    return Films(squares, labels)


@pytest.fixture(scope="session")
def make_teacher(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Job]:
    """A completed teacher, made without training."""

    def make(network: NetworkSpec, seed: int = 0, **result: object) -> Job:
        store = JobStore(tmp_path_factory.mktemp("teachers"))
        job = store.create(JobSpec(kind="teacher", data=DATA, view=VIEW, network=network))
        job.result_folder.mkdir()
        torch.manual_seed(seed)
        made = create_network(network.name, 3, network.width, network.image_size)
        save_weights(made, job.result_folder / WEIGHTS_FILE)
        facts = {
            "classes": CLASSES,
            "recipe": recipe_for(network.name, network.image_size),
            "best_epoch": 1,
            "temperature": 1.5,
            "metrics": {},
            "confusion": [],
            "dataset": "drawn",
            "train_images": 60,
            "train_class_counts": [10, 20, 30],
            "validation_images": 0,
            "test_images": 0,
            "warnings": [],
        }
        written = JobResult.model_validate(facts | result).model_dump_json()
        (job.result_folder / METRICS_FILE).write_text(written)
        job.set_state(job.state().changed(status=JobStatus.COMPLETED))
        return job

    return make


DATA = DataSpec(kind="folder", root=Path("/nowhere"))
VIEW = View(intensity="full", fit="stretch")


@pytest.fixture(scope="session")
def teacher_jobs(make_teacher: Callable[..., Job]) -> list[Job]:
    return [make_teacher(network) for network in NETWORKS]


@pytest.fixture(scope="session")
def student(teacher_jobs: list[Job]) -> MakeSpec:
    """A student of both teachers, who are remembered in two views unless told otherwise."""

    def make(seed: int = 0, augment: bool = True, **distillation: object) -> JobSpec:
        entries: dict[str, object] = {"remember": True, "views": 2}
        return JobSpec(
            kind="distill",
            seed=seed,
            data=DATA,
            view=VIEW,
            network=NetworkSpec(name="ofa_595", width=0.25, image_size=64),
            teachers=tuple(
                TeacherSpec(job=str(job.folder), weight=weight)
                for job, weight in zip(teacher_jobs, (1.0, 3.0), strict=True)
            ),
            training=TrainingSpec(augment=augment),
            distillation=DistillationSpec.model_validate(entries | distillation),
        )

    return make


@pytest.fixture(scope="session")
def teachers(student: MakeSpec, fabric: Fabric) -> list[Teacher]:
    spec = student()
    found = find_teachers(spec, JobStore(Path("/nowhere")), CLASSES)
    return load_teachers(spec.teachers, found, fabric)


@pytest.fixture
def store(tmp_path: Path) -> RowStore:
    return RowStore(tmp_path / "teachers")

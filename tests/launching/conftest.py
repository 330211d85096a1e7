"""A job on drawn noise that would take hours, and its like on request."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from medkd_core.imaging.recipe import View
from medkd_core.jobs.spec import DataSpec, JobSpec, LaunchSpec, NetworkSpec, TrainingSpec
from medkd_core.jobs.store import Job, JobStore

# patience.py and one_node_slurm.py
sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def films(tmp_path: Path) -> Path:
    """Twenty pictures of two classes."""
    root = tmp_path / "films"
    rng = np.random.default_rng(0)
    for name in ("one", "two"):
        (root / name).mkdir(parents=True)
        for index in range(10):
            picture = rng.integers(0, 256, (64, 64)).astype(np.uint8)
            cv2.imwrite(str(root / name / f"{index}.png"), picture)
    return root


@pytest.fixture
def make_job(films: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Job]:
    """Call it with a `LaunchSpec` and entries of `TrainingSpec`."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")

    def make(launch: LaunchSpec | None = None, **training: Any) -> Job:
        settings = {"epochs": 10_000, "batch_size": 8, "device": "cpu"} | training
        spec = JobSpec(
            kind="student",
            data=DataSpec(kind="folder", root=films),
            view=View(intensity="full"),
            network=NetworkSpec(name="ofa_595", width=0.25, image_size=64),
            training=TrainingSpec(**settings),
            launch=launch or LaunchSpec(),
        )
        return JobStore(tmp_path / "jobs").create(spec)

    return make


@pytest.fixture
def job(make_job: Callable[..., Job]) -> Job:
    """A job that would take hours."""
    return make_job()

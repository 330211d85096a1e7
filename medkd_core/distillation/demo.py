"""The embedded demo, made from a seed: drawn films, three narrow teachers, one narrower student."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from medkd_core.datasets.phantom import Phantom, draw_phantom
from medkd_core.datasets.phantom_dicom import FictitiousPatient, write_dicom_study
from medkd_core.datasets.phantom_files import write_covid_qu_ex, write_png
from medkd_core.datasets.record import Split
from medkd_core.distillation.publishing import publish
from medkd_core.distillation.run import run_job
from medkd_core.errors import JobError
from medkd_core.jobs.events import EpochDone, Event
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

Say = Callable[[str], None]

NAME = "Chest demo"
FILMS: dict[Split, int] = {"train": 400, "validation": 100, "test": 150}
"""Drawn films of each class; those of the test split are seen by nobody before the model card."""
IMAGE_SIDE = 192
"""Six cells of 32 pixels a side in every map."""

TEACHERS = {
    "densenet201": (0.125, TrainingSpec(epochs=12, batch_size=16, learning_rate=2e-3)),
    "visformer_s": (0.125, TrainingSpec(epochs=12, batch_size=16, learning_rate=1e-3)),
    "autoformer_v2_t": (0.125, TrainingSpec(epochs=24, batch_size=16, learning_rate=7e-4)),
}
"""Width and training of each teacher, so that the bundle takes less than 10 MB."""
STUDENT = ("ofa_595", 0.15, TrainingSpec(epochs=14, batch_size=16, learning_rate=3e-3))


def build_demo(folder: Path, seed: int, say: Say) -> None:
    """Draw, train, distil, publish: replaces `folder` when everything has succeeded.

    Parameters
    ----------
    folder : Path
        Gets ``bundle`` and ``studies``.
    seed : int
        Decides the films and every training run.
    say : callable
        Told in a sentence what is done and what is being done.

    Raises
    ------
    MedKDError
        A step failed; `folder` is as it was.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".demo-") as work_folder:
        work = Path(work_folder)
        say(f"Drawing {3 * sum(FILMS.values())} chest films.")
        write_covid_qu_ex(work / "films", FILMS, seed=seed)
        student = _train(work, seed, say)
        say("Publishing.")
        publish(student, work / "demo" / "bundle", name=NAME, demo=True, say=say)
        _write_studies(work / "demo" / "studies", seed)
        _replace(folder, work / "demo", work / "old")
    say(f"The demo is in {folder}.")


def _train(work: Path, seed: int, say: Say) -> Job:
    store = JobStore(work / "jobs")
    data = DataSpec(kind="covid-qu-ex", root=work / "films")
    teachers = [
        _run(
            store,
            JobSpec(
                kind="teacher",
                name=name,
                seed=seed,
                data=data,
                network=NetworkSpec(name=name, width=width, image_size=IMAGE_SIDE),
                training=training,
            ),
            say,
        )
        for name, (width, training) in TEACHERS.items()
    ]
    name, width, training = STUDENT
    student = JobSpec(
        kind="distill",
        name="student",
        seed=seed,
        data=data,
        network=NetworkSpec(name=name, width=width, image_size=IMAGE_SIDE),
        teachers=tuple(TeacherSpec(job=job.identifier) for job in teachers),
        training=training,
        distillation=DistillationSpec(temperature=2.0, soft_weight=0.5),
    )
    return _run(store, student, say)


def _run(store: JobStore, spec: JobSpec, say: Say) -> Job:
    def tell(event: Event) -> None:
        if isinstance(event, EpochDone):
            say(
                f"{spec.name}: epoch {event.epoch} of {spec.training.epochs}, validation macro F1 "
                f"{event.macro_f1:.3f}, {event.seconds:.0f} s"
            )

    job = store.create(spec)
    state = run_job(job, tell)
    if state.status is not JobStatus.COMPLETED:
        raise JobError(f"Cannot train {spec.name}", because=f"{state.status}: {state.message}")
    return job


def _write_studies(folder: Path, seed: int) -> None:
    """Films that no network has seen: three patients, one of them with a prior, and a PNG."""
    folder.mkdir(parents=True)
    first = 1_000_000 * (seed + 1)

    def film(number: int, label: str, side: int) -> Phantom:
        # Hardly any noise, for the sake of the size on disk.
        return draw_phantom(first + number, label, side, dose=100)

    write_dicom_study(
        folder / "ada_pneumonia.dcm",
        film(1, "Non-COVID", 768),
        patient=FictitiousPatient("PHANTOM^ADA", "MK-0001", "F", "061Y"),
    )
    write_dicom_study(
        folder / "ada_prior.dcm",
        # The same seed is the same chest.
        film(1, "Normal", 288),
        patient=FictitiousPatient("PHANTOM^ADA", "MK-0001", "F", "057Y", "20160301"),
    )
    write_dicom_study(
        folder / "ben_covid.dcm",
        film(2, "COVID-19", 768),
        patient=FictitiousPatient("PHANTOM^BEN", "MK-0002", "M", "047Y"),
        photometric="MONOCHROME1",
        calibrated=True,
    )
    write_dicom_study(
        folder / "cyd_normal.dcm",
        film(3, "Normal", 768),
        patient=FictitiousPatient("PHANTOM^CYD", "MK-0003", "F", "035Y"),
    )
    write_png(folder / "drawn_film.png", film(5, "COVID-19", 512))


def _replace(folder: Path, new: Path, old: Path) -> None:
    if folder.exists():
        shutil.move(folder, old)
    shutil.move(new, folder)

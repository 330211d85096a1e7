"""Which finished jobs teach, and the networks that they made."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from medkd_core.errors import JobError
from medkd_core.jobs.result import WEIGHTS_FILE, JobResult, read_result
from medkd_core.jobs.spec import DataSpec, JobSpec
from medkd_core.jobs.state import JobStatus
from medkd_core.jobs.store import Job, JobStore
from medkd_core.networks import create_network
from medkd_core.networks.weights import load_weights


def find_teachers(
    student: JobSpec, store: JobStore, classes: Sequence[str]
) -> list[tuple[Job, JobResult]]:
    """The jobs that teach, each finished, of the same classes, view and split.

    Raises
    ------
    JobError
        One is unknown, unfinished, or learned something else.
    """
    found = []
    for spec in student.teachers:
        job = store.get(spec.job)
        status = job.state().status
        if status is not JobStatus.COMPLETED:
            raise cannot_teach(job, f"it is {status.value}", "Run or resume the teacher first.")
        result = read_result(job.result_folder)
        if result.classes != list(classes):
            reason = f"it tells {', '.join(result.classes)} apart, not {', '.join(classes)}"
            raise cannot_teach(job, reason, "Choose a teacher of the same data set.")
        if _is_split_otherwise(job.spec.data, student.data):
            reason = "it may have learned from images that this job is tested on: [data] names the "
            reason += "same folder, but splits it otherwise or holds out another source"
            raise cannot_teach(job, reason, "Give both jobs the same [data].")
        if job.spec.view != student.view:
            reason = "its films were prepared by another [view]"
            raise cannot_teach(job, reason, "Give both jobs the same [view].")
        if student.distillation.correct_prior and not result.train_class_counts:
            reason = "it does not say how many images of each class it learned from"
            cure = "Train the teacher again, or leave distillation.correct_prior out."
            raise cannot_teach(job, reason, cure)
        found.append((job, result))
    return found


def load_network(job: Job, result: JobResult) -> nn.Module:
    """The network that a completed job made, on the CPU, in evaluation mode.

    Raises
    ------
    NetworkError
        Its weights are missing or damaged.
    """
    spec = job.spec.network
    network = create_network(spec.name, len(result.classes), spec.width, result.recipe.size)
    load_weights(network, job.result_folder / WEIGHTS_FILE)
    return network.eval().requires_grad_(False)


def cannot_teach(job: Job, reason: str, cure: str) -> JobError:
    """The error that a job is no teacher for this student, with its reason."""
    return JobError("Cannot learn from the teacher", path=job.folder, because=reason, cure=cure)


def _is_split_otherwise(first: DataSpec, second: DataSpec) -> bool:
    """Whether the same images may stand on other sides of the split."""
    settled_by = {
        "kind",
        "table",
        "path_column",
        "label_column",
        "split_column",
        "groups",
        "group_column",
        "held_out_source",
        "validation_fraction",
        "test_fraction",
        "allow_leak",
    }
    same_images = first.root.resolve() == second.root.resolve()
    return same_images and first.model_dump(include=settled_by) != second.model_dump(
        include=settled_by
    )

"""The usual experiment: teachers, the student without them, and the student distilled from them."""

from __future__ import annotations

from medkd_core.jobs.recipes import PAPER_TEACHERS
from medkd_core.jobs.spec import JobSpec, TeacherSpec
from medkd_viewer.training.words import network_label, title_of


def series_of(student: JobSpec) -> list[JobSpec]:
    """Return the specifications in the order in which they are to be made and run.

    Parameters
    ----------
    student : JobSpec
        What learns, on which data and how; all jobs have its settings, width and image size.
    """
    name = title_of(student)
    teachers = [
        student.model_copy(
            update={
                "kind": "teacher",
                "name": f"{name}, teacher {network_label(network)}",
                "network": student.network.model_copy(
                    update={"name": network, "weights": None, "target_layer": None}
                ),
                "teachers": (),
            }
        )
        for network in PAPER_TEACHERS
    ]
    baseline = student.model_copy(
        update={"kind": "student", "name": f"{name}, no teachers", "teachers": ()}
    )
    # A teacher is found by its name once its job was made.
    taught_by = tuple(TeacherSpec(job=teacher.name) for teacher in teachers)
    distilled = student.model_copy(
        update={"kind": "distill", "name": f"{name}, distilled", "teachers": taught_by}
    )
    return [*teachers, baseline, distilled]

"""Which jobs may teach, and what is known of them."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from lightning_fabric import Fabric

from medkd_core.distillation.signals.finding import find_teachers
from medkd_core.distillation.signals.teacher import Teacher, load_teachers
from medkd_core.errors import JobError
from medkd_core.jobs.spec import DistillationSpec, JobSpec, NetworkSpec, TeacherSpec
from medkd_core.jobs.store import Job, JobStore

MakeSpec = Callable[..., JobSpec]
MakeTeacher = Callable[..., Job]

NETWORK = NetworkSpec(name="timm:test_resnet", image_size=64)
CLASSES = ["bright", "dark", "grey"]


def taught_by(job: Job, spec: JobSpec, **changes: object) -> JobSpec:
    return spec.model_copy(update={"teachers": (TeacherSpec(job=str(job.folder)),), **changes})


def test_teacher_of_an_earlier_version_teaches_unless_its_counts_are_needed(
    make_teacher: MakeTeacher, student: MakeSpec, fabric: Fabric, tmp_path: Path
) -> None:
    job = make_teacher(NETWORK, train_class_counts=[])
    spec = taught_by(job, student())
    found = find_teachers(spec, JobStore(tmp_path), CLASSES)
    (teacher,) = load_teachers(spec.teachers, found, fabric)
    assert teacher.facts.class_counts == [1.0, 1.0, 1.0]
    corrected = DistillationSpec(correct_prior=True)
    with pytest.raises(JobError, match=r"how many images of each class.*leave .*correct_prior out"):
        find_teachers(taught_by(job, spec, distillation=corrected), JobStore(tmp_path), CLASSES)


def test_teacher_who_saw_the_test_images_is_refused(
    make_teacher: MakeTeacher, student: MakeSpec, tmp_path: Path
) -> None:
    job = make_teacher(NETWORK)
    linked = tmp_path / "linked"
    linked.symlink_to(job.spec.data.root)
    changes: list[dict[str, object]] = [
        {"allow_leak": True},
        {"groups": tmp_path / "groups.csv"},
        {"held_out_source": "hospital"},
        {"kind": "csv"},
        {"root": linked, "test_fraction": 0.3},
    ]
    for change in changes:
        data = job.spec.data.model_copy(update=change)
        with pytest.raises(JobError, match="images that this job is tested on"):
            find_teachers(taught_by(job, student(), data=data), JobStore(tmp_path), CLASSES)


def test_networks_are_frozen_and_say_the_same_of_an_image_in_any_company(
    teachers: list[Teacher], fabric: Fabric
) -> None:
    squares = torch.randint(0, 256, (5, 64, 64), dtype=torch.uint8)
    for teacher in teachers:
        assert not any(weight.requires_grad for weight in teacher.network.parameters())
        logits, features = teacher.answer(squares, fabric)
        alone, own = teacher.answer(squares[2:3], fabric)
        assert not logits.requires_grad
        torch.testing.assert_close(logits[2:3], alone)
        torch.testing.assert_close(features[2:3], own)

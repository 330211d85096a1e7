"""What teachers said before the first step is what they would say in the step."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric

from medkd_core.datasets.augmentation import AugmentationKind
from medkd_core.distillation.data import Batch, Films, training_batches
from medkd_core.distillation.losses.hard import effective_counts
from medkd_core.distillation.signals.asking import ASKED_AT_ONCE, answer_contents
from medkd_core.distillation.signals.live import LiveTeachers, TeacherSignals
from medkd_core.distillation.signals.opening import open_teachers
from medkd_core.distillation.signals.remembered import RememberedTeachers
from medkd_core.distillation.signals.rows import ROWS_FILE
from medkd_core.distillation.signals.shown import shown_images
from medkd_core.distillation.signals.store import RowStore
from medkd_core.distillation.signals.teacher import Teacher, load_teachers
from medkd_core.distillation.signals.views import view_seed
from medkd_core.errors import JobError, OperationCancelled
from medkd_core.jobs.result import read_result
from medkd_core.jobs.spec import JobSpec, NetworkSpec, TeacherSpec
from medkd_core.jobs.store import Job

MakeSpec = Callable[..., JobSpec]

CHOSEN = np.array([7, 0, 39, 12, 12])
SMALL = NetworkSpec(name="timm:test_resnet", image_size=96)


def batch(films: Films, spec: JobSpec, indices: np.ndarray = CHOSEN, view: int = 1) -> Batch:
    kind: AugmentationKind | None = "film" if spec.training.augment else None
    (made,) = training_batches(films, [indices], view_seed(spec), view, kind)
    return made


def answers(signals: TeacherSignals, shown: Batch) -> list[torch.Tensor]:
    return [part for signal in signals.of(shown) for part in (signal.logits, signal.features)]


def test_answers_are_those_of_the_live_pass_bit_for_bit_at_the_same_batches(
    images: Films, teachers: list[Teacher], student: MakeSpec, fabric: Fabric, store: RowStore
) -> None:
    spec = student(feature_weight=1.0)
    remembered = open_teachers(spec, teachers, images, fabric, store=store)
    live = LiveTeachers(teachers, fabric, features=True)
    assert isinstance(remembered, RememberedTeachers)
    for view in (0, 1):
        for start in range(0, len(images), ASKED_AT_ONCE):
            indices = np.arange(start, min(start + ASKED_AT_ONCE, len(images)))
            shown = batch(images, spec, indices, view)
            for ours, theirs in zip(answers(remembered, shown), answers(live, shown), strict=True):
                assert torch.equal(ours, theirs)


def test_answers_are_those_of_other_batches_but_for_rounding(
    images: Films, teachers: list[Teacher], student: MakeSpec, fabric: Fabric, store: RowStore
) -> None:
    spec = student(feature_weight=1.0)
    remembered = open_teachers(spec, teachers, images, fabric, store=store)
    live = LiveTeachers(teachers, fabric, features=True)
    shown = batch(images, spec)
    for ours, theirs in zip(answers(remembered, shown), answers(live, shown), strict=True):
        spread = (theirs.max() - theirs.min()).item()
        assert ours.shape == theirs.shape
        assert ours.dtype == torch.float32
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-5 * spread)


def test_views_differ_and_plain_images_have_one(
    images: Films, teachers: list[Teacher], student: MakeSpec, fabric: Fabric, store: RowStore
) -> None:
    spec = student()
    signals = open_teachers(spec, teachers, images, fabric, store=store)
    first, second = (signals.of(batch(images, spec, view=view))[0].logits for view in (0, 1))
    assert not torch.allclose(first, second)
    plain = student(augment=False)
    signals = open_teachers(plain, teachers, images, fabric, store=store)
    live = LiveTeachers(teachers, fabric).of(batch(images, plain, view=0))[0].logits
    assert torch.allclose(signals.of(batch(images, plain, view=0))[0].logits, live, atol=1e-5)


def test_signals_have_only_what_is_asked_for(
    images: Films, teachers: list[Teacher], student: MakeSpec, fabric: Fabric, store: RowStore
) -> None:
    spec = student()
    signals = open_teachers(spec, teachers, images, fabric, store=store)
    (signal, _) = signals.of(batch(images, spec))
    assert signal.features is None
    assert signal.maps is None
    live = open_teachers(student(remember=False), teachers, images, fabric, store=store)
    assert isinstance(live, LiveTeachers)
    assert live.of(batch(images, spec))[0].features is None


def test_facts_and_recipes_come_from_the_teachers_results(
    images: Films,
    teachers: list[Teacher],
    teacher_jobs: list[Job],
    student: MakeSpec,
    fabric: Fabric,
    store: RowStore,
) -> None:
    for spec in (student(), student(remember=False)):
        signals = open_teachers(spec, teachers, images, fabric, store=store)
        first, second = signals.facts
        assert (first.weight, second.weight) == (1.0, 3.0)
        assert first.temperature == 1.5
        assert first.class_counts == effective_counts([10, 20, 30], teacher_jobs[0].spec.training)
        shown = LiveTeachers(teachers, fabric, features=True).of(batch(images, spec))
        assert [signal.features.shape[1] for signal in shown] == [first.features, second.features]
        assert [recipe.size for recipe in signals.recipes] == [96, 64]


class Asked:
    """Counts questions; ends the work after so many."""

    def __init__(self, at_most: int = 10**9) -> None:
        self.done = self.total = 0
        self._at_most = at_most

    def __call__(self, done: int, total: int) -> None:
        self.done, self.total = done, total
        if done > self._at_most:
            raise OperationCancelled


def test_nobody_is_asked_twice_and_students_of_other_seeds_share_the_answers(
    images: Films, teachers: list[Teacher], student: MakeSpec, fabric: Fabric, store: RowStore
) -> None:
    asked, again = Asked(), Asked()
    open_teachers(student(seed=1), teachers, images, fabric, asked, store)
    assert asked.done == asked.total == 2 * 2 * len(images)
    open_teachers(student(seed=2), teachers, images, fabric, again, store)
    assert again.total == 0
    open_teachers(student(views=3), teachers[:1], images, fabric, again, store)
    assert again.done == again.total == len(images)


def test_work_that_was_stopped_goes_on_where_it_stopped(
    images: Films, teachers: list[Teacher], student: MakeSpec, fabric: Fabric, store: RowStore
) -> None:
    few, one = Films(images.squares[:17], images.labels[:17]), teachers[:1]
    spec, rest = student(explanation_weight=1.0, views=1), Asked()
    with pytest.raises(OperationCancelled):
        open_teachers(spec, one, few, fabric, Asked(at_most=2 * 17 - 1), store)
    signals = open_teachers(spec, one, few, fabric, rest, store)
    # The answers and the first 16 maps were kept.
    assert rest.done == rest.total == 1
    whole = open_teachers(spec, one, few, fabric, store=RowStore(store.root / "other"))
    shown = batch(few, spec, np.arange(17), view=0)
    for ours, theirs in zip(signals.of(shown), whole.of(shown), strict=True):
        assert torch.equal(ours.logits, theirs.logits)
        assert torch.equal(ours.maps, theirs.maps)


def test_rows_that_the_disk_spoilt_are_asked_for_again(
    images: Films, teachers: list[Teacher], student: MakeSpec, fabric: Fabric, store: RowStore
) -> None:
    spec, again = student(views=1), Asked()
    shown = batch(images, spec, view=0)
    before = open_teachers(spec, teachers, images, fabric, store=store).of(shown)[0].logits.clone()
    for file in store.root.glob(f"*/{ROWS_FILE}"):
        spoilt = bytearray(file.read_bytes())
        spoilt[100] ^= 1
        file.write_bytes(spoilt)
    after = open_teachers(spec, teachers, images, fabric, again, store).of(shown)[0].logits
    assert again.total == 2 * len(images)
    assert torch.equal(before, after)


def test_whatever_changes_has_another_key(
    images: Films,
    teachers: list[Teacher],
    student: MakeSpec,
    fabric: Fabric,
    make_teacher: Callable[..., Job],
) -> None:
    def key(
        teacher: Teacher = teachers[0],
        films: Films = images,
        spec: JobSpec | None = None,
        view: int = 0,
        features: bool = False,
    ) -> str:
        shown = shown_images(films, spec or student())
        return answer_contents(teacher, shown, view, fabric, features=features).key

    def other(network: NetworkSpec, seed: int) -> Teacher:
        job = make_teacher(network, seed)
        found = [(job, read_result(job.result_folder))]
        return load_teachers([TeacherSpec(job=job.identifier)], found, fabric)[0]

    one_pixel = images.squares.copy()
    one_pixel[3, 5, 5] ^= 1
    histology = student().data.model_copy(update={"kind": "lc25000"})
    keys = [
        key(),
        key(view=1),
        key(features=True),
        key(teacher=teachers[1]),
        key(teacher=other(SMALL, seed=1)),
        key(teacher=other(SMALL.model_copy(update={"image_size": 64}), seed=0)),
        key(films=Films(one_pixel, images.labels)),
        key(spec=student(augment=False)),
        key(spec=student(remember=False)),
        key(spec=student().model_copy(update={"data": histology})),
    ]
    assert len(set(keys)) == len(keys) - 1
    assert keys[8] == keys[0]  # the job's own seed is the shared one
    assert key(teacher=other(SMALL, seed=0), spec=student(seed=5)) == keys[0]


def test_teacher_whose_answers_are_no_numbers_is_told(
    images: Films,
    student: MakeSpec,
    fabric: Fabric,
    make_teacher: Callable[..., Job],
    store: RowStore,
) -> None:
    job = make_teacher(SMALL)
    found = [(job, read_result(job.result_folder))]
    (broken,) = load_teachers([TeacherSpec(job=job.identifier)], found, fabric)
    next(broken.network.parameters()).fill_(torch.nan)
    with pytest.raises(JobError, match=r"teacher timm:test_resnet: its logits are not finite"):
        open_teachers(student(), [broken], images, fabric, store=store)


def test_remembered_rows_lie_in_the_users_cache(
    images: Films,
    teachers: list[Teacher],
    student: MakeSpec,
    fabric: Fabric,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    open_teachers(student(views=1), teachers, images, fabric)
    assert len(list((tmp_path / "medkd" / "teachers").iterdir())) == 2

"""A job's teachers, asked live or remembered as its specification says."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from lightning_fabric import Fabric

from medkd_core.datasets.record import ImageDone
from medkd_core.distillation.data import Films
from medkd_core.distillation.signals.asking import answer_contents, remember_answers
from medkd_core.distillation.signals.live import LiveTeachers, TeacherSignals
from medkd_core.distillation.signals.looking import map_contents, remember_maps
from medkd_core.distillation.signals.maps import TeacherMaps
from medkd_core.distillation.signals.remembered import RememberedTeachers
from medkd_core.distillation.signals.rows import StoredRows, filling
from medkd_core.distillation.signals.shown import Shown, Tally, shown_images
from medkd_core.distillation.signals.store import RowStore
from medkd_core.distillation.signals.teacher import Teacher
from medkd_core.jobs.spec import JobSpec


def open_teachers(
    spec: JobSpec,
    teachers: Sequence[Teacher],
    films: Films,
    fabric: Fabric,
    progress: ImageDone | None = None,
    store: RowStore | None = None,
) -> TeacherSignals:
    """Have all ready that a step needs of its teachers; what is to be remembered, is asked now.

    Called by every process of a gang: the first to come asks, the others wait for it and then map
    the same files. Where they share no disk, one process of each machine asks.

    Parameters
    ----------
    spec : JobSpec
    teachers : sequence of Teacher
        May be let go afterwards; `RememberedTeachers` keep no network.
    films : Films
        The training images.
    fabric : Fabric
    progress : callable, optional
        Called with the questions answered and to be asked, also while another process asks them;
        may raise to stop. What was answered is kept, and a later call goes on from there.
    store : RowStore, optional
        The user's when left out.

    Raises
    ------
    JobError
        The disk is full, read-only or too small, or a teacher's answer is no number.
    """
    wants_maps = spec.distillation.explanation_weight > 0
    wants_features = spec.distillation.feature_weight > 0
    if not (spec.distillation.remember or wants_maps):
        return LiveTeachers(teachers, fabric, features=wants_features)
    shown = shown_images(films, spec)
    views = range(shown.views if spec.distillation.remember else 0)
    wanted = [
        answer_contents(teacher, shown, view, fabric, features=wants_features)
        for teacher in teachers
        for view in views
    ]
    if wants_maps:
        wanted += [map_contents(teacher, shown, fabric) for teacher in teachers]
    stored = (store or RowStore()).open(wanted)
    count = len(views)
    answers = [stored[count * k : count * (k + 1)] for k in range(len(teachers))]
    maps = stored[count * len(teachers) :]
    _fill(answers, maps, teachers, shown, fabric, progress)
    looked_up = TeacherMaps(maps, shown.seed, shown.kind, fabric.device) if wants_maps else None
    if not spec.distillation.remember:
        return LiveTeachers(teachers, fabric, features=wants_features, maps=looked_up)
    return RememberedTeachers(
        [teacher.facts for teacher in teachers],
        [teacher.recipe for teacher in teachers],
        answers,
        fabric.device,
        looked_up,
    )


def _fill(
    answers: Sequence[Sequence[StoredRows]],
    maps: Sequence[StoredRows],
    teachers: Sequence[Teacher],
    shown: Shown,
    fabric: Fabric,
    progress: ImageDone | None,
) -> None:
    unfinished = [rows for rows in chain(*answers, maps) if rows.missing()]
    if not unfinished:
        return
    tally = Tally(_questions(unfinished), progress)
    with filling(unfinished, tally.add):
        # Another process may have asked them meanwhile.
        tally = Tally(_questions(unfinished), progress)
        remember_answers(answers, teachers, shown, fabric, tally)
        if maps:
            remember_maps(maps, teachers, shown.films, fabric, tally)


def _questions(stored: Sequence[StoredRows]) -> int:
    return sum(len(block) for rows in stored for block in rows.missing())

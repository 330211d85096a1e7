"""Teachers asked once about each view of each image; what they say is kept."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor

from medkd_core.distillation.data import training_batches
from medkd_core.distillation.signals.rows import Contents, Rows, StoredRows
from medkd_core.distillation.signals.shown import Shown, Tally
from medkd_core.distillation.signals.teacher import Teacher
from medkd_core.errors import JobError

LOGITS, FEATURES = "logits", "features"

ASKED_AT_ONCE = 32
"""Images of a pass. Not the job's batch: what is remembered must not depend on who asked first."""
_BLOCK = 8 * ASKED_AT_ONCE
_CODE = ("datasets/augmentation.py", "datasets/stain.py", "distillation/signals/asking.py")


def answer_contents(
    teacher: Teacher, shown: Shown, view: int, fabric: Fabric, *, features: bool
) -> Contents:
    """What is kept of one teacher and one view.

    Parameters
    ----------
    teacher : Teacher
    shown : Shown
    view : int
    fabric : Fabric
    features : bool
        Keep the pooled features beside the logits.
    """
    fields = [(LOGITS, "<f4", (len(teacher.facts.class_counts),))]
    if features:
        fields.append((FEATURES, "<f4", (teacher.facts.features,)))
    facts = {
        "kept": "answers",
        "augmentation": shown.kind and [shown.kind, shown.seed, view],
        **teacher.identity(),
        **shown.facts(fabric, *_CODE),
    }
    return Contents(facts, np.dtype(fields), len(shown.films), _BLOCK)


def remember_answers(
    stored: Sequence[Sequence[StoredRows]],
    teachers: Sequence[Teacher],
    shown: Shown,
    fabric: Fabric,
    tally: Tally,
    at_once: int = ASKED_AT_ONCE,
) -> None:
    """Ask for what is missing; for a process within `filling`.

    Parameters
    ----------
    stored : sequence of sequence of StoredRows
        For each teacher those of each view.
    teachers : sequence of Teacher
    shown : Shown
    fabric : Fabric
    tally : Tally
    at_once : int
        Images of a pass. With the batches of a live run, answers are those of the live run bit for
        bit; with others they are rounded otherwise.

    Raises
    ------
    JobError
        The disk is full or refuses, or a teacher's answer is no number.
    """
    for view, of_view in enumerate(zip(*stored, strict=True)):
        missing = [rows.missing() for rows in of_view]
        blocks = sorted({block for each in missing for block in each}, key=lambda b: b.start)
        batches = training_batches(
            shown.films, [np.array(block) for block in blocks], shown.seed, view, shown.kind
        )
        # Augmented once for all teachers.
        for block, batch in zip(blocks, batches, strict=True):
            squares = fabric.to_device(batch.squares)
            for teacher, rows, absent in zip(teachers, of_view, missing, strict=True):
                if block in absent:
                    dtype = rows.contents.dtype
                    rows.write(block, _answers(teacher, squares, fabric, dtype, at_once))
                    tally.add(len(block))


def _answers(
    teacher: Teacher, squares: Tensor, fabric: Fabric, dtype: np.dtype[np.void], at_once: int
) -> Rows:
    rows = np.zeros(len(squares), dtype)
    parts = [teacher.answer(part, fabric) for part in squares.split(at_once)]
    for name, column in zip((LOGITS, FEATURES), zip(*parts, strict=True), strict=True):
        if name in (dtype.names or ()):
            rows[name] = torch.cat(column).cpu().numpy()
            if not np.isfinite(rows[name]).all():
                raise JobError(
                    f"Cannot learn from the teacher {teacher.spec.name}",
                    because=f"its {name} are not finite numbers for some images",
                    cure="Train it again, or compute in float32: training.precision = '32-true'.",
                )
    return rows

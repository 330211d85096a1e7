"""Teachers' preview maps of the plain images, computed once and kept."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from lightning_fabric import Fabric
from numpy.typing import NDArray

from medkd_core.distillation.data import Films
from medkd_core.distillation.inputs import network_inputs
from medkd_core.distillation.signals.rows import Contents, StoredRows
from medkd_core.distillation.signals.shown import Shown, Tally
from medkd_core.distillation.signals.teacher import Teacher
from medkd_core.engines.protocol import Engine
from medkd_core.engines.torch_engine import TorchEngine
from medkd_core.explanation.score_cam import score_cam

MAP = "map"

_BLOCK = 16
_CODE = ("engines", "explanation", "distillation/signals/looking.py")


def map_contents(teacher: Teacher, shown: Shown, fabric: Fabric) -> Contents:
    """What is kept of one teacher's maps: one of each image, for the class of its label.

    Half precision tells 1/2048 of the peak apart, more than a preview is sure of.
    """
    facts = {
        "kept": "maps",
        "labels": hashlib.sha256(shown.films.labels.tobytes()).hexdigest(),
        "target layer": teacher.network.target_layer,
        **teacher.identity(),
        **shown.facts(fabric, *_CODE),
    }
    fields = [(MAP, "<f2", teacher.map_shape())]
    return Contents(facts, np.dtype(fields), len(shown.films), _BLOCK)


def remember_maps(
    stored: Sequence[StoredRows],
    teachers: Sequence[Teacher],
    films: Films,
    fabric: Fabric,
    tally: Tally,
) -> None:
    """Compute what is missing; for a process within `filling`.

    Parameters
    ----------
    stored : sequence of StoredRows
        Those of each teacher.
    teachers : sequence of Teacher
    films : Films
    fabric : Fabric
    tally : Tally

    Raises
    ------
    JobError
        The disk is full or refuses.
    ExplanationError
        A teacher answers with values that are no numbers.
    """
    for rows, teacher in zip(stored, teachers, strict=True):
        engine = _engine(teacher, fabric)
        for block in rows.missing():
            maps = np.zeros(len(block), rows.contents.dtype)
            for row, native in enumerate(_natives(engine, teacher, films, block)):
                maps[MAP][row] = native
                tally.add(1)
            rows.write(block, maps)


def _engine(teacher: Teacher, fabric: Fabric) -> Engine:
    explained = teacher.network
    return TorchEngine(
        explained.network,
        teacher.spec.name,
        teacher.recipe.size,
        str(fabric.device),
        explained.target_layer,
    )


def _natives(
    engine: Engine, teacher: Teacher, films: Films, block: range
) -> Iterator[NDArray[np.float32]]:
    """The map of each image in turn, (h, w), [0, 1]; all 0 where there is none."""
    squares = torch.from_numpy(films.squares[block.start : block.stop].copy())
    images = network_inputs(squares, teacher.recipe).contiguous().numpy()
    labels = films.labels[block.start : block.stop].tolist()
    for image, label in zip(images, labels, strict=True):
        yield score_cam(engine, image, label, preview=True).native

"""What a bundle tells of its networks beyond metrics, measured by the very path of reading."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from medkd_core.bundles.schema import AgreementYardstick, Familiarity
from medkd_core.datasets.record import Dataset, Record, Split
from medkd_core.engines.protocol import Engine
from medkd_core.evaluation.familiarity import fit_familiarity
from medkd_core.evaluation.yardstick import agreement_yardstick
from medkd_core.explanation.score_cam import Explanation, score_cam
from medkd_core.imaging.preprocessing import network_input, view_image
from medkd_core.imaging.reading import read_frame
from medkd_core.imaging.recipe import InputRecipe, View

FloatArray = NDArray[np.float32]

FAMILIARITY_FILMS_PER_CLASS = 500
YARDSTICK_FILMS_PER_CLASS = 3
_BATCH = 16


def measure_familiarity(
    dataset: Dataset, engine: Engine, view: View, recipe: InputRecipe
) -> Familiarity:
    """Learn what the student's training films look like to it.

    At most `FAMILIARITY_FILMS_PER_CLASS` films of a class are looked at in each split.
    """
    train, validation = (
        spread_over_classes(dataset, split, FAMILIARITY_FILMS_PER_CLASS)
        for split in ("train", "validation")
    )
    labels = np.array([dataset.class_index(record.label) for record in train])
    return fit_familiarity(
        _embeddings(train, engine, view, recipe),
        labels,
        _embeddings(validation, engine, view, recipe),
        len(dataset.classes),
    )


def measure_yardstick(
    dataset: Dataset,
    student: tuple[Engine, InputRecipe],
    teachers: Mapping[str, tuple[Engine, InputRecipe]],
    view: View,
    seed: int,
) -> AgreementYardstick | None:
    """Take the nulls of student-teacher agreement on a few validation films, by preview maps.

    Returns
    -------
    AgreementYardstick or None
        None without teachers, or when fewer than two films have a map of every network.
    """
    student_maps: list[FloatArray] = []
    teacher_maps: dict[str, list[FloatArray]] = {name: [] for name in teachers}
    for record in spread_over_classes(dataset, "validation", YARDSTICK_FILMS_PER_CLASS):
        own = _preview(record, *student, view, None)
        others = {
            name: _preview(record, *teacher, view, own.class_index)
            for name, teacher in teachers.items()
        }
        if own.empty or any(other.empty for other in others.values()):
            continue
        student_maps.append(own.native)
        for name, other in others.items():
            teacher_maps[name].append(other.native)
    if not teachers or len(student_maps) < 2:
        return None
    return agreement_yardstick(student_maps, teacher_maps, seed=seed)


def spread_over_classes(dataset: Dataset, split: Split, count: int) -> list[Record]:
    """At most `count` records of every class in a split, class by class, spread over its order."""
    by_class: defaultdict[str, list[Record]] = defaultdict(list)
    for record in dataset.split(split):
        by_class[record.label].append(record)
    chosen: list[Record] = []
    for name in dataset.classes:
        records = by_class[name]
        chosen += records[:: -(-len(records) // count) or 1]
    return chosen


def _embeddings(
    records: Sequence[Record], engine: Engine, view: View, recipe: InputRecipe
) -> FloatArray:
    batches = [
        engine.embeddings(
            np.stack([_film_input(r, view, recipe) for r in records[start : start + _BATCH]])
        )
        for start in range(0, len(records), _BATCH)
    ]
    return np.concatenate(batches)


def _preview(
    record: Record, engine: Engine, recipe: InputRecipe, view: View, class_index: int | None
) -> Explanation:
    image = _film_input(record, view, recipe)
    if class_index is None:
        class_index = int(engine.logits(image[np.newaxis]).argmax())
    return score_cam(engine, image, class_index, preview=True)


def _film_input(record: Record, view: View, recipe: InputRecipe) -> FloatArray:
    return network_input(view_image(read_frame(record.path), view), view, recipe)

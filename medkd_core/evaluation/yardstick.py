"""How alike two maps are that have nothing in common: what an agreement must be held against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from medkd_core.bundles.schema import AgreementYardstick
from medkd_core.explanation.agreement import different_images, random_maps

FloatArray = NDArray[np.float32]

PAIRS_PER_FILM = 8


def agreement_yardstick(
    student_maps: Sequence[FloatArray],
    teacher_maps: Mapping[str, Sequence[FloatArray]],
    *,
    seed: int = 0,
) -> AgreementYardstick:
    """Take the two nulls of student-teacher agreement.

    Parameters
    ----------
    student_maps : sequence of float32, (h, w)
        Native maps of at least two films.
    teacher_maps : mapping of str to sequence of float32, (h, w)
        By teacher, of the same films in the same order.
    seed : int
        Draws the pairs and the random maps.

    Returns
    -------
    AgreementYardstick
        Medians over pairs of a student's and a teacher's map of different films, and over pairs of
        either and a random map as rough as the other.

    Raises
    ------
    ValueError
        Fewer than two films, no teacher, or not one map a film.
    """
    films = len(student_maps)
    if films < 2 or {len(maps) for maps in teacher_maps.values()} != {films}:
        raise ValueError("a yardstick needs one map a network of two or more films")
    different, random = [], []
    for maps in teacher_maps.values():
        different += different_images(student_maps, maps, most=PAIRS_PER_FILM * films, seed=seed)
        for index, pair in enumerate(zip(student_maps, maps, strict=True)):
            random += random_maps(*pair, count=PAIRS_PER_FILM, seed=seed + 2 * index)
    return AgreementYardstick(
        different_films=float(np.median([found.spearman for found in different])),
        random_maps=float(np.median([found.spearman for found in random])),
        films=films,
    )

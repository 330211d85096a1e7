"""How alike two maps are that have nothing in common: what an agreement must be held against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from medkd_core.bundles.schema import AgreementYardstick
from medkd_core.explanation.agreement import agreement

FloatArray = NDArray[np.float32]

PAIRS_PER_FILM = 8
RANDOM_CELLS = 4
"""Side of the white noise that is interpolated to a smooth random map."""


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
        a student's map and smooth noise.

    Raises
    ------
    ValueError
        Fewer than two films, no teacher, or not one map a film.
    """
    films = len(student_maps)
    if films < 2 or {len(maps) for maps in teacher_maps.values()} != {films}:
        raise ValueError("a yardstick needs one map a network of two or more films")
    generator = np.random.default_rng(seed)
    different, random = [], []
    for index, student in enumerate(student_maps):
        others = (index + 1 + generator.permutation(films - 1)[:PAIRS_PER_FILM]) % films
        for maps in teacher_maps.values():
            different += [agreement(student, maps[other]).spearman for other in others]
        noise = (_smooth_noise(student.shape, generator) for _ in range(PAIRS_PER_FILM))
        random += [agreement(student, values).spearman for values in noise]
    return AgreementYardstick(
        different_films=float(np.median(different)),
        random_maps=float(np.median(random)),
        films=films,
    )


def _smooth_noise(shape: tuple[int, ...], generator: np.random.Generator) -> FloatArray:
    noise = generator.random((RANDOM_CELLS, RANDOM_CELLS), dtype=np.float32)
    return np.asarray(cv2.resize(noise, (shape[1], shape[0]), interpolation=cv2.INTER_LINEAR))

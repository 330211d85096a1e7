"""Faithfulness over a set of films: means with intervals, and how often a map beats its nulls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medkd_core.explanation.faithfulness.results import MEASURES, ClassFaithfulness, Curves

DoubleArray = NDArray[np.float64]

RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over films with its 95 % percentile bootstrap interval (Efron, Tibshirani, 1993)."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class SetScore:
    """A measure over a set of films.

    Attributes
    ----------
    films : int
        That have a score; the others have no map, or another reason.
    of_map, of_random, of_blob : Interval
    gain_on_random, gain_on_blob : Interval
        Mean difference on the same film, positive where the map does better than the null; of a
        measure that does not judge, map minus null.
    beats_random, beats_blob : float, [0, 1]
        Share of the films on which the map does better; a tie counts half.
    """

    films: int
    of_map: Interval
    of_random: Interval
    of_blob: Interval
    gain_on_random: Interval
    gain_on_blob: Interval
    beats_random: float
    beats_blob: float


def summary(
    films: Sequence[ClassFaithfulness],
    *,
    groups: Sequence[str] | None = None,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> dict[str, SetScore]:
    """Every measure over a set of films, one map each.

    Parameters
    ----------
    films : sequence of ClassFaithfulness
    groups : sequence of str, optional
        The patient, or other group, of each film: the bootstrap draws groups, so that films which
        resemble each other stay together. Each film is its own group when left out.
    seed : int
        Of the bootstrap.
    resamples : int

    Returns
    -------
    dict of SetScore
        By name of measure; those that no film has are left out.
    """
    group_of = list(range(len(films))) if groups is None else groups
    found = {}
    for name, measure in MEASURES.items():
        scored = [
            (film.scores[name].values, group)
            for film, group in zip(films, group_of, strict=True)
            if name in film.scores
        ]
        if scored:
            values, of_group = (np.array(part) for part in zip(*scored, strict=True))
            sign = -1 if measure.better == "lower" else 1
            columns = np.concatenate([values, sign * (values[:, :1] - values[:, 1:])], axis=1)
            found[name] = _set_score(columns, _drawn_means(columns, of_group, seed, resamples))
    return found


def mean_curves(films: Sequence[ClassFaithfulness]) -> dict[str, Curves]:
    """Mean over films of each of their curves.

    Raises
    ------
    ValueError
        Curves of one name were taken at different shares.
    """
    grouped: dict[str, list[Curves]] = {}
    for film in films:
        for name, curves in film.curves.items():
            grouped.setdefault(name, []).append(curves)
    return {name: _mean_curve(curves) for name, curves in grouped.items()}


def _mean_curve(curves: Sequence[Curves]) -> Curves:
    shares = curves[0].shares
    if not all(np.array_equal(shares, other.shares) for other in curves):
        raise ValueError("curves that were taken at different shares have no mean")
    return Curves(shares, *np.mean([other.lines for other in curves], axis=0))


def _drawn_means(
    columns: DoubleArray, groups: NDArray[np.generic], seed: int, resamples: int
) -> DoubleArray:
    """Means (resamples, k) of columns (films, k) over groups drawn with repetition."""
    _, place, counts = np.unique(groups, return_inverse=True, return_counts=True)
    sums = np.zeros((len(counts), columns.shape[1]))
    np.add.at(sums, place, columns)
    drawn = np.random.default_rng(seed).integers(len(counts), size=(resamples, len(counts)))
    return np.asarray(sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1, keepdims=True))


def _set_score(columns: DoubleArray, drawn_means: DoubleArray) -> SetScore:
    """Of columns (films, 5): map, random, blob, and what the map gains on these two."""
    low, high = np.percentile(drawn_means, [2.5, 97.5], axis=0)
    of_map, of_random, of_blob, gain_on_random, gain_on_blob = (
        Interval(*map(float, three)) for three in zip(columns.mean(axis=0), low, high, strict=True)
    )
    beats_random, beats_blob = (np.sign(columns[:, 3:]) + 1).mean(axis=0) / 2
    return SetScore(
        films=len(columns),
        of_map=of_map,
        of_random=of_random,
        of_blob=of_blob,
        gain_on_random=gain_on_random,
        gain_on_blob=gain_on_blob,
        beats_random=float(beats_random),
        beats_blob=float(beats_blob),
    )

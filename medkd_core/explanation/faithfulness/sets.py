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
    films: Sequence[ClassFaithfulness], *, seed: int = 0, resamples: int = RESAMPLES
) -> dict[str, SetScore]:
    """Every measure over a set of films, one map each.

    Parameters
    ----------
    films : sequence of ClassFaithfulness
    seed : int
        Of the bootstrap, which draws films.
    resamples : int

    Returns
    -------
    dict of SetScore
        By name of measure; those that no film has are left out.
    """
    found = {}
    for name, measure in MEASURES.items():
        values = [film.scores[name].values for film in films if name in film.scores]
        if values:
            found[name] = _set_score(
                np.array(values), -1 if measure.better == "lower" else 1, seed, resamples
            )
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


def _set_score(values: DoubleArray, sign: int, seed: int, resamples: int) -> SetScore:
    """Of scores (films, 3); `sign` is -1 where a lower one is better."""
    gains = sign * (values[:, :1] - values[:, 1:])
    wins = (np.sign(gains) + 1).mean(axis=0) / 2
    columns = np.concatenate([values, gains], axis=1)
    drawn = np.random.default_rng(seed).integers(len(columns), size=(resamples, len(columns)))
    low, high = np.percentile(columns[drawn].mean(axis=1), [2.5, 97.5], axis=0)
    of_map, of_random, of_blob, gain_on_random, gain_on_blob = (
        Interval(*map(float, three)) for three in zip(columns.mean(axis=0), low, high, strict=True)
    )
    return SetScore(
        films=len(values),
        of_map=of_map,
        of_random=of_random,
        of_blob=of_blob,
        gain_on_random=gain_on_random,
        gain_on_blob=gain_on_blob,
        beats_random=float(wins[0]),
        beats_blob=float(wins[1]),
    )

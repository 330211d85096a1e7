"""What a network would say of masks that it was not shown, and how sure that is.

Kriging, also called Gaussian-process regression (Rasmussen and Williams, 2006, chapter 2): alike
masks get like answers. The covariance of two answers falls with the distance of their masks
(Matérn, smoothness 3/2), plus a linear trend. Its length is fixed by the masks themselves, its
scale by the answers. The whole image (mask 1) and the baseline (mask 0) are two answers for free.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, solve_triangular

from medkd_core.explanation.agreement.similarity import spearman_of_each
from medkd_core.explanation.score_cam.aims import Aim
from medkd_core.explanation.score_cam.passes import MaskedScores

FloatArray = NDArray[np.float32]
IndexArray = NDArray[np.intp]

# Chosen on real films with students and teachers; neither twice nor half of any changes much.
LENGTH = 1.4
"""Length of the covariance, in median distances of two masks."""
TREND = 0.3
"""Variance that the linear trend explains, as a share of the other."""
NUGGET = 0.01
"""Variance that the masks do not explain at all."""

DRAWS = 100


def mask_covariance(masks: FloatArray) -> FloatArray:
    """Covariance of the network's answers to masks, up to a scale.

    Parameters
    ----------
    masks : float32, (m, h, w)

    Returns
    -------
    float32, (m + 2, m + 2)
        The masks, then the whole image, then the baseline.
    """
    flat = masks.reshape(len(masks), -1)
    flat = np.concatenate([flat, np.ones_like(flat[:1]), np.zeros_like(flat[:1])])
    flat = (flat - flat[:-2].mean(axis=0)).astype(np.float32)
    products = flat @ flat.T
    squares = np.diag(products)
    distances = np.maximum(squares[:, None] + squares - 2 * products, 0)
    median = _middle(distances[:-2, :-2]) or 1.0
    steps = np.sqrt(3 * distances / median) / LENGTH
    covariance = (1 + steps) * np.exp(-steps) + (2 * TREND / median) * products
    covariance[np.diag_indices(len(covariance))] += NUGGET
    return np.asarray(covariance, np.float32)


def predicted(covariance: FloatArray, scores: MaskedScores) -> MaskedScores:
    """Scores whose masks that were not shown have the answers to be expected.

    Parameters
    ----------
    covariance : float32, (m + 2, m + 2)
        From `mask_covariance`.
    scores : MaskedScores
    """
    seen, answers = _seen(scores)
    factor = cho_factor(_among(covariance, seen))
    mean = _mean(factor, answers)
    expected = mean + covariance[seen, : len(scores.logits)].T @ cho_solve(factor, answers - mean)
    logits = np.where(scores.shown[:, None], scores.logits, expected)
    return replace(scores, logits=logits.astype(scores.logits.dtype))


def most_telling(
    covariance: FloatArray, scores: MaskedScores, pulls: NDArray[np.float64], count: int
) -> IndexArray:
    """The masks whose answers would settle most of the map, one after the other.

    Each choice takes away the largest part of the variance of the map, summed over its places.

    Parameters
    ----------
    covariance : float32, (m + 2, m + 2)
    scores : MaskedScores
    pulls : float64, (m, places)
        From `shape_pulls`.
    count : int
        How many; not above the number that was not shown.

    Returns
    -------
    intp, (count,)
    """
    masks = len(scores.logits)
    pulls = pulls.astype(np.float32)
    seen, _ = _seen(scores)
    half = np.linalg.cholesky(_among(covariance, seen))
    known = np.empty((len(seen) + count, masks), np.float32)
    known[: len(seen)] = solve_triangular(half, covariance[seen, :masks], lower=True)
    variance = np.diag(covariance)[:masks] - (known[: len(seen)] ** 2).sum(axis=0)
    towards_map = pulls.T @ covariance[:masks, :masks]
    towards_map -= (pulls.T @ known[: len(seen)].T) @ known[: len(seen)]
    free = ~scores.shown
    chosen = np.empty(count, np.intp)
    for place, rank in enumerate(range(len(seen), len(known))):
        variance = np.maximum(variance, NUGGET / 2)
        settled = (towards_map**2).sum(axis=0) / variance
        best = int(np.where(free, settled, -1).argmax())
        column = covariance[best, :masks] - known[:rank, best] @ known[:rank]
        known[rank] = column / np.sqrt(variance[best])
        variance = variance - known[rank] ** 2
        towards_map -= np.outer(pulls.T @ known[rank], known[rank])
        free[best], chosen[place] = False, best
    return chosen


def shape_pulls(scores: MaskedScores, aim: Aim) -> NDArray[np.float64]:
    """How the map's shape moves with the answer to each mask, to first order.

    Parameters
    ----------
    scores : MaskedScores
        With an answer for every mask.
    aim : Aim

    Returns
    -------
    float64, (m, places)
        Without what lifts or stretches the whole map, which normalising takes away again.
    """
    moves, evidence = aim.moves(scores), aim.evidence(scores)
    moves = moves - moves.mean(axis=1, keepdims=True)
    shape = evidence - evidence.mean()
    stretch = float(shape @ shape)
    return moves - np.outer(moves @ shape / stretch, shape) if stretch else moves


def stated_error(covariance: FloatArray, scores: MaskedScores, aim: Aim, seed: int = 0) -> float:
    """How far the map may be from the exact one.

    A hundred native maps are drawn, each as likely as the answers so far make it. This is 1 minus
    Spearman's correlation of the worst of them to the map of the expected answers: an estimate from
    what was seen, not a bound. ``tests/benchmarks/map_fidelity.py`` counts how often it holds: on
    chest films, at the stage where it held least, for 94 % of a network's maps of classes and 88 %
    of its contrasts; at most stages for all.

    Parameters
    ----------
    covariance : float32, (m + 2, m + 2)
    scores : MaskedScores
        From `predicted`.
    aim : Aim
    seed : int
        Of the draws.

    Returns
    -------
    float, [0, 2]
    """
    if scores.shown.all():
        return 0.0
    pulls = shape_pulls(scores, aim)
    doubt = answer_scale(covariance, scores, aim) * (pulls.T @ left_open(covariance, scores, pulls))
    variances, axes = np.linalg.eigh((doubt + doubt.T) / 2)
    steps = np.random.default_rng(seed).standard_normal((DRAWS, len(variances)))
    deviations = steps * np.sqrt(np.maximum(variances, 0)) @ axes.T
    evidence = aim.evidence(scores)
    drawn = np.maximum(evidence + deviations, 0)
    return float(1 - spearman_of_each(np.maximum(evidence, 0), drawn).min())


def answer_scale(covariance: FloatArray, scores: MaskedScores, aim: Aim) -> float:
    """What the covariance must be multiplied with to be that of the aim's answers."""
    seen, answers = _seen(scores)
    factor = cho_factor(_among(covariance, seen))
    residual = aim.answers(answers - _mean(factor, answers))
    return float(residual @ cho_solve(factor, residual)) / (len(seen) - 1)


def left_open(
    covariance: FloatArray, scores: MaskedScores, moves: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Covariance, up to a scale, of the answers with linear functions of them, given those seen.

    Parameters
    ----------
    covariance : float32, (m + 2, m + 2)
    scores : MaskedScores
    moves : float64, (m, t)
        A column a function.

    Returns
    -------
    float64, (m, t)
    """
    masks = len(scores.logits)
    seen, _ = _seen(scores)
    towards_seen = covariance[seen, :masks].astype(np.float64)
    known = cho_solve(cho_factor(_among(covariance, seen)), towards_seen @ moves)
    return np.asarray(covariance[:masks, :masks] @ moves - towards_seen.T @ known)


def _middle(values: FloatArray) -> float:
    """The upper median; `numpy.median` takes five times as long for the mean of two."""
    middle = values.size // 2
    return float(np.partition(values, middle, axis=None)[middle])


def _seen(scores: MaskedScores) -> tuple[IndexArray, NDArray[np.float64]]:
    """Rows of the covariance that were seen, and their logits (k, classes)."""
    count = len(scores.logits)
    seen = np.concatenate([np.flatnonzero(scores.shown), [count, count + 1]])
    whole = np.stack([scores.look.logits, scores.look.baseline_logits])
    answers = np.concatenate([scores.logits[scores.shown], whole])
    return seen, answers.astype(np.float64)


def _among(covariance: FloatArray, rows: IndexArray) -> NDArray[np.float64]:
    return covariance[np.ix_(rows, rows)].astype(np.float64)


def _mean(
    factor: tuple[NDArray[np.float64], bool], answers: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The level (classes,) around which answers vary, by generalised least squares."""
    weights = cho_solve(factor, np.ones(len(answers)))
    return np.asarray(weights @ answers / weights.sum())

"""From a network's answers to the scores and curves of one class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medkd_core.explanation.faithfulness import adcc
from medkd_core.explanation.faithfulness.curves import area, step_shares
from medkd_core.explanation.faithfulness.results import (
    MEASURES,
    ClassFaithfulness,
    Curves,
    Score,
)

FloatArray = NDArray[np.float32]
DoubleArray = NDArray[np.float64]

NO_MAP = "there is no map: it has the same value everywhere"
ONE_CLASS = "the network has one class, whose probability is always 1"
NOT_ASKED = "it was not asked for"
NO_MAP_AGAIN = "there is no map of the film seen through its map"


@dataclass(frozen=True, slots=True)
class Answers:
    """What the network made of a film, for the map of one class, a random one and the blob.

    Attributes
    ----------
    curves : float64, (3, 2, steps + 1, classes), [0, 1]
        See `deletion_and_insertion`.
    seen : float64, (3, classes), [0, 1]
        Of the film seen through each.
    road : float64, (3, 2, percentages, classes), [0, 1]
        See `road`; without percentages ROAD was not asked for.
    road_shares : float64, (percentages,), [0, 1]
    coherency : Score or None
        None where it was not asked for or there is none; then `no_coherency` says why.
    """

    curves: DoubleArray
    seen: DoubleArray
    road: DoubleArray
    road_shares: DoubleArray
    coherency: Score | None
    no_coherency: str = NOT_ASKED


def class_faithfulness(
    class_index: int, values: FloatArray, answers: Answers | None
) -> ClassFaithfulness:
    """Scores and curves of the map (H, W) of one class.

    Parameters
    ----------
    answers : Answers or None
        None where the network has one class: only what the map itself says is given.
    """
    scores = _shape_scores(values)
    curves: dict[str, Curves] = {}
    if answers is None:
        missing = dict.fromkeys(MEASURES.keys() - scores.keys(), ONE_CLASS)
        return ClassFaithfulness(class_index, scores, curves, missing)
    curves |= _perturbation_curves(answers, class_index) | _road_curves(answers, class_index)
    scores |= _areas(curves) | _road_scores(curves) | _drop_scores(answers, class_index)
    if answers.coherency is not None:
        scores["coherency"] = answers.coherency
        scores["adcc"] = _adcc(scores)
    reasons = dict.fromkeys(("coherency", "adcc"), answers.no_coherency)
    reasons |= dict.fromkeys(("road", "road_morf", "road_lerf"), NOT_ASKED)
    missing = {name: reason for name, reason in reasons.items() if name not in scores}
    return ClassFaithfulness(class_index, scores, curves, missing)


def without_map(class_index: int) -> ClassFaithfulness:
    """What is said of a class for which there is no map: nothing, and why."""
    return ClassFaithfulness(class_index, {}, {}, dict.fromkeys(MEASURES, NO_MAP))


def _shape_scores(values: FloatArray) -> dict[str, Score]:
    """What the map says without the network; the nulls have its values, so the same scores."""
    described = {
        "complexity": adcc.complexity(values),
        "sparseness": adcc.sparseness(values),
        "entropy": adcc.entropy(values),
    }
    return {name: Score(value, value, value) for name, value in described.items()}


def _perturbation_curves(answers: Answers, class_index: int) -> dict[str, Curves]:
    shares = step_shares(answers.curves.shape[2] - 1)
    deletion, insertion = answers.curves[..., class_index].swapaxes(0, 1)
    return {"deletion": Curves(shares, *deletion), "insertion": Curves(shares, *insertion)}


def _road_curves(answers: Answers, class_index: int) -> dict[str, Curves]:
    if not answers.road_shares.size:
        return {}
    decided = (answers.road.argmax(axis=-1) == class_index).astype(np.float64)
    morf, lerf = answers.road[..., class_index].swapaxes(0, 1)
    morf_decided, lerf_decided = decided.swapaxes(0, 1)
    return {
        "road_morf": Curves(answers.road_shares, *morf),
        "road_lerf": Curves(answers.road_shares, *lerf),
        "road_morf_decided": Curves(answers.road_shares, *morf_decided),
        "road_lerf_decided": Curves(answers.road_shares, *lerf_decided),
    }


def _areas(curves: dict[str, Curves]) -> dict[str, Score]:
    return {
        name: Score(*(area(curves[name].shares, line) for line in curves[name].lines))
        for name in ("deletion", "insertion")
    }


def _road_scores(curves: dict[str, Curves]) -> dict[str, Score]:
    if "road_morf" not in curves:
        return {}
    morf, lerf = (
        [float(line.mean()) for line in curves[name].lines] for name in ("road_morf", "road_lerf")
    )
    halves = ((high - low) / 2 for low, high in zip(morf, lerf, strict=True))
    return {"road_morf": Score(*morf), "road_lerf": Score(*lerf), "road": Score(*halves)}


def _drop_scores(answers: Answers, class_index: int) -> dict[str, Score]:
    whole = float(answers.curves[0, 0, 0, class_index])
    seen = answers.seen[:, class_index].tolist()
    return {
        "average_drop": Score(*(adcc.average_drop(whole, value) for value in seen)),
        "increase": Score(*(adcc.increase(whole, value) for value in seen)),
    }


def _adcc(scores: dict[str, Score]) -> Score:
    parts = (scores[name] for name in ("average_drop", "coherency", "complexity"))
    by_map = zip(*(part.values for part in parts), strict=True)
    return Score(*(adcc.adcc(*triple) for triple in by_map))

"""What is measured of one map of one film, each number beside those of maps that know nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from medkd_core.engines.protocol import Engine
from medkd_core.evaluation.explained_film import Measured
from medkd_core.explanation.faithfulness import MEASURES, faithfulness
from medkd_core.explanation.localisation import localisation_nulls, localise, mass_inside
from medkd_core.explanation.null_maps import centre_blob, random_maps_like
from medkd_core.explanation.score_cam import Explanation
from medkd_core.imaging.recipe import InputRecipe

FloatArray = NDArray[np.float32]
Mask = NDArray[np.bool_]

_FINEST = 512
"""Cells a side: no map is finer, and random maps of a whole film would take minutes."""
_NOTHING_MARKED = "nothing is marked on this film"
_FINDING = {
    "pointing_near": "Finding: peak in it or near",
    "mass_accuracy": "Finding: share of the map in it",
    "rank_accuracy": "Finding: share of it at the top",
    "average_precision": "Finding: average precision",
    "otsu_dice": "Finding: Dice at Otsu's threshold",
}


@dataclass(frozen=True, slots=True)
class Masks:
    """What was drawn on a film.

    Attributes
    ----------
    finding, lungs : bool, (rows, columns), optional
        None: not known. Nothing true: there is none.
    """

    finding: Mask | None = None
    lungs: Mask | None = None


def faithfulness_measures(
    explanation: Explanation,
    engine: Engine,
    image: FloatArray,
    recipe: InputRecipe,
    *,
    baseline: str,
    explain: Callable[[FloatArray, int], FloatArray],
    seed: int,
) -> tuple[Measured, ...]:
    """Whether the network used what the map shows; see `faithfulness` for the parameters."""
    index = explanation.class_index
    found = faithfulness(
        engine,
        image,
        {index: explanation.input_map},
        baseline=baseline,
        mean=recipe.mean,
        std=recipe.std,
        explain=explain,
        seed=seed,
    ).of_class[index]
    measured = []
    for name, measure in MEASURES.items():
        score = found.scores.get(name)
        values = (None, None, None) if score is None else score.values
        why = found.missing.get(name, "")
        label = measure.label[0].upper() + measure.label[1:]
        measured.append(_measured(name, label, measure.better, values, why))
    return tuple(measured)


def mask_measures(overlay: FloatArray, masks: Masks, *, seed: int) -> tuple[Measured, ...]:
    """Whether the map lies where something was drawn; see `localise`.

    Parameters
    ----------
    overlay : float32, (rows, columns) of the film, [0, 1]
    masks : Masks
        Those of another size than the film are brought to it by their nearest pixels.
    seed : int
        Of the random maps, whose mean is given.
    """
    measured: list[Measured] = []
    values = _reduced(overlay)
    if masks.finding is not None:
        measured += _in_finding(values, _reduced_mask(masks.finding, values.shape), seed)
    if masks.lungs is not None:
        measured.append(_in_lungs(values, _reduced_mask(masks.lungs, values.shape), seed))
    return tuple(measured)


def _reduced(overlay: FloatArray) -> FloatArray:
    """Means over blocks, so that no side has more than `_FINEST` cells."""
    rows, columns = (min(side, _FINEST) for side in overlay.shape)
    if (rows, columns) == overlay.shape:
        return overlay
    return np.asarray(cv2.resize(overlay, (columns, rows), interpolation=cv2.INTER_AREA))


def _reduced_mask(mask: Mask, shape: tuple[int, ...]) -> Mask:
    """Cells of which half or more was marked, or, where there is no such cell, any part."""
    rows, columns = shape
    if mask.shape == shape:
        return mask
    # Of a larger mask the share of each cell, of a smaller one the nearest pixel. Nearest is exact:
    # the plain kind of OpenCV is half a pixel off.
    way = cv2.INTER_AREA if mask.size > rows * columns else cv2.INTER_NEAREST_EXACT
    marked = cv2.resize(mask.astype(np.float32), (columns, rows), interpolation=way)
    return marked >= 0.5 if (marked >= 0.5).any() else marked > 0


def _in_finding(overlay: FloatArray, mask: Mask, seed: int) -> list[Measured]:
    found = localise(overlay, mask)
    nulls = localisation_nulls(overlay, mask, seed=seed)
    measured = []
    for name, label in _FINDING.items():
        values: tuple[float | None, float | None, float | None] = (None, None, None)
        if found is not None and nulls is not None:
            random = float(np.mean([getattr(null, name) for null in nulls.random]))
            values = (getattr(found, name), random, getattr(nulls.centre, name))
        why = "" if found is not None else _NOTHING_MARKED
        measured.append(_measured(f"finding_{name}", label, "higher", values, why))
    return measured


def _in_lungs(overlay: FloatArray, mask: Mask, seed: int) -> Measured:
    random = [mass_inside(drawn, mask) for drawn in random_maps_like(overlay, 20, seed=seed)]
    centre = mass_inside(centre_blob(overlay.shape), mask)
    values = (mass_inside(overlay, mask), float(np.mean(random)), centre)
    return _measured("lungs_mass", "Lungs: share of the map in them", "higher", values)


def _measured(
    name: str,
    label: str,
    better: str,
    values: tuple[float | None, float | None, float | None],
    reason: str = "",
) -> Measured:
    of_map, of_random, of_centre = values
    return Measured.model_validate(
        {
            "name": name,
            "label": label,
            "better": better,
            "value": of_map,
            "random": of_random,
            "centre": of_centre,
            "reason": reason,
        }
    )

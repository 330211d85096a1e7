"""How much a map depends on the class that was asked for, and on anything that was asked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from medkd_core.explanation.agreement.similarity import spearman
from medkd_core.explanation.score_cam.dialects import Dialect
from medkd_core.explanation.score_cam.explanation import Sensitivity
from medkd_core.explanation.score_cam.maps import ClassMap, class_map, weighted_map
from medkd_core.explanation.score_cam.passes import MaskedScores

FloatArray = NDArray[np.float32]

MOST_OTHERS = 8
"""Classes that a map is compared with; a network with a thousand would keep its reader waiting."""


def map_sensitivity(
    scores: MaskedScores, class_index: int, rules: Dialect, found: ClassMap
) -> Sensitivity | None:
    """Compare a class's map with those of the other classes and with the plain channel mean.

    No further passes are needed: the scores hold the answers for all classes.

    Parameters
    ----------
    scores : MaskedScores
        With an answer for every mask.
    class_index : int
    rules : Dialect
    found : ClassMap
        The map of that class.

    Returns
    -------
    Sensitivity or None
        None where there is no map. Classes without a map are left out.
    """
    rivals = likeliest_others(scores.look.logits, class_index)
    others = [class_map(scores, rival, rules) for rival in rivals]
    return sensitivity_among(found, others, channel_mean(scores))


def sensitivity_among(
    found: ClassMap, others: Sequence[ClassMap], mean: ClassMap
) -> Sensitivity | None:
    """Compare a map with those of the other classes, and with that of the channel mean.

    None where there is no map; classes without one are left out.
    """
    if found.empty:
        return None
    alike = [spearman(found.native, other.native) for other in others if not other.empty]
    return Sensitivity(
        other_classes=max(alike, default=None),
        channel_mean=spearman(found.native, mean.native),
    )


def likeliest_others(logits: FloatArray, class_index: int) -> list[int]:
    """The likeliest classes (at most eight) of logits (classes,) beside the one named."""
    ranked = [int(index) for index in np.argsort(-logits, kind="stable")]
    return [index for index in ranked if index != class_index][:MOST_OTHERS]


def channel_mean(scores: MaskedScores) -> ClassMap:
    """The positive part of the plain mean of the channels, as a map; it knows no class."""
    activations = scores.look.activations
    weights = np.full(len(activations), 1 / len(activations))
    return weighted_map(activations, weights, scores.look.image.shape[1:])

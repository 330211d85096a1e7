"""How much a map depends on the class that was asked for, and on anything that was asked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from medkd_core.explanation.agreement.similarity import spearman
from medkd_core.explanation.score_cam.dialects import Dialect
from medkd_core.explanation.score_cam.explanation import Sensitivity
from medkd_core.explanation.score_cam.maps import ClassMap, class_map, weighted_map
from medkd_core.explanation.score_cam.passes import MaskedScores


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
    indices = range(len(scores.look.logits))
    others = [class_map(scores, index, rules) for index in indices if index != class_index]
    return sensitivity_among(found, others, scores)


def sensitivity_among(
    found: ClassMap, others: Sequence[ClassMap], scores: MaskedScores
) -> Sensitivity | None:
    """Compare a map with those of the other classes, and with the channel mean of the scores."""
    if found.empty:
        return None
    alike = [spearman(found.native, other.native) for other in others if not other.empty]
    return Sensitivity(
        other_classes=max(alike, default=None),
        channel_mean=spearman(found.native, channel_mean(scores).native),
    )


def channel_mean(scores: MaskedScores) -> ClassMap:
    """The positive part of the plain mean of the channels, as a map; it knows no class."""
    activations = scores.look.activations
    weights = np.full(len(activations), 1 / len(activations))
    return weighted_map(activations, weights, scores.look.image.shape[1:])

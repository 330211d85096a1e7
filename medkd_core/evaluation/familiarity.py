"""Whether a film resembles those that a model was made for.

Class-conditional Gaussians over the embeddings of the training films with one covariance, squared
Mahalanobis distance to the nearest class mean (Lee et al., 2018, arXiv:1807.03888), in the space of
the leading principal axes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medkd_core.bundles.schema import Familiarity, IntendedUse

FloatArray = NDArray[np.float32]
DoubleArray = NDArray[np.float64]

MAX_AXES = 32
SHRINKAGE = 0.1
"""Weight of a sphere of equal trace in the covariance, which few films alone cannot settle."""
UNUSUAL_QUANTILE = 99
"""Per cent of the validation films that are called familiar."""
NOT_DICOM = "OT"


COLOUR_TO_SPEAK_OF = 0.02
"""Mean difference of a pixel's highest and lowest channel, of a full range of 1."""


class FamiliarityState(StrEnum):
    """May the model's numbers be looked at?"""

    FAMILIAR = "familiar"
    UNUSUAL = "unusual"
    NOT_APPLICABLE = "not applicable"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A state and the sentence that tells it to a reader."""

    state: FamiliarityState
    sentence: str


def fit_familiarity(
    embeddings: FloatArray,
    labels: NDArray[np.integer],
    validation_embeddings: FloatArray,
    classes: int,
) -> Familiarity:
    """Learn what the training films look like to a network.

    Parameters
    ----------
    embeddings : float32, (n, d)
        Of training films; each class has at least one.
    labels : int, (n,)
    validation_embeddings : float32, (m, d)
        The distances of these, which the network did not learn from, say what is usual.
    classes : int

    Raises
    ------
    ValueError
        A class has no film, there are no validation films, or values are not finite.
    """
    films = np.asarray(embeddings, np.float64)
    counts = np.bincount(labels, minlength=classes)
    if not counts.all() or not len(validation_embeddings):
        raise ValueError("every class needs training films, and there must be validation films")
    if not (np.isfinite(films).all() and np.isfinite(validation_embeddings).all()):
        raise ValueError("embeddings must be finite")
    center = films.mean(axis=0)
    axes = _principal_axes(films - center)
    points = (films - center) @ axes.T
    means = np.stack([points[labels == index].mean(axis=0) for index in range(classes)])
    fitted = Familiarity(
        center=_short(center),
        axes=_short(axes),
        class_means=_short(means),
        precision=_short(_precision(points - means[labels])),
        distance_quantiles=[0.0] * 101,
        unusual_above=0.0,
    )
    usual = np.percentile(distances(fitted, validation_embeddings), np.arange(101))
    return fitted.model_copy(
        update={
            "distance_quantiles": _short(usual),
            "unusual_above": float(usual[UNUSUAL_QUANTILE]),
        }
    )


def distances(familiarity: Familiarity, embeddings: FloatArray) -> DoubleArray:
    """Squared Mahalanobis distances (n,) of embeddings (n, d) to their nearest class mean."""
    center = np.asarray(familiarity.center)
    points = (np.asarray(embeddings, np.float64) - center) @ np.asarray(familiarity.axes).T
    apart = points[:, None] - np.asarray(familiarity.class_means)
    squared = np.einsum("nci,ij,ncj->nc", apart, np.asarray(familiarity.precision), apart)
    return np.asarray(squared.min(axis=1))


def distance(familiarity: Familiarity, embedding: FloatArray) -> float:
    """Squared Mahalanobis distance of one embedding (d,) to its nearest class mean."""
    return float(distances(familiarity, embedding[None])[0])


def judge(
    familiarity: Familiarity | None,
    embedding: FloatArray,
    use: IntendedUse,
    *,
    modality: str = "",
    body_part: str = "",
    coloured: bool = False,
) -> Judgement:
    """Say whether a film is one that the model may be asked about.

    Parameters
    ----------
    familiarity : Familiarity or None
    embedding : float32, (d,)
        Of the student.
    use : IntendedUse
    modality, body_part : str
        As the file says; empty, and ``OT`` for a file that is not DICOM, is taken on trust.
    coloured : bool
        As `is_coloured` finds it.
    """
    foreign = _foreign(use, modality, body_part, coloured)
    if foreign:
        return Judgement(FamiliarityState.NOT_APPLICABLE, f"Not applicable: {foreign}.")
    if familiarity is None:
        return Judgement(
            FamiliarityState.UNKNOWN,
            "Familiarity unknown: the model does not say what its training films look like.",
        )
    return _judge_distance(familiarity, distance(familiarity, embedding))


def is_coloured(image: FloatArray) -> bool:
    """Whether a picture, (rows, columns[, 3]) in [0, 1], has colour to speak of.

    Grey films saved as RGB have a little from compression, or a coloured mark.
    """
    return image.ndim == 3 and float(np.ptp(image, axis=2).mean()) > COLOUR_TO_SPEAK_OF


def _foreign(use: IntendedUse, modality: str, body_part: str, coloured: bool) -> str:
    """Why the model was not made for such a film; empty if it was."""
    if use.grey_only and coloured:
        return "this is a colour picture, the model was made for grey ones"
    if use.modalities and modality not in ("", NOT_DICOM, *use.modalities):
        return f"this is {modality}, the model was made for {', '.join(use.modalities)}"
    if use.body_parts and body_part not in ("", *use.body_parts):
        return f"this shows {body_part}, the model was made for {', '.join(use.body_parts)}"
    return ""


def _judge_distance(familiarity: Familiarity, squared: float) -> Judgement:
    quantiles = np.asarray(familiarity.distance_quantiles)
    farther = 100 - int(np.searchsorted(quantiles[1:], squared))
    if squared > familiarity.unusual_above:
        return Judgement(
            FamiliarityState.UNUSUAL,
            "Unusual: unlike the films that the model was made with. Do not rely on its numbers.",
        )
    return Judgement(
        FamiliarityState.FAMILIAR,
        f"Familiar: nearer to the training films than {farther} % of the validation films.",
    )


def _principal_axes(centered: DoubleArray) -> DoubleArray:
    """(k, d): directions of most variance; at most `MAX_AXES`, and none without variance."""
    _, spread, directions = np.linalg.svd(centered, full_matrices=False)
    rank = int((spread > spread.max(initial=0) * 1e-6).sum())
    return directions[: max(1, min(MAX_AXES, rank, len(centered) // 4))]


def _precision(residuals: DoubleArray) -> DoubleArray:
    """(k, k): inverse of the within-class covariance, shrunk towards a sphere."""
    covariance = residuals.T @ residuals / len(residuals)
    size = len(covariance)
    # Films that are all alike have no covariance; any scale will do for them.
    radius = np.trace(covariance) / size or 1.0
    return np.asarray(
        np.linalg.inv((1 - SHRINKAGE) * covariance + SHRINKAGE * radius * np.eye(size))
    )


def _short(values: DoubleArray) -> Any:
    """Nested lists with the digits of float32: more of them would only make a manifest longer."""
    return np.asarray(values, np.float32).astype(str).astype(np.float64).tolist()

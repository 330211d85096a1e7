"""Places that neither light up nor go dark again while a map is refined, for no better reason.

A map is the positive part of its evidence. Where the exact evidence is next to nothing, each stage
would decide anew, by what its few answers happen to be, whether a place is dark; and since all dark
places are equal, one that turns the wrong way moves the order of many. So a place stays what it was
at the stage before until its turn is beyond doubt.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from medkd_core.explanation.score_cam.aims import Aim
from medkd_core.explanation.score_cam.kriging import answer_scale, left_open
from medkd_core.explanation.score_cam.passes import MaskedScores

FloatArray = NDArray[np.float32]

BEYOND_DOUBT = 1.5
"""Standard deviations that the evidence of a place must be away from nothing to turn it; on chest
films 1 and 2 did as well, and 3 held back turns that were right."""
MARGIN = 1e-3
"""Evidence that a place is left with on its side, as a share of the largest."""


def steadied(
    covariance: FloatArray, scores: MaskedScores, aim: Aim, lit: NDArray[np.bool_]
) -> MaskedScores:
    """The likeliest answers by which no place turns without need.

    The answers that are only expected are moved together, as far as must be and as their covariance
    has it: conditioning a Gaussian on a linear function of it (Rasmussen and Williams, 2006, A.2).

    Parameters
    ----------
    covariance : float32, (m + 2, m + 2)
        From `mask_covariance`.
    scores : MaskedScores
        From `predicted`; answers that were given stay as they are.
    aim : Aim
    lit : bool, (places,)
        Where the evidence was positive at the stage before.
    """
    evidence = aim.evidence(scores)
    turned = np.flatnonzero((evidence > 0) != lit)
    if not turned.size or scores.shown.all():
        return scores
    moves = aim.moves(scores)[:, turned]
    doubt = answer_scale(covariance, scores, aim) * left_open(covariance, scores, moves)
    between = moves.T @ doubt
    wanted = np.where(lit[turned], MARGIN, -MARGIN) * np.abs(evidence).max() - evidence[turned]
    kept = np.abs(evidence[turned]) < BEYOND_DOUBT * np.sqrt(np.diag(between))
    if not kept.any():
        return scores
    step = (
        doubt[:, kept] @ np.linalg.lstsq(between[np.ix_(kept, kept)], wanted[kept], rcond=1e-9)[0]
    )
    logits = scores.logits.copy()
    logits[:, aim.class_index] += np.where(scores.shown, 0, step).astype(logits.dtype)
    return replace(scores, logits=logits)

"""A map after few passes: the most telling masks are shown, the answers to the others foretold.

The masks that are shown are channels' own, so that every pass is of use to the exact map, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from medkd_core.engines.protocol import Engine
from medkd_core.explanation.score_cam.aims import Aim
from medkd_core.explanation.score_cam.kriging import (
    mask_covariance,
    most_telling,
    predicted,
    shape_pulls,
    stated_error,
)
from medkd_core.explanation.score_cam.masks import ChannelMasks
from medkd_core.explanation.score_cam.passes import Look, MaskedScores, show_masks
from medkd_core.explanation.score_cam.steadying import steadied

FloatArray = NDArray[np.float32]

PREVIEW_FORWARDS = 32
ROUNDS = 4
"""In how many rounds a stage chooses masks: each choice rests on the answers before it."""


def stages(
    engine: Engine,
    seen: Look,
    masks: ChannelMasks,
    aim: Aim,
    chunk_done: Callable[[int], None] | None = None,
) -> Iterator[tuple[MaskedScores, float]]:
    """Show 32 masks, twice as many, and so on up to half of them, then all; none is shown twice.

    Parameters
    ----------
    engine : Engine
    seen : Look
    masks : ChannelMasks
    aim : Aim
        The map that the choice of masks serves. The answers are of use to the maps of all classes.
    chunk_done : callable, optional
        Called with the number of masked images shown so far; may raise to end the work.

    Yields
    ------
    MaskedScores
        With an answer for every mask, given or expected; from the second stage on `steadied`.
    float
        The `stated_error` of the map aimed at.
    """
    scores = show_masks(engine, seen, masks, np.zeros(0, np.intp))
    if totals := _stage_totals(len(masks.distinct)):
        covariance = mask_covariance(masks.distinct)
        scores = predicted(covariance, scores)
    lit = None
    for target in totals:
        for total in np.linspace(scores.shown.sum(), target, ROUNDS + 1).astype(int)[1:]:
            pulls = shape_pulls(scores, aim)
            which = most_telling(covariance, scores, pulls, total - int(scores.shown.sum()))
            scores = predicted(covariance, _shown(engine, scores, which, chunk_done))
        shown = scores if lit is None else steadied(covariance, scores, aim, lit)
        lit = aim.evidence(shown) > 0
        yield shown, stated_error(covariance, shown, aim)
    yield _shown(engine, scores, np.flatnonzero(~scores.shown), chunk_done), 0.0


def _stage_totals(count: int) -> list[int]:
    """Masks shown at the end of each stage but the last."""
    totals = [PREVIEW_FORWARDS] if count > PREVIEW_FORWARDS else []
    while totals and 4 * totals[-1] <= count:
        totals.append(2 * totals[-1])
    return totals


def _shown(
    engine: Engine,
    scores: MaskedScores,
    which: NDArray[np.intp],
    chunk_done: Callable[[int], None] | None,
) -> MaskedScores:
    before = int(scores.shown.sum())

    def report(done: int) -> None:
        if chunk_done is not None:
            chunk_done(before + done)

    more = show_masks(engine, scores.look, scores.masks, which, report)
    logits = np.where(more.shown[:, None], more.logits, scores.logits)
    return replace(scores, logits=logits, shown=scores.shown | more.shown)

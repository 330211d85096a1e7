"""Why this class and not that one: the places that tell the two apart.

The image was seen through every mask m_k; d_k is the logit of the class less that of its rival.
A linear model over the cells u of the masks explains these differences,

    d_k ~ a + sum_u b(u) m_k(u),    b = argmin sum_k (d_k - a - b.m_k)^2 + penalty |b|^2,

as LIME does with masks drawn at random (Ribeiro et al., 2016, doi:10.1145/2939672.2939778). The
map is the positive part of b: by how much showing a place moves the network from the rival to the
class. Exchanging the two classes changes the sign of b; what all classes share, cancels.

Chosen among weighted sums of channels (weights: differences of scores, centred or above those of
the baseline, and losses when the channel's places are hidden) and such models: on chest films its
order of places moved the difference most, when they were shown and when they were hidden.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medkd_core.engines.protocol import Engine
from medkd_core.explanation.score_cam.compute import check_class, reporter
from medkd_core.explanation.score_cam.dialects import DEFAULT_DIALECT, DIALECTS
from medkd_core.explanation.score_cam.explanation import Explanation
from medkd_core.explanation.score_cam.maps import ClassMap, weighted_map
from medkd_core.explanation.score_cam.masks import channel_masks
from medkd_core.explanation.score_cam.passes import MaskedScores, look, no_map
from medkd_core.explanation.score_cam.preview import stages
from medkd_core.explanation.score_cam.sensitivity import (
    channel_mean,
    likeliest_others,
    sensitivity_among,
)

FloatArray = NDArray[np.float32]

METHOD = "contrast"
PENALTY = 1.0
"""In mean variances of a cell over the masks. Less makes previews less like the exact map."""
SHUFFLES = 99
CHANCE = 0.95
"""Share of the models of shuffled answers whose effects must be smaller."""


@dataclass(frozen=True, slots=True)
class ContrastAim:
    """The contrast map of a class and its rival."""

    class_index: int
    rival: int

    def answers(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """The logits of the class less those of the rival."""
        return logits[:, self.class_index] - logits[:, self.rival]

    def evidence(self, scores: MaskedScores) -> NDArray[np.float64]:
        """The effects b of the places."""
        return self.answers(scores.logits.astype(np.float64)) @ self.moves(scores)

    def moves(self, scores: MaskedScores) -> NDArray[np.float64]:
        """The linear model's: b is linear in the answers."""
        masks = scores.masks.distinct
        cells = masks.reshape(len(masks), masks[0].size).astype(np.float64)
        apart = cells - cells.mean(axis=0)
        products = apart.T @ apart
        penalty = PENALTY * np.trace(products) / len(products)
        return np.linalg.solve(products + penalty * np.eye(len(products)), apart.T).T


def contrast_map(scores: MaskedScores, class_index: int, against: int | None = None) -> ClassMap:
    """What speaks for a class and against another.

    Parameters
    ----------
    scores : MaskedScores
        With an answer for every mask, given or expected.
    class_index : int
    against : int, optional
        Another class; the likeliest other one when left out.

    Returns
    -------
    ClassMap
        Empty where no place speaks for the class, or where the answers of the network do not
        depend on the places more than shuffled answers would seem to.

    Raises
    ------
    ExplanationError
        There is no such class, or no other.
    """
    aim = ContrastAim(class_index, rival_of(scores.look.logits, class_index, against))
    effects = np.zeros(scores.masks.distinct.shape[1:])
    if _beyond_chance(scores, aim):
        effects = aim.evidence(scores).reshape(effects.shape)
    places = effects[np.newaxis].astype(scores.look.activations.dtype)
    return weighted_map(places, np.ones(1), scores.look.image.shape[1:])


def contrast_cam(
    engine: Engine,
    image: FloatArray,
    class_index: int,
    against: int | None = None,
    *,
    baseline: FloatArray | None = None,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Iterator[Explanation]:
    """Compute a contrast map in stages, with the masked passes of Score-CAM's default dialect.

    Parameters
    ----------
    engine, image, class_index, baseline, progress, cancelled
        See `score_cam`.
    against : int, optional
        Another class; the likeliest other one when left out.

    Yields
    ------
    Explanation
        After 32 masked passes, 64, 128, ..., all; the last one is exact. Each states its `error`,
        see `stated_error`.

    Raises
    ------
    ExplanationError, OperationCancelled
        See `score_cam`; or there is no other class.
    """
    began = time.perf_counter()
    rules = DIALECTS[DEFAULT_DIALECT]
    seen = look(engine, image, baseline)
    check_class(seen, class_index)
    rival = rival_of(seen.logits, class_index, against)
    masks = channel_masks(seen.activations, engine.input_shape, rules)
    report = reporter(len(masks.distinct), progress, cancelled)
    for scores, error in stages(engine, seen, masks, ContrastAim(class_index, rival), report):
        found = contrast_map(scores, class_index, rival)
        rivals = likeliest_others(seen.logits, class_index)
        others = [contrast_map(scores, other) for other in rivals]
        yield Explanation(
            native=found.native,
            input_map=found.input_map,
            class_index=class_index,
            method=METHOD,
            exact=bool(scores.shown.all()),
            forwards=int(scores.shown.sum()),
            seconds=time.perf_counter() - began,
            logits=seen.logits,
            empty=found.empty,
            sensitivity=sensitivity_among(found, others, channel_mean(scores)),
            error=error,
            against=rival,
        )


def rival_of(logits: FloatArray, class_index: int, against: int | None = None) -> int:
    """The class that another is held against: the one named, or the likeliest other one.

    Parameters
    ----------
    logits : float32, (classes,)
        Of the whole image.

    Raises
    ------
    ExplanationError
        There is no such class, or no other.
    """
    others = likeliest_others(logits, class_index)
    if not others:
        raise no_map("the network knows one class only, which has no rival")
    rival = others[0] if against is None else against
    if rival == class_index or not 0 <= rival < len(logits):
        raise no_map(f"class {class_index} cannot be held against class {rival}")
    return rival


def _beyond_chance(scores: MaskedScores, aim: ContrastAim, seed: int = 0) -> bool:
    """Whether masks explain the answers better than they explain the same answers shuffled."""
    if len(scores.logits) < 2:
        return False
    moves, answers = aim.moves(scores), aim.answers(scores.logits.astype(np.float64))
    generator = np.random.default_rng(seed)
    shuffled = np.stack([generator.permutation(answers) for _ in range(SHUFFLES)])
    by_chance = np.linalg.norm(shuffled @ moves, axis=1)
    return bool(np.linalg.norm(answers @ moves) > np.quantile(by_chance, CHANCE))

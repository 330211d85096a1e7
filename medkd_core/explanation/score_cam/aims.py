"""What the masks of a preview are chosen for: the map of a class, or a contrast of two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from medkd_core.explanation.score_cam.dialects import Dialect
from medkd_core.explanation.score_cam.maps import channel_weights
from medkd_core.explanation.score_cam.masks import NO_MASK
from medkd_core.explanation.score_cam.passes import MaskedScores


class Aim(Protocol):
    """A map as a function of one number for each mask, the answer."""

    @property
    def class_index(self) -> int:
        """The class whose logit an answer rises with, one for one."""
        ...

    def answers(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Logits (n, classes) -> answers (n,)."""
        ...

    def evidence(self, scores: MaskedScores) -> NDArray[np.float64]:
        """The map (places,) before its positive part, from an answer for every mask."""
        ...

    def moves(self, scores: MaskedScores) -> NDArray[np.float64]:
        """How the evidence moves with each answer, to first order: (m, places)."""
        ...


@dataclass(frozen=True, slots=True)
class ClassAim:
    """The Score-CAM map of a class."""

    class_index: int
    rules: Dialect

    def answers(self, logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """The logits of the class."""
        return logits[:, self.class_index]

    def evidence(self, scores: MaskedScores) -> NDArray[np.float64]:
        """Sum of the channels times their weights."""
        return channel_weights(scores, self.class_index, self.rules) @ _channels(scores)

    def moves(self, scores: MaskedScores) -> NDArray[np.float64]:
        """Without what the channel softmax does to other channels: it only stretches the map."""
        slopes = np.ones(len(scores.masks.member))
        if self.rules.channel_softmax:
            slopes = channel_weights(scores, self.class_index, self.rules)
        if self.rules.score == "probability":
            chances = softmax(scores.of_channels.astype(np.float64), axis=1)[:, self.class_index]
            slopes = slopes * chances * (1 - chances)
        masked = scores.masks.member != NO_MASK
        moves = np.zeros((len(scores.logits), scores.look.activations[0].size))
        member = scores.masks.member[masked]
        np.add.at(moves, member, slopes[masked, None] * _channels(scores)[masked])
        return moves


def _channels(scores: MaskedScores) -> NDArray[np.float64]:
    channels = scores.look.activations.astype(np.float64)
    return channels.reshape(len(channels), -1)

"""What the networks of a bundle think of a frame, with what may be claimed for it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NetworkOpinion:
    """One network's calibrated probabilities, in the bundle's class order."""

    network: str
    probabilities: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Prediction:
    """The student's answer with what may be claimed for it.

    Attributes
    ----------
    probabilities : tuple of float
        Calibrated, in the bundle's class order, summing to 1.
    decision : int
        Index of the most probable class.
    interval : (float, float) or None
        95 % Wilson interval of the accuracy among validation images of like probability.
    familiarity : str
        ``familiar``, ``unusual``, ``not applicable`` or ``unknown``.
    familiarity_reason : str
        A sentence for the screen.
    opinions : tuple of NetworkOpinion
        Student first, then the teachers that were asked.
    seconds : float
        Wall time of the student's answer, preprocessing included.
    """

    classes: tuple[str, ...]
    probabilities: tuple[float, ...]
    decision: int
    interval: tuple[float, float] | None
    familiarity: str
    familiarity_reason: str
    opinions: tuple[NetworkOpinion, ...]
    seconds: float

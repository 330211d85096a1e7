"""A finished map, by whatever method it was made."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """How much a map depends on the question that was asked.

    Attributes
    ----------
    other_classes : float, [-1, 1], optional
        Spearman's correlation with the most similar map of another class (of the eight likeliest);
        None where none of them has a map.
    channel_mean : float, [-1, 1]
        Spearman's correlation with the plain mean of the channels, which knows no class.
    """

    other_classes: float | None
    channel_mean: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """A finished map.

    Attributes
    ----------
    native : float32, (h, w) of the target layer, [0, 1]
    input_map : float32, (H, W) of the network's input, [0, 1]
        As the followed code makes it, with its own order of steps.
    class_index : int
    method : str
        A dialect of Score-CAM, or another method's name.
    exact : bool
        False: not every channel was given its own score.
    forwards : int
        Masked images that the network saw.
    seconds : float
        Wall time.
    logits : float32, (classes,)
        Of the whole image.
    empty : bool
        No place speaks for the class more than another: both maps are all 0, there is no map.
    sensitivity : Sensitivity, optional
        None where it was not asked for, or there is no map.
    error : float, optional
        How far the map may be from the exact one, see `kriging.stated_error`; None where that is
        not known.
    against : int, optional
        The class that a contrast map holds this one against.
    """

    native: FloatArray
    input_map: FloatArray
    class_index: int
    method: str
    exact: bool
    forwards: int
    seconds: float
    logits: FloatArray
    empty: bool
    sensitivity: Sensitivity | None = None
    error: float | None = None
    against: int | None = None

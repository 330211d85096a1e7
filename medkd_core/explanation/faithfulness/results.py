"""What a measurement of faithfulness says: scores and curves of a map beside its nulls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

DoubleArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Measure:
    """One way to judge a map.

    Attributes
    ----------
    label : str
    better : {"higher", "lower", "neither"}
        Neither: it describes the map, whose values a null has as well.
    source : str
        Where the formula is from.
    """

    label: str
    better: Literal["higher", "lower", "neither"]
    source: str


_RISE = "Petsiuk et al., RISE, BMVC 2018, arXiv:1806.07421"
_GRAD_CAM_PP = "Chattopadhay et al., Grad-CAM++, WACV 2018, arXiv:1710.11063"
_ADCC = "Poppi et al., CVPR workshops 2021, arXiv:2104.10252"
_ROAD = "Rong et al., ROAD, ICML 2022, arXiv:2202.00449"

MEASURES: Mapping[str, Measure] = {
    "deletion": Measure("deletion area", "lower", _RISE),
    "insertion": Measure("insertion area", "higher", _RISE),
    "average_drop": Measure("average drop", "lower", _GRAD_CAM_PP),
    "increase": Measure("increase", "higher", _GRAD_CAM_PP),
    "coherency": Measure("coherency", "higher", _ADCC),
    "complexity": Measure("complexity", "neither", _ADCC),
    "adcc": Measure("ADCC", "higher", _ADCC),
    "road_morf": Measure("ROAD, MoRF", "lower", _ROAD),
    "road_lerf": Measure("ROAD, LeRF", "higher", _ROAD),
    "road": Measure("ROAD, (LeRF - MoRF) / 2", "higher", "pytorch_grad_cam.ROADCombined 1.5"),
    "sparseness": Measure(
        "sparseness (Gini)", "neither", "Chalasani et al., ICML 2020, arXiv:1810.06583"
    ),
    "entropy": Measure("entropy", "neither", "Bhatt et al., IJCAI 2020, arXiv:2005.00631"),
}
"""Every measure by its name in `ClassFaithfulness.scores`."""


@dataclass(frozen=True, slots=True)
class Score:
    """A measure of a map, and of the two maps that know nothing; see `nulls`."""

    of_map: float
    of_random: float
    of_blob: float

    @property
    def values(self) -> tuple[float, float, float]:
        """Of the map, of the random map, of the blob."""
        return self.of_map, self.of_random, self.of_blob


@dataclass(frozen=True, slots=True)
class Curves:
    """How an answer changes along a measurement, for a map and its nulls.

    Attributes
    ----------
    shares : float64, (n,), [0, 1]
        Share of the pixels that are removed or, in an insertion, shown.
    of_map, of_random, of_blob : float64, (n,), [0, 1]
    """

    shares: DoubleArray
    of_map: DoubleArray
    of_random: DoubleArray
    of_blob: DoubleArray

    @property
    def lines(self) -> tuple[DoubleArray, DoubleArray, DoubleArray]:
        """Of the map, of the random map, of the blob."""
        return self.of_map, self.of_random, self.of_blob


@dataclass(frozen=True, slots=True)
class ClassFaithfulness:
    """How faithful the map of one class is on one film.

    Attributes
    ----------
    class_index : int
    scores : mapping of Score
        By name of measure, see `MEASURES`; all finite. Probabilities throughout.
    curves : mapping of Curves
        ``deletion``, ``insertion``, ``road_morf``, ``road_lerf``: probability of the class.
        ``road_morf_decided``, ``road_lerf_decided``: 1 where the class is still the decision, so
        that the mean over a set of films is the accuracy curve of the ROAD paper.
    missing : mapping of str
        Why a measure has no score, by its name.
    """

    class_index: int
    scores: Mapping[str, Score]
    curves: Mapping[str, Curves]
    missing: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Faithfulness:
    """How faithful the maps of one film are.

    Attributes
    ----------
    baseline : str
        What was seen where pixels were taken away; see `baselines`. ROAD imputes instead.
    of_class : mapping of ClassFaithfulness
        By class index.
    passes : int
        Pictures that the network saw, for all maps and nulls, those of `explain` not counted.
    seconds : float
        Wall time.
    seed : int
        From which the random map, the order among equal values and ROAD's noise were drawn.
    """

    baseline: str
    of_class: Mapping[int, ClassFaithfulness]
    passes: int
    seconds: float
    seed: int

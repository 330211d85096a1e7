"""What ``results.json`` of an experiment says."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from medkd_core import RESEARCH_USE_ONLY
from medkd_core.evaluation.over_seeds import Estimate


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class SourceResult(_Part):
    """One source of the test images, for one arm."""

    source: str
    images: int
    images_per_class: list[int]
    """0 for a class that the source lacks: balanced accuracy is then over the others."""
    metrics: dict[str, Estimate]


class ArmResult(_Part):
    """One arm on one test set, over its seeds."""

    arm: str
    kind: str
    network: str
    width: float
    teachers: list[str]
    seeds: list[int]
    jobs: list[str]
    """Identifiers, one for each seed."""
    metrics: dict[str, Estimate]
    by_source: list[SourceResult]
    """Empty where the sources are not known, or there is one only."""


class Comparison(_Part):
    """How much higher one arm scores than another, paired by seed and image."""

    arm: str
    against: str
    seeds: list[int]
    metrics: dict[str, Estimate]
    by_source: dict[str, dict[str, Estimate]]


class SetResult(_Part):
    """Results on one set of images."""

    name: str
    trained_here: bool
    """The test split of the data set that the networks were trained on."""
    classes: list[str]
    images: int
    groups: int
    arms: list[ArmResult]
    comparisons: list[Comparison]
    warnings: list[str]


class ExperimentReport(_Part):
    """The whole of ``results.json``."""

    research_use_only: str = RESEARCH_USE_ONLY
    created: str
    """UTC, ISO 8601."""
    title: str
    question: str
    tests: list[SetResult]
    missing: list[str]
    """Jobs that are not completed, a sentence each."""

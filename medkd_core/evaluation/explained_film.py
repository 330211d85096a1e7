"""What ``explanation.json`` says of one film: every network's map and what was measured of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from medkd_core import RESEARCH_USE_ONLY
from medkd_core.explanation.baselines import DEFAULT_BASELINE


class Measured(BaseModel):
    """A number of a map beside those of two maps that know nothing of the network."""

    model_config = ConfigDict(frozen=True)

    name: str
    label: str
    value: float | None
    """None where it is not defined; `reason` says why."""
    random: float | None
    """Of a random map."""
    centre: float | None
    """Of a blob in the middle of the film."""
    better: Literal["lower", "higher", "neither"]
    """``neither``: it describes the map and does not judge it."""
    reason: str = ""


class ExplainedNetwork(BaseModel):
    """One network's map."""

    model_config = ConfigDict(frozen=True)

    network: str
    label: str
    role: str
    no_map: bool
    exact: bool
    forwards: int
    """Masked images that the network saw."""
    seconds: float
    error: float | None
    """See `Explanation.error`."""
    against: str | None
    """The class that a contrast map holds against the explained one."""
    other_classes: float | None
    """Rank correlation with the most similar of the other classes' maps."""
    channel_mean: float | None
    """Rank correlation with the plain mean of the channels, which knows no class."""
    native_map: list[list[float]]
    """[0, 1], rows of the target layer's grid."""
    measures: tuple[Measured, ...] = ()


class FailedNetwork(BaseModel):
    """A network that could not explain the film; the others could."""

    model_config = ConfigDict(frozen=True)

    network: str
    label: str
    role: str
    reason: str
    """Why, and what to do about it."""


class ExplainedFilm(BaseModel):
    """The whole of ``explanation.json``."""

    model_config = ConfigDict(frozen=True)

    research_use_only: str = RESEARCH_USE_ONLY
    model: dict[str, Any]
    file: str
    frame: int
    class_name: str = Field(alias="class")
    dialect: str
    baseline: str = DEFAULT_BASELINE
    """What was seen under a mask."""
    key: str
    """Digest of everything the maps depend on: a film that has it already is not asked again."""
    networks: tuple[ExplainedNetwork, ...]
    """Those that have an answer, in the order in which they were asked."""
    agreement_with_first: tuple[dict[str, Any], ...]
    """Of each further network's map with the first one's, see `agreement`."""
    failed: tuple[FailedNetwork, ...] = ()
    files: dict[str, int] = {}
    """Bytes of each file beside it, by name."""


class FailedFilm(BaseModel):
    """A film that has no map at all."""

    model_config = ConfigDict(frozen=True)

    file: str
    frame: int
    reason: str
    """Why, and what to do about it."""


Film = ExplainedFilm | FailedFilm


def answered(films: Iterable[Film]) -> list[ExplainedFilm]:
    """Those of which at least one network has an answer."""
    return [film for film in films if isinstance(film, ExplainedFilm)]

"""What the maps of all explained films have in common, by network."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medkd_core.evaluation.explained_film import ExplainedFilm
from medkd_core.explanation.agreement import agreement, different_images, random_maps

FloatArray = NDArray[np.float32]
MapPair = tuple[FloatArray, FloatArray]

MOST_RANDOM_PAIRS = 20
"""Pairs of maps that are held against random ones, so that a thousand films take no minutes."""
RANDOM_MAPS = 5
"""Of each such pair."""


@dataclass(frozen=True, slots=True)
class NetworkSummary:
    """One network's maps of all films; medians are of rank correlations, None where there is none.

    Attributes
    ----------
    label : str
    films : int
        Films that the network was asked about.
    failed, no_map : int
        Films that it could not explain, and those where there was nothing to show.
    other_classes, channel_mean : float, [-1, 1], optional
        See `ExplainedNetwork`.
    like_first : float, [-1, 1], optional
        With the first network's map of the same film.
    other_films, random : float, [-1, 1], optional
        What `like_first` is held against: maps of both networks of different films
        (`different_images`), and a map of one and random ones (`random_maps`).
    """

    label: str
    films: int
    failed: int
    no_map: int
    other_classes: float | None
    channel_mean: float | None
    like_first: float | None
    other_films: float | None
    random: float | None


@dataclass(frozen=True, slots=True)
class MapsSummary:
    """All networks' maps of all films.

    Attributes
    ----------
    first : str
        Label of the network that the others are compared with.
    networks : dict of str to NetworkSummary
        By name, in the order in which they were asked.
    """

    first: str
    networks: dict[str, NetworkSummary]


def maps_summary(films: Sequence[ExplainedFilm]) -> MapsSummary:
    """Sum up the maps of films, each with a network that could explain it; none have no first."""
    if not films:
        return MapsSummary("", {})
    labels = _labels(films)
    first, *_ = labels
    return MapsSummary(
        labels[first], {name: _network(films, first, name, label) for name, label in labels.items()}
    )


def median(values: Iterable[float | None]) -> float | None:
    """Median of the values that there are; None of none."""
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def _labels(films: Sequence[ExplainedFilm]) -> dict[str, str]:
    """Label by name; first come the networks of the film that most of them could explain."""
    fullest = max(films, key=lambda film: len(film.networks))
    labels: dict[str, str] = {}
    for film in (fullest, *films):
        for found in film.networks:
            labels.setdefault(found.network, found.label)
        for failed in film.failed:
            labels.setdefault(failed.network, failed.label)
    return labels


def _network(films: Sequence[ExplainedFilm], first: str, name: str, label: str) -> NetworkSummary:
    found = [one for film in films for one in film.networks if one.network == name]
    failed = sum(one.network == name for film in films for one in film.failed)
    pairs = [] if name == first else _pairs(films, first, name)
    alike, other_films, random = _beside_nulls(pairs)
    return NetworkSummary(
        label=label,
        films=len(found) + failed,
        failed=failed,
        no_map=sum(one.no_map for one in found),
        other_classes=median(one.other_classes for one in found),
        channel_mean=median(one.channel_mean for one in found),
        like_first=alike,
        other_films=other_films,
        random=random,
    )


def _pairs(films: Sequence[ExplainedFilm], first: str, name: str) -> list[MapPair]:
    """The native maps of both networks, of the films of which both have one."""
    pairs = []
    for film in films:
        maps = {one.network: one.native_map for one in film.networks if not one.no_map}
        if first in maps and name in maps:
            pairs.append((_as_map(maps[first]), _as_map(maps[name])))
    return pairs


def _as_map(rows: list[list[float]]) -> FloatArray:
    return np.array(rows, np.float32)


def _beside_nulls(pairs: Sequence[MapPair]) -> tuple[float | None, float | None, float | None]:
    """Median rank correlation of maps of one film, of different films, and with random maps."""
    observed = [agreement(*pair) for pair in pairs]
    ones, others = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    mixed = different_images(ones, others) if len(pairs) > 1 else []
    random = [
        null for pair in pairs[:MOST_RANDOM_PAIRS] for null in random_maps(*pair, count=RANDOM_MAPS)
    ]
    alike, other_films, by_chance = (
        median(one.spearman for one in found) for found in (observed, mixed, random)
    )
    return alike, other_films, by_chance

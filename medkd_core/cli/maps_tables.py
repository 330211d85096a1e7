"""What explained films have in common, in tables for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.table import Table

from medkd_core.evaluation.explained_film import ExplainedFilm, ExplainedNetwork, Measured
from medkd_core.evaluation.maps_summary import NetworkSummary, maps_summary, median


def maps_tables(films: Sequence[ExplainedFilm]) -> Iterator[Table]:
    """What the films have in common: medians, by network; maps.csv has every film."""
    summary = maps_summary(films)
    table = _numbers_table(
        *("Network", "Films", "No map", "Failed", "Other classes", "Channel mean"),
        *(f"Like {summary.first}", "Other films", "Random"),
    )
    for one in summary.networks.values():
        table.add_row(*_cells(one))
    yield table
    for name in summary.networks:
        found = [map_ for film in films for map_ in film.networks if map_.network == name]
        if any(map_.measures for map_ in found):
            yield _measured_table(found)


def _cells(one: NetworkSummary) -> Iterator[str]:
    yield one.label
    yield from map(str, (one.films, one.no_map, one.failed))
    values = (one.other_classes, one.channel_mean, one.like_first, one.other_films, one.random)
    yield from map(_figure, values)


def _measured_table(maps: Sequence[ExplainedNetwork]) -> Table:
    """Medians by measure; a film without a mask has fewer measures than others."""
    table = _numbers_table(maps[0].label, "Map", "Random", "Centre")
    by_name: dict[str, list[Measured]] = {}
    for measured in (measured for one in maps for measured in one.measures):
        by_name.setdefault(measured.name, []).append(measured)
    for found in by_name.values():
        values = (median(getattr(m, of) for m in found) for of in ("value", "random", "centre"))
        table.add_row(found[0].label, *map(_figure, values))
    return table


def _numbers_table(first: str, *headings: str) -> Table:
    """Headings break into lines on a narrow screen, names do not."""
    table = Table(box=None, padding=(0, 1, 0, 0))
    table.add_column(first, no_wrap=True)
    for heading in headings:
        widest_word = max(map(len, heading.split()))
        table.add_column(heading, justify="right", vertical="bottom", min_width=widest_word)
    return table


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"

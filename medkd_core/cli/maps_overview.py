"""The page and the table of all films that ``explain`` leaves."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from medkd_core import RESEARCH_USE_ONLY
from medkd_core.cli.explained_files import OVERVIEW
from medkd_core.cli.writing import write_together
from medkd_core.evaluation.explained_film import (
    ExplainedFilm,
    ExplainedNetwork,
    FailedFilm,
    FailedNetwork,
    Film,
)
from medkd_core.evaluation.maps_page import maps_page
from medkd_core.explanation.other_methods import METHODS


def write_overview(folder: Path, films: Mapping[str, Film], waiting: int = 0) -> None:
    """Write the page and the table of all films.

    Parameters
    ----------
    films : mapping of folder to ExplainedFilm or FailedFilm
    waiting : int
        Both as in `maps_page`.

    Raises
    ------
    MedKDError
        The folder cannot be written.
    """
    page = maps_page(films, waiting).encode(errors="replace")
    table = _table(films.values()).encode(errors="backslashreplace")
    write_together(folder, dict(zip(OVERVIEW, (page, table), strict=True)))


def _table(films: Iterable[Film]) -> str:
    rows = [row for film in films for row in _rows(film)]
    text = io.StringIO()
    columns = dict.fromkeys(name for row in rows for name in row)
    writer = csv.DictWriter(text, [*columns, RESEARCH_USE_ONLY], restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _rows(film: Film) -> Iterator[dict[str, object]]:
    if isinstance(film, FailedFilm):
        yield {"file": film.file, "frame": film.frame, "failure": film.reason}
        return
    for network in film.networks:
        yield _map_row(film, network)
    for failed in film.failed:
        yield _failed_row(film, failed)


def _map_row(film: ExplainedFilm, network: ExplainedNetwork) -> dict[str, object]:
    row = _film_cells(film)
    row |= network.model_dump(exclude={"native_map", "measures", "label"})
    for compared in film.agreement_with_first:
        if compared["network"] == network.network:
            row |= {f"{name}_to_first": v for name, v in compared.items() if name != "network"}
    for measured in network.measures:
        row |= {
            measured.name: measured.value,
            f"{measured.name}_random": measured.random,
            f"{measured.name}_centre": measured.centre,
        }
    return row


def _failed_row(film: ExplainedFilm, network: FailedNetwork) -> dict[str, object]:
    return _film_cells(film) | {"network": network.network, "failure": network.reason}


def _film_cells(film: ExplainedFilm) -> dict[str, object]:
    cells: dict[str, object] = {"file": film.file, "frame": film.frame, "class": film.class_name}
    cells |= {"method": film.dialect, "baseline": film.baseline}
    if film.dialect in METHODS:
        method = METHODS[film.dialect]
        cells["class_dependent"] = method.class_dependent
        cells["head_dependent"] = method.head_dependent
    return cells

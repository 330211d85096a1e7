"""What is printed of the localisation of maps: middles over films, intervals, and who is ahead."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.table import Table

SOURCES = ("map", "random", "centre")
HITS = ("pointing", "pointing_near")
"""Yes or no on each film: their mean is printed, of all others the median."""
MEASURES = {
    "infection": (
        *HITS,
        "mass_accuracy",
        "rank_accuracy",
        "average_precision",
        "roc_area",
        "otsu_iou",
        "otsu_dice",
        "tuned_iou",
        "tuned_dice",
        "mask_share",
    ),
    "lungs": ("mass_accuracy", "mask_share"),
}
"""What is printed; the file has every measure of both masks."""
RESAMPLES = 2000
FEWEST_FILMS = 10


def localisation_table(title: str, films: list[dict[str, Any]], threshold: float) -> Table:
    """One row a measure: the map's middle over films, its nulls', and whether it stands apart.

    Parameters
    ----------
    title : str
    films : list of dict
        Of each film its ``group``, whether the map was ``empty``, and for each kind of mask that
        has anything in it the measures of each source.
    threshold : float
        From which on a place was counted for "tuned" overlap.
    """
    table = Table(
        *("", "films", "map", "random", "centre", "map - random", "map - centre", ""),
        title=f"{title}: {sum(film['empty'] for film in films)} without a map, "
        f"tuned threshold {threshold:.2f}",
        box=None,
    )
    for target, measures in MEASURES.items():
        marked = [film for film in films if target in film]
        if not marked:
            continue
        values = [
            [[film[target][s][name] for s in SOURCES] for name in measures] for film in marked
        ]
        middles, low, high = _intervals(np.array(values), [film["group"] for film in marked])
        for row, name in enumerate(measures):
            place = int(name not in HITS), row
            figures = zip(middles[place], low[place], high[place], strict=True)
            cells = [f"{middle:.2f} [{a:.2f}, {b:.2f}]" for middle, a, b in figures]
            verdict = "too few films"
            if len(marked) >= FEWEST_FILMS:
                verdict = _verdict(low[place][3:], high[place][3:])
            table.add_row(f"{target}: {name.replace('_', ' ')}", str(len(marked)), *cells, verdict)
    return table


def _intervals(
    values: NDArray[np.float64], groups: list[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Middles over films with 95 % bootstrap intervals.

    Parameters
    ----------
    values : float64, (films, measures, sources)
    groups : list of str
        Of each film; films of a patient are drawn together.

    Returns
    -------
    middles, low, high : float64, (2, measures, 5)
        Means, then medians, of the three sources and of the map's differences to both nulls.
    """
    columns = np.concatenate([values, values[..., :1] - values[..., 1:]], axis=-1)
    names, of_film = np.unique(groups, return_inverse=True)
    members = [np.flatnonzero(of_film == group) for group in range(len(names))]
    generator = np.random.default_rng(0)
    resampled = []
    for _ in range(RESAMPLES):
        drawn = generator.integers(len(names), size=len(names))
        resampled.append(_middles(columns[np.concatenate([members[group] for group in drawn])]))
    low, high = np.percentile(resampled, [2.5, 97.5], axis=0)
    return _middles(columns), low, high


def _middles(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.stack([columns.mean(axis=0), np.median(columns, axis=0)])


def _verdict(low: NDArray[np.float64], high: NDArray[np.float64]) -> str:
    words = []
    for null, below, above in zip(SOURCES[1:], low, high, strict=True):
        if below > 0:
            words.append(f"above {null}")
        elif above < 0:
            words.append(f"below {null}")
    return ", ".join(words) or "-"

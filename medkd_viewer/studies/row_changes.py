"""What has to be taken out of a list and put in to make another of it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from itertools import groupby

MOST_RUNS = 64
"""Beyond this, the list is rather made anew."""


def row_changes(
    old: Sequence[Hashable], new: Sequence[Hashable]
) -> tuple[list[range], list[range]] | None:
    """Runs of rows to remove from `old` and, after that, to insert as they stand in `new`.

    Returns
    -------
    (removed, inserted) or None
        Both in ascending order; None when rows changed places or too many runs are needed.
    """
    stay = set(old).intersection(new)
    if [key for key in old if key in stay] != [key for key in new if key in stay]:
        return None
    removed = _runs(number for number, key in enumerate(old) if key not in stay)
    inserted = _runs(number for number, key in enumerate(new) if key not in stay)
    return None if len(removed) + len(inserted) > MOST_RUNS else (removed, inserted)


def _runs(numbers: Iterable[int]) -> list[range]:
    """Numbers in ascending order as ranges without gaps."""
    runs = []
    for _, run in groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0]):
        first, *others = (number for _, number in run)
        runs.append(range(first, (others[-1] if others else first) + 1))
    return runs

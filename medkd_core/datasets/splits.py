"""Splits by group and class, and smaller samples of a split; both the same for equal seeds."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

from medkd_core.datasets.record import Record, Split
from medkd_core.errors import DatasetError


def assign_splits(
    groups: Sequence[str],
    labels: Sequence[str],
    validation_fraction: float,
    test_fraction: float,
    seed: int,
) -> list[Split]:
    """Split images so that no group is torn apart and every class is in every split.

    A group counts for the class that most of its images have. The groups of a class are shuffled
    and cut where the wanted numbers of images are reached, leaving at least one to each split.

    Parameters
    ----------
    groups, labels : sequences of str
        Group and class of each image.
    validation_fraction, test_fraction : float, (0, 0.5)
        Parts of a class's images; training has the rest.
    seed : int

    Returns
    -------
    list of str
        ``"train"``, ``"validation"`` or ``"test"`` for each image.

    Raises
    ------
    DatasetError
        For a class of fewer than three groups.
    """
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for group, label in zip(groups, labels, strict=True):
        counts[group][label] += 1
    by_class: dict[str, list[str]] = defaultdict(list)
    for group in sorted(counts):
        by_class[max(sorted(counts[group]), key=counts[group].__getitem__)].append(group)
    rng = np.random.default_rng(seed)
    split_of: dict[str, Split] = {}
    for label in sorted(by_class):
        shuffled = [by_class[label][i] for i in rng.permutation(len(by_class[label]))]
        sizes = [counts[group].total() for group in shuffled]
        names = _cut(label, sizes, validation_fraction, test_fraction)
        split_of.update(zip(shuffled, names, strict=True))
    return [split_of[group] for group in groups]


def _cut(label: str, sizes: list[int], validation: float, test: float) -> list[Split]:
    number = len(sizes)
    if number < 3:
        raise DatasetError(
            f"Cannot split the class {label}",
            because=f"its images make only {number} group{'s' * (number != 1)} and each of three "
            "splits needs one",
            cure="Add images of other patients.",
        )
    middles = (np.cumsum(sizes) - np.asarray(sizes) / 2) / sum(sizes)
    first = int(np.clip(np.searchsorted(middles, test), 1, number - 2))
    second = int(np.clip(np.searchsorted(middles, test + validation), first + 1, number - 1))
    parts: list[Split] = ["test"] * first
    return parts + ["validation"] * (second - first) + ["train"] * (number - second)


def limit_per_class(records: Sequence[Record], limit: int, seed: int) -> list[Record]:
    """At most `limit` records of each class in each split, drawn from the seed, order kept."""
    members: dict[tuple[str, str], list[int]] = defaultdict(list)
    for index, record in enumerate(records):
        members[record.split, record.label].append(index)
    rng = np.random.default_rng(seed)
    kept: set[int] = set()
    for key in sorted(members):
        drawn = rng.permutation(len(members[key]))[:limit]
        kept.update(members[key][i] for i in drawn)
    return [record for index, record in enumerate(records) if index in kept]


def torn_groups(records: Sequence[Record]) -> list[str]:
    """Groups that stand in more than one split, sorted."""
    seen: dict[str, set[str]] = defaultdict(set)
    for record in records:
        seen[record.group].add(record.split)
    return sorted(group for group, splits in seen.items() if len(splits) > 1)

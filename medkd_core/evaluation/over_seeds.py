"""One recipe trained from several seeds: its mean, its spread, and how it differs from another.

Two things make such a number uncertain, and they are told apart. The *interval* says what other
test images would have given: a percentile bootstrap over groups (Efron and Tibshirani, 1993), in
which a draw is the same for all seeds and, for a difference, for both recipes (paired). The
*spread* says what other seeds would have given: the standard deviation over them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from medkd_core.evaluation.decisions import Decisions
from medkd_core.evaluation.metrics import (
    METRICS,
    CountArray,
    DoubleArray,
    percentile_interval,
    resampled_sums,
    scores,
)


class Estimate(BaseModel):
    """A metric, or a difference of two, over seeds."""

    model_config = ConfigDict(frozen=True)

    mean: float
    low: float
    high: float
    """95 % interval of the mean, over test groups."""
    spread: float | None
    """Standard deviation over seeds; None for a single one."""
    per_seed: list[float]


def estimates(runs: Sequence[Decisions]) -> dict[str, Estimate]:
    """Measure one recipe.

    Parameters
    ----------
    runs : sequence of Decisions
        One for each seed; at least one image each.

    Returns
    -------
    dict of str to Estimate
        By metric.
    """
    return _estimates(_counts_by_group(runs), np.eye(len(runs)))


def differences(better: Sequence[Decisions], against: Sequence[Decisions]) -> dict[str, Estimate]:
    """How much higher one recipe scores than another, paired seed by seed and image by image.

    Parameters
    ----------
    better, against : sequences of Decisions
        Run by run of the same seed and on the same images.

    Raises
    ------
    ValueError
        Other seeds or images.
    """
    for one, other in zip(better, against, strict=True):
        if one.images != other.images:
            raise ValueError("the runs were tested on different images")
    seeds = len(better)
    pairs = np.concatenate([np.eye(seeds), -np.eye(seeds)], axis=1)
    return _estimates(_counts_by_group([*better, *against]), pairs)


def _estimates(counts: CountArray, combinations: DoubleArray) -> dict[str, Estimate]:
    """Estimate `combinations`, (values, runs), of scores from counts, (groups, runs, ...)."""
    measured, drawn = scores(counts.sum(axis=0)), scores(resampled_sums(counts))
    found = {}
    for name in METRICS:
        values = combinations @ measured[name]
        low, high = percentile_interval((drawn[name] @ combinations.T).mean(axis=1))
        spread = float(values.std(ddof=1)) if len(values) > 1 else None
        found[name] = Estimate(
            mean=float(values.mean()), low=low, high=high, spread=spread, per_seed=values.tolist()
        )
    return found


def _counts_by_group(runs: Sequence[Decisions]) -> NDArray[np.int64]:
    """Confusion matrices, (groups, runs, classes, classes)."""
    names, member = np.unique(
        np.concatenate([np.asarray(run.groups, dtype=str) for run in runs]), return_inverse=True
    )
    classes = len(runs[0].classes)
    counts = np.zeros((len(names), len(runs), classes, classes), np.int64)
    number = np.repeat(np.arange(len(runs)), [len(run.groups) for run in runs])
    truth, decided = (
        np.concatenate([getattr(run, column) for run in runs]) for column in ("truth", "decided")
    )
    np.add.at(counts, (member, number, truth, decided), 1)
    return counts

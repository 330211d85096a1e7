"""How often the decision is right: metrics of a confusion matrix, with intervals, per group."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

IndexArray = NDArray[np.integer]
CountArray = NDArray[np.int64]
DoubleArray = NDArray[np.float64]

METRICS = ("macro_f1", "balanced_accuracy", "accuracy")


class GroupRow(BaseModel):
    """One line of a table per source, site or other group."""

    model_config = ConfigDict(frozen=True)

    group: str
    images: int
    images_per_class: list[int]
    accuracy: float
    balanced_accuracy: float
    macro_f1: float


def confusion_matrix(truth: IndexArray, decided: IndexArray, classes: int) -> CountArray:
    """Count decisions.

    Parameters
    ----------
    truth, decided : int, (n,)
        Class indices, 0 to ``classes - 1``.

    Returns
    -------
    int64, (classes, classes)
        Rows are true classes, columns decided ones.
    """
    pairs = np.asarray(truth) * classes + np.asarray(decided)
    return np.bincount(pairs, minlength=classes**2).reshape(classes, classes).astype(np.int64)


def scores(confusion: CountArray) -> dict[str, DoubleArray]:
    """Macro F1, balanced accuracy and accuracy of one or many confusion matrices.

    Parameters
    ----------
    confusion : int64, (..., classes, classes)

    Returns
    -------
    dict of float64, (...), [0, 1]
        Macro F1 is the mean over classes that were true or decided at least once, balanced
        accuracy (mean sensitivity) over classes that were true at least once; 0 without images.
    """
    right = np.diagonal(confusion, axis1=-2, axis2=-1).astype(np.float64)
    true, decided = confusion.sum(axis=-1), confusion.sum(axis=-2)
    f1 = _ratio(2 * right, true + decided)
    return {
        "macro_f1": _ratio(f1.sum(axis=-1), (true + decided > 0).sum(axis=-1)),
        "balanced_accuracy": _ratio(_ratio(right, true).sum(axis=-1), (true > 0).sum(axis=-1)),
        "accuracy": _ratio(right.sum(axis=-1), true.sum(axis=-1)),
    }


def bootstrap_intervals(
    truth: IndexArray,
    decided: IndexArray,
    classes: int,
    *,
    groups: Sequence[str] | None = None,
    repetitions: int = 2000,
    seed: int = 0,
) -> dict[str, tuple[float, float]]:
    """95 % percentile bootstrap intervals (Efron and Tibshirani, 1993) of `scores`.

    Parameters
    ----------
    groups : sequence of str, (n,), optional
        Patient or tissue block of each image: whole groups are drawn, since images of one group
        are alike. Images are drawn one by one when left out.
    """
    labels = np.arange(len(truth)) if groups is None else np.asarray(groups)
    _, member = np.unique(labels, return_inverse=True)
    count = int(member.max(initial=-1)) + 1
    if count == 0:
        return dict.fromkeys(METRICS, (0.0, 0.0))
    cells = member * classes**2 + np.asarray(truth) * classes + np.asarray(decided)
    parts = np.bincount(cells, minlength=count * classes**2).reshape(count, classes, classes)
    drawn = scores(resampled_sums(parts, repetitions=repetitions, seed=seed))
    return {name: percentile_interval(values) for name, values in drawn.items()}


def resampled_sums(parts: CountArray, *, repetitions: int = 2000, seed: int = 0) -> CountArray:
    """Draw groups with replacement, as many as there are, and add up their counts.

    Confusion matrices add up, so that those of a draw of groups are the sum of theirs.

    Parameters
    ----------
    parts : int64, (groups, ...)
        Counts of each group; at least one group.

    Returns
    -------
    int64, (repetitions, ...)
    """
    flat = parts.reshape(len(parts), -1)
    # Groups of one kind are drawn by their number.
    kinds, of_a_kind = np.unique(flat, axis=0, return_counts=True)
    generator = np.random.default_rng(seed)
    draws = generator.multinomial(len(parts), of_a_kind / len(parts), repetitions)
    return (draws @ kinds).reshape(repetitions, *parts.shape[1:])


def percentile_interval(drawn: DoubleArray) -> tuple[float, float]:
    """Bounds that 95 % of the drawn values lie within."""
    return float(np.quantile(drawn, 0.025)), float(np.quantile(drawn, 0.975))


def measure(
    truth: IndexArray, decided: IndexArray, classes: int, *, groups: Sequence[str] | None = None
) -> dict[str, float]:
    """Every metric with its interval, as a bundle's manifest holds them.

    Returns
    -------
    dict
        ``macro_f1``, ``macro_f1_low``, ``macro_f1_high`` and so on.
    """
    values = scores(confusion_matrix(truth, decided, classes))
    measured: dict[str, float] = {}
    for name, (low, high) in bootstrap_intervals(truth, decided, classes, groups=groups).items():
        measured |= {name: float(values[name]), f"{name}_low": low, f"{name}_high": high}
    return measured


def group_table(
    truth: IndexArray, decided: IndexArray, groups: Sequence[str], classes: int
) -> list[GroupRow]:
    """Metrics of each group by itself, sorted by name."""
    truth, decided, names = np.asarray(truth), np.asarray(decided), np.asarray(groups)
    rows = []
    for name in np.unique(names):
        inside = names == name
        confusion = confusion_matrix(truth[inside], decided[inside], classes)
        rows.append(
            GroupRow(
                group=str(name),
                images=int(inside.sum()),
                images_per_class=confusion.sum(axis=1).tolist(),
                **{metric: float(value) for metric, value in scores(confusion).items()},
            )
        )
    return rows


def _ratio(part: NDArray[np.generic], whole: NDArray[np.generic]) -> DoubleArray:
    """``part / whole``, 0 where there is nothing."""
    return np.asarray(part / np.maximum(whole, 1), dtype=np.float64)

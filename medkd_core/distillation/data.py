"""The images of a job: decoded once, then handed out in batches that only a seed decides."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from medkd_core.datasets.augmentation import AugmentationKind, augment_batch
from medkd_core.datasets.films import load_squares
from medkd_core.datasets.record import Dataset, ImageDone, Record
from medkd_core.imaging.recipe import InputRecipe, View
from medkd_core.jobs.spec import DataSpec

Squares = NDArray[np.uint8]

_BATCHES_AHEAD = 2


@dataclass(frozen=True, slots=True)
class Films:
    """Images of one split and their labels.

    Attributes
    ----------
    squares : uint8, (images, side, side) or (images, side, side, 3)
    labels : int64, (images,)
        Positions among the data set's classes.
    """

    squares: Squares
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, slots=True)
class Batch:
    """A step's images, uint8 (batch, side, side[, 3]), and labels, int64 (batch,)."""

    squares: Tensor
    labels: Tensor


def load_films(
    dataset: Dataset,
    records: Sequence[Record],
    view: View,
    side: int,
    interpolation: str,
    progress: ImageDone | None = None,
) -> Films:
    """Decode images by the very path that reading takes.

    Parameters
    ----------
    dataset : Dataset
    records : sequence of Record
        Of this data set.
    view : View
    side : int
        In pixels.
    interpolation : str
        ``bilinear`` or ``bicubic``.
    progress : callable, optional
        Called with images done and in all.

    Raises
    ------
    DatasetError
        An image cannot be read; the sentence names it.
    """
    squares = load_squares(records, view, side, interpolation, progress=progress)
    labels = [dataset.class_index(record.label) for record in records]
    return Films(squares, np.array(labels, np.int64))


def training_side(recipes: Sequence[InputRecipe]) -> int:
    """Side at which training images are kept: the largest that any network wants."""
    return max(recipe.size for recipe in recipes)


def augmentation_kind(spec: DataSpec) -> AugmentationKind:
    """Films keep their left and right, tissue has none."""
    return "tissue" if spec.kind == "lc25000" else "film"


def epoch_indices(images: int, batch_size: int, seed: int, epoch: int) -> list[NDArray[np.int64]]:
    """Which images make which step of an epoch.

    Batches differ by one image at most, so that no step is made of a single image left over.

    Returns
    -------
    list of int64 arrays
        Each image once.
    """
    order = np.random.default_rng([seed, epoch]).permutation(images)
    return np.array_split(order, -(-images // batch_size))


def training_batches(
    films: Films,
    indices: Sequence[NDArray[np.int64]],
    seed: int,
    epoch: int,
    kind: AugmentationKind | None,
) -> Iterator[Batch]:
    """Augmented batches, made ahead in threads while the network is busy.

    Parameters
    ----------
    films : Films
    indices : sequence of int64 arrays
        From `epoch_indices`; to go on within an epoch, without the finished steps.
    seed, epoch : int
        With an image's number they settle its augmentation, whatever was drawn before.
    kind : str or None
        ``film`` or ``tissue``; None leaves the images as they are.
    """

    def make(chosen: NDArray[np.int64]) -> Batch:
        squares = films.squares[chosen]
        if kind is not None:
            squares = augment_batch(squares, chosen.tolist(), epoch, seed, kind)
        return _batch(squares, films.labels[chosen])

    with ThreadPoolExecutor(_BATCHES_AHEAD) as pool:
        ahead: deque[Future[Batch]] = deque()
        for chosen in indices:
            ahead.append(pool.submit(make, chosen))
            if len(ahead) > _BATCHES_AHEAD:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()


def plain_batches(films: Films, batch_size: int) -> Iterator[Batch]:
    """All images in their order, as they are."""
    for start in range(0, len(films), batch_size):
        chosen = slice(start, start + batch_size)
        yield _batch(films.squares[chosen], films.labels[chosen])


def _batch(squares: Squares, labels: NDArray[np.int64]) -> Batch:
    return Batch(torch.from_numpy(np.ascontiguousarray(squares)), torch.from_numpy(labels))

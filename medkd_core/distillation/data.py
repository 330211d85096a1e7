"""The images of a job: decoded once, then handed out in batches that only a seed decides."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from medkd_core.datasets.augmentation import AugmentationKind, augment_batch
from medkd_core.datasets.films import decode_films
from medkd_core.datasets.record import Dataset, ImageDone, Record
from medkd_core.imaging.recipe import InputRecipe, View
from medkd_core.jobs.spec import JobSpec

Squares = NDArray[np.uint8]

_BATCHES_AHEAD = 2
_HASHED_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class Films:
    """Images of one split and their labels.

    Attributes
    ----------
    squares : uint8, (images, side, side) or (images, side, side, 3)
    labels : int64, (images,)
        Positions among the data set's classes.
    records : tuple of Record
        Of each image.
    unreadable : tuple of Path
        Images that were left out.
    notes : tuple of str
        What went otherwise than usual, as sentences.
    """

    squares: Squares
    labels: NDArray[np.int64]
    records: tuple[Record, ...] = ()
    unreadable: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.labels)

    def pixel_digest(self) -> str:
        """SHA-256 of type, shape and all pixels, in hexadecimal."""
        return self._hashed().hexdigest()

    def digest(self) -> str:
        """The same of pixels and labels."""
        hashed = self._hashed()
        hashed.update(self.labels.tobytes())
        return hashed.hexdigest()

    def _hashed(self) -> hashlib._Hash:
        hashed = hashlib.sha256(f"{self.squares.dtype} {self.squares.shape}".encode())
        for start in range(0, len(self), _HASHED_AT_ONCE):
            hashed.update(self.squares[start : start + _HASHED_AT_ONCE].tobytes())
        return hashed


@dataclass(frozen=True, slots=True)
class Batch:
    """Images of a step, or of one part of it.

    Attributes
    ----------
    squares : uint8, (batch, side, side[, 3])
    labels : int64, (batch,)
    indices : int64, (batch,)
        Positions among the films that the batch is of.
    view : int
        Number of the augmented view that the squares are; see `view_of`.
    """

    squares: Tensor
    labels: Tensor
    indices: Tensor
    view: int


def load_films(
    dataset: Dataset,
    records: Sequence[Record],
    view: View,
    side: int,
    interpolation: str,
    progress: ImageDone | None = None,
    *,
    skip_unreadable: bool = False,
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
    skip_unreadable : bool
        Leave out images that cannot be read.

    Raises
    ------
    DatasetError
        An image cannot be read; the sentence names it.
    """
    decoded = decode_films(
        records, view, side, interpolation, skip_unreadable=skip_unreadable, progress=progress
    )
    kept = tuple(records[index] for index in decoded.kept)
    labels = np.array([dataset.class_index(record.label) for record in kept], np.int64)
    unreadable = tuple(refusal.path for refusal in decoded.unreadable)
    return Films(decoded.squares, labels, kept, unreadable, decoded.notes)


def training_side(recipes: Sequence[InputRecipe]) -> int:
    """Side at which training images are kept: the largest that any network wants."""
    return max(recipe.size for recipe in recipes)


def augmentation_kind(spec: JobSpec) -> AugmentationKind | None:
    """How a job changes its training images; None leaves them as they are."""
    if not spec.training.augment:
        return None
    if spec.training.augmentation == "auto":
        return "tissue" if spec.data.kind == "lc25000" else "film"
    return spec.training.augmentation


def view_of(spec: JobSpec, epoch: int) -> int:
    """Which augmented view of its images an epoch shows.

    Every epoch shows one of its own; remembered teachers know `views` of them, which take turns.
    Without augmentation there is one view, 0: the plain image.
    """
    if not spec.training.augment:
        return 0
    remembered = spec.kind == "distill" and spec.distillation.remember
    return epoch % spec.distillation.views if remembered else epoch


def epoch_indices(
    images: int,
    batch_size: int,
    seed: int,
    epoch: int,
    balance: NDArray[np.int64] | None = None,
) -> list[NDArray[np.int64]]:
    """Which images make which step of an epoch.

    Batches differ by one image at most, so that no step is made of a single image left over.

    Parameters
    ----------
    images, batch_size, seed, epoch : int
    balance : int64, (images,), optional
        Labels: every class is shown equally often, as many images in all.

    Returns
    -------
    list of int64 arrays
        Each image once; balanced, each image of a class as often as any other, or once more.
    """
    rng = np.random.default_rng([seed, epoch])
    order = rng.permutation(images) if balance is None else _balanced_order(balance, rng)
    return np.array_split(order, -(-images // batch_size))


def _balanced_order(labels: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    classes = np.unique(labels)
    shares = [len(part) for part in np.array_split(labels, len(classes))]
    chosen = [
        _repeated(rng, np.flatnonzero(labels == label), share)
        for label, share in zip(classes, shares, strict=True)
    ]
    return rng.permutation(np.concatenate(chosen))


def _repeated(rng: np.random.Generator, images: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    rounds = [rng.permutation(images) for _ in range(-(-count // len(images)))]
    return np.concatenate(rounds)[:count] if rounds else images[:0]


def training_batches(
    films: Films,
    indices: Sequence[NDArray[np.int64]],
    seed: int,
    view: int,
    kind: AugmentationKind | None,
) -> Iterator[Batch]:
    """Augmented batches, made ahead in threads while the network is busy.

    Parameters
    ----------
    films : Films
    indices : sequence of int64 arrays
        From `epoch_indices`; to go on within an epoch, without the finished steps.
    seed, view : int
        With an image's number they settle its augmentation, whatever was drawn before.
    kind : str or None
        ``film`` or ``tissue``; None leaves the images as they are.
    """

    def make(chosen: NDArray[np.int64]) -> Batch:
        squares = films.squares[chosen]
        if kind is not None:
            squares = augment_batch(squares, chosen.tolist(), view, seed, kind)
        return _batch(squares, films.labels[chosen], chosen, view)

    with ThreadPoolExecutor(_BATCHES_AHEAD) as pool:
        ahead: deque[Future[Batch]] = deque()
        for chosen in indices:
            ahead.append(pool.submit(make, chosen))
            if len(ahead) > _BATCHES_AHEAD:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()


def plain_batches(films: Films, batch_size: int, images: range | None = None) -> Iterator[Batch]:
    """Images in their order, as they are; all of them unless told which."""
    images = range(len(films)) if images is None else images
    for start in range(images.start, images.stop, batch_size):
        chosen = np.arange(start, min(start + batch_size, images.stop))
        yield _batch(films.squares[chosen], films.labels[chosen], chosen, 0)


def _batch(
    squares: Squares, labels: NDArray[np.int64], indices: NDArray[np.int64], view: int
) -> Batch:
    return Batch(
        torch.from_numpy(np.ascontiguousarray(squares)),
        torch.from_numpy(labels),
        torch.from_numpy(indices),
        view,
    )

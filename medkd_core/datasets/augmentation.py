"""Changes to training images that leave the diagnosis alone, the same for equal seeds.

A change is drawn whole, then made: so that a map of the plain image can be moved exactly as the
image was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from medkd_core.datasets.stain import jitter_stain
from medkd_core.imaging.frame import FloatArray

Square = TypeVar("Square", NDArray[np.uint8], NDArray[np.float32])
Triple = tuple[float, float, float]
AugmentationKind = Literal["film", "tissue"]


@dataclass(frozen=True, slots=True)
class Strength:
    """How far a square may be changed, each drawn evenly from -value to +value.

    Attributes
    ----------
    rotation : float
        Degrees.
    shift : float
        Part of the side.
    scale, contrast, gamma : float
        Natural logarithm of the factor or exponent.
    brightness : float
        Part of the full range.
    stain : float
        Of the factor's distance from 1 and of the offset of each dye, in optical density.
    noise : float
        Largest standard deviation of added noise, part of the full range.
    """

    rotation: float
    shift: float
    scale: float
    contrast: float
    gamma: float
    brightness: float
    stain: float
    noise: float


FILM = Strength(
    rotation=8,
    shift=0.05,
    scale=0.1,
    contrast=0.2,
    gamma=0.2,
    brightness=0.08,
    stain=0,
    noise=0.02,
)
# The stain's 0.05 is HED-light of Tellez et al. (2019).
TISSUE = Strength(
    rotation=0,
    shift=0.03,
    scale=0.1,
    contrast=0.12,
    gamma=0.1,
    brightness=0.05,
    stain=0.05,
    noise=0.01,
)


@dataclass(frozen=True, slots=True)
class Change:
    """What is done to one square, in this order.

    Attributes
    ----------
    quarter_turns : int
        Counter-clockwise.
    mirrored : bool
        Left for right, after the quarter turns.
    rotation : float
        Degrees, counter-clockwise, about the middle.
    scale : float
        Factor, about the middle.
    shift : (float, float)
        To the right and down, parts of the side.
    stain_factors, stain_offsets : (float, float, float) or None
        For `jitter_stain`, which passes over grey squares; None for films.
    gamma, contrast : float
        Exponent, and factor about middle grey.
    brightness : float
        Added, part of the full range.
    noise : float
        Standard deviation, part of the full range.
    noise_seed : int
    """

    quarter_turns: int
    mirrored: bool
    rotation: float
    scale: float
    shift: tuple[float, float]
    stain_factors: Triple | None
    stain_offsets: Triple | None
    gamma: float
    contrast: float
    brightness: float
    noise: float
    noise_seed: int


def draw_change(rng: np.random.Generator, kind: AugmentationKind) -> Change:
    """Draw a change at random; equal states of `rng` give equal changes.

    Films are turned, shifted and scaled a little and exposed differently; they are never mirrored,
    because the heart lies on the left. Tissue has no up or left and is dyed by hand: it is
    mirrored, turned by quarters and stained differently as well.

    Parameters
    ----------
    rng : numpy.random.Generator
    kind : {"film", "tissue"}
    """
    tissue = kind == "tissue"
    most = TISSUE if tissue else FILM
    return Change(
        quarter_turns=int(rng.integers(4)) if tissue else 0,
        mirrored=bool(rng.random() < 0.5) if tissue else False,
        rotation=_about(rng, 0, most.rotation),
        scale=_factor(rng, most.scale),
        shift=(_about(rng, 0, most.shift), _about(rng, 0, most.shift)),
        stain_factors=_triple(rng, 1, most.stain) if tissue else None,
        stain_offsets=_triple(rng, 0, most.stain) if tissue else None,
        gamma=_factor(rng, most.gamma),
        contrast=_factor(rng, most.contrast),
        brightness=_about(rng, 0, most.brightness),
        noise=float(rng.uniform(0, most.noise)),
        noise_seed=int(rng.integers(2**63)),
    )


def apply_change(square: Square, change: Change) -> Square:
    """Make a change.

    Parameters
    ----------
    square : uint8 or float32 [0, 1], (size, size) or (size, size, 3)
    change : Change

    Returns
    -------
    ndarray
        Of the square's type and shape.
    """
    image = _moved(square, change).astype(np.float32) / _white(square)
    if image.ndim == 3 and change.stain_factors and change.stain_offsets:
        image = jitter_stain(image, change.stain_factors, change.stain_offsets)
    image = _noisy(_exposed(image, change), change)
    if square.dtype == np.uint8:
        image = np.rint(image * np.float32(255))
    return image.astype(square.dtype)


def augment_batch(
    squares: Square, indices: Sequence[int], view: int, seed: int, kind: AugmentationKind
) -> Square:
    """Change each of several squares by what seed, view and its own index decide.

    Which other squares are in the batch, and on how many processes it is computed, plays no part.

    Parameters
    ----------
    squares : uint8 or float32 [0, 1], (n, size, size) or (n, size, size, 3)
    indices : sequence of int, n
        The squares' positions in the data set.
    view : int
        Number of the augmented view, from 0.
    seed : int
    kind : {"film", "tissue"}

    Returns
    -------
    ndarray
        Of the squares' type and shape.
    """
    changed = [
        apply_change(square, _change_of(index, view, seed, kind))
        for square, index in zip(squares, indices, strict=True)
    ]
    return np.stack(changed)


def warp_maps(
    maps: FloatArray, indices: Sequence[int], view: int, seed: int, kind: AugmentationKind
) -> FloatArray:
    """Move maps of plain images as `augment_batch` moves the images; their values stay.

    Parameters
    ----------
    maps : float32, (n, size, size)
        Of any resolution, their cells covering the images evenly.
    indices : sequence of int, n
        The images' positions in the data set.
    view, seed, kind
        As for `augment_batch`.

    Returns
    -------
    float32, (n, size, size)
        Cells that the image's surroundings came into have the value of the nearest edge, like the
        image itself.
    """
    warped = [
        _moved(one, _change_of(index, view, seed, kind))
        for one, index in zip(maps, indices, strict=True)
    ]
    return np.stack(warped)


# Maps of several teachers are moved like their image soon after it.
@lru_cache(maxsize=2**15)
def _change_of(index: int, view: int, seed: int, kind: AugmentationKind) -> Change:
    return draw_change(np.random.default_rng([seed, view, index]), kind)


def _moved(square: Square, change: Change) -> Square:
    turned = np.rot90(square, change.quarter_turns)
    if change.mirrored:
        turned = turned[:, ::-1]
    side = square.shape[0]
    middle = ((side - 1) / 2, (side - 1) / 2)
    matrix = cv2.getRotationMatrix2D(middle, change.rotation, change.scale)
    matrix[:, 2] += np.multiply(change.shift, side)
    # Replicated borders: black corners would be a mark that only training images carry.
    return cv2.warpAffine(
        np.ascontiguousarray(turned),
        matrix,
        (side, side),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )


def _exposed(image: FloatArray, change: Change) -> FloatArray:
    curved = np.power(np.clip(image, 0, 1), np.float32(change.gamma))
    middle = np.float32(0.5)
    return (curved - middle) * np.float32(change.contrast) + middle + np.float32(change.brightness)


def _noisy(image: FloatArray, change: Change) -> FloatArray:
    rng = np.random.default_rng(change.noise_seed)
    noise = rng.standard_normal(image.shape, dtype=np.float32)
    return np.clip(image + noise * np.float32(change.noise), 0, 1)


def _white(square: NDArray[np.generic]) -> np.float32:
    return np.float32(255 if square.dtype == np.uint8 else 1)


def _about(rng: np.random.Generator, middle: float, spread: float) -> float:
    return float(middle + rng.uniform(-spread, spread))


def _triple(rng: np.random.Generator, middle: float, spread: float) -> Triple:
    first, second, third = (_about(rng, middle, spread) for _ in range(3))
    return first, second, third


def _factor(rng: np.random.Generator, spread: float) -> float:
    return float(np.exp(rng.uniform(-spread, spread)))

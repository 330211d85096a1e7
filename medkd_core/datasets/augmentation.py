"""Changes to training images that leave the diagnosis alone, the same for equal seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from medkd_core.imaging.frame import FloatArray

Square = TypeVar("Square", NDArray[np.uint8], NDArray[np.float32])
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
    noise : float
        Largest standard deviation of added noise, part of the full range.
    """

    rotation: float
    shift: float
    scale: float
    contrast: float
    gamma: float
    brightness: float
    noise: float


FILM = Strength(
    rotation=8, shift=0.05, scale=0.1, contrast=0.2, gamma=0.2, brightness=0.08, noise=0.02
)
TISSUE = Strength(
    rotation=0, shift=0.03, scale=0.1, contrast=0.12, gamma=0.1, brightness=0.05, noise=0.01
)


def augment(square: Square, rng: np.random.Generator, kind: AugmentationKind) -> Square:
    """Change one square at random.

    Films are turned, shifted and scaled a little and exposed differently; they are never mirrored,
    because the heart lies on the left. Tissue has no up or left: it is mirrored and turned by
    quarters as well.

    Parameters
    ----------
    square : uint8 or float32 [0, 1], (size, size) or (size, size, 3)
    rng : numpy.random.Generator
        Equal states give equal results.
    kind : {"film", "tissue"}

    Returns
    -------
    ndarray
        Of the square's type and shape.
    """
    strength = FILM if kind == "film" else TISSUE
    if kind == "tissue":
        square = _quarter_turn(square, rng)
    moved = _move(square, strength, rng)
    exposed = _expose(moved.astype(np.float32) / _white(square), strength, rng)
    noise = rng.standard_normal(exposed.shape, dtype=np.float32)
    exposed = np.clip(exposed + noise * np.float32(rng.uniform(0, strength.noise)), 0, 1)
    if square.dtype == np.uint8:
        exposed = np.rint(exposed * np.float32(255))
    return exposed.astype(square.dtype)


def augment_batch(
    squares: Square, indices: Sequence[int], epoch: int, seed: int, kind: AugmentationKind
) -> Square:
    """Change each of several squares by what seed, epoch and its own index decide.

    Which other squares are in the batch, and on how many processes it is computed, plays no part.

    Parameters
    ----------
    squares : uint8 or float32 [0, 1], (n, size, size) or (n, size, size, 3)
    indices : sequence of int, n
        The squares' positions in the data set.
    epoch, seed : int
    kind : {"film", "tissue"}
    """
    changed = [
        augment(square, np.random.default_rng([seed, epoch, index]), kind)
        for square, index in zip(squares, indices, strict=True)
    ]
    return np.stack(changed)


def _quarter_turn(square: Square, rng: np.random.Generator) -> Square:
    turned = np.rot90(square, int(rng.integers(4)))
    if rng.random() < 0.5:
        turned = turned[:, ::-1]
    return np.ascontiguousarray(turned)


def _move(square: Square, strength: Strength, rng: np.random.Generator) -> Square:
    side = square.shape[0]
    middle = ((side - 1) / 2, (side - 1) / 2)
    angle = rng.uniform(-strength.rotation, strength.rotation)
    matrix = cv2.getRotationMatrix2D(middle, angle, _factor(rng, strength.scale))
    matrix[:, 2] += rng.uniform(-strength.shift, strength.shift, 2) * side
    # Replicated borders: black corners would be a mark that only training images carry.
    return cv2.warpAffine(
        square, matrix, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )


def _expose(image: FloatArray, strength: Strength, rng: np.random.Generator) -> FloatArray:
    gamma, contrast = _factor(rng, strength.gamma), _factor(rng, strength.contrast)
    brightness = rng.uniform(-strength.brightness, strength.brightness)
    curved = np.power(np.clip(image, 0, 1), np.float32(gamma))
    return (curved - np.float32(0.5)) * np.float32(contrast) + np.float32(0.5 + brightness)


def _white(square: NDArray[np.generic]) -> np.float32:
    return np.float32(255 if square.dtype == np.uint8 else 1)


def _factor(rng: np.random.Generator, spread: float) -> float:
    return float(np.exp(rng.uniform(-spread, spread)))

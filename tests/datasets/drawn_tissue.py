"""Tissue drawn for tests: nuclei and lumina on a pink ground, and copies as LC25000's were made."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

ByteArray = NDArray[np.uint8]

SIDE = 224


def draw_slide(seed: int, side: int = 2 * SIDE) -> ByteArray:
    """A piece of a stained slide, uint8, (side, side, 3)."""
    rng = np.random.default_rng([26, seed])
    ground = rng.integers((210, 150, 190), (245, 200, 225))
    nucleus = rng.integers((70, 40, 110), (130, 90, 170))
    slide = np.full((side, side, 3), ground, np.uint8)
    for _ in range(side * side // 250):
        centre, axes = rng.integers(0, side, 2), rng.integers(3, 10, 2)
        shade = np.clip(nucleus + rng.integers(-30, 30, 3), 0, 255)
        angle = int(rng.integers(180))
        cv2.ellipse(slide, centre.tolist(), axes.tolist(), angle, 0, 360, shade.tolist(), -1)
    coarse = cv2.GaussianBlur(rng.normal(0, 1, (side, side)), (0, 0), 12)
    light = 20 * coarse / coarse.std() + rng.normal(0, 3, (side, side))
    return np.clip(slide + light[..., np.newaxis], 0, 255).astype(np.uint8)


def cut(slide: ByteArray, row: int = SIDE // 2, column: int = SIDE // 2) -> ByteArray:
    """A tile of a slide."""
    return slide[row : row + SIDE, column : column + SIDE]


def copy_of(
    tile: ByteArray, degrees: float, zoom: float = 1.3, stretch: float = 1.0, mirrored: bool = False
) -> ByteArray:
    """A tile turned about its middle, zoomed into so far that no corner shows, and stretched."""
    middle = (SIDE - 1) / 2
    change = cv2.getRotationMatrix2D((middle, middle), degrees, zoom)
    change[0] = change[0] * stretch + [0, 0, middle * (1 - stretch)]
    copy = cv2.warpAffine(tile, change, (SIDE, SIDE), flags=cv2.INTER_CUBIC)
    return np.ascontiguousarray(copy[:, ::-1]) if mirrored else copy


def write_tile(path: Path, tile: ByteArray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(tile).save(path, quality=85)
    return path


def write_tissue(root: Path, classes: tuple[str, ...], originals: int) -> Path:
    """Each original of a class, and a turned, mirrored copy of it, in LC25000's layout."""
    for number, label in enumerate(classes):
        for index in range(originals):
            tile = cut(draw_slide(100 * number + index))
            write_tile(root / label / f"{index}.jpeg", tile)
            write_tile(root / label / f"{index} copy.jpeg", copy_of(tile, 20, mirrored=True))
    return root

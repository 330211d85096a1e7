"""What fills the air spaces: ground glass at the lungs' periphery, or one consolidated lobe."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medkd_core.datasets.phantom_anatomy import LEFT, RIGHT, Anatomy
from medkd_core.datasets.phantom_canvas import Canvas, Points, ellipse
from medkd_core.datasets.phantom_lungs import Tree
from medkd_core.imaging.frame import FloatArray

_BORDER = 0.4
"""An opacity is marked where at least this part of its own filling is reached."""


@dataclass(frozen=True, slots=True)
class Opacity:
    """Part of the lung's gas that is replaced by fluid.

    Attributes
    ----------
    filling : float32, (side, side), [0, 1]
    extent : bool, (side, side)
        Where the opacity is: the marked mask before it is cut to the lungs.
    sides : tuple of int
        `RIGHT`, `LEFT` or both.
    """

    filling: FloatArray
    extent: NDArray[np.bool_]
    sides: tuple[int, ...]


def no_opacity(canvas: Canvas) -> Opacity:
    """Clear lungs."""
    empty = np.zeros((canvas.side, canvas.side), np.float32)
    return Opacity(empty, empty > 0, ())


def ground_glass(
    canvas: Canvas, person: Anatomy, rng: np.random.Generator, inside: FloatArray
) -> Opacity:
    """Hazy patches on both sides, at the periphery and mostly in the lower zones (COVID-19).

    `inside` is the distance of each lung pixel from the lung's border in cm.
    """
    severity = rng.uniform(0.42, 0.8)
    shape = np.zeros((canvas.side, canvas.side), np.float32)
    for side in (RIGHT, LEFT):
        for _ in range(rng.integers(2, 5)):
            patch = canvas.fill(_patch(person, side, rng), softness=rng.uniform(0.5, 0.9))
            shape = np.maximum(shape, patch * np.float32(rng.uniform(0.75, 1)))
    ragged = 1 + 0.55 * canvas.cloud(rng, (3.2, 1.4, 0.6))
    peripheral = 1 / (1 + np.exp((inside - np.float32(rng.uniform(3.2, 4.4))) / np.float32(0.6)))
    shape = np.clip(shape * ragged * peripheral, 0, 1)
    return Opacity(np.float32(severity) * shape, shape > _BORDER, (RIGHT, LEFT))


def _patch(person: Anatomy, side: int, rng: np.random.Generator) -> Points:
    lowest = person.dome(side) + 0.5
    height = lowest - rng.triangular(0.5, 4.0, 16.0)
    wall = float(person.lung_edge(height))
    radii = (rng.uniform(1.3, 2.6), rng.uniform(1.8, 4.2))
    center = (side * (wall - rng.uniform(0.6, 2.4)), height)
    return ellipse(center, radii, turn=side * rng.uniform(-22, 12))


def consolidation(
    canvas: Canvas, person: Anatomy, rng: np.random.Generator, trees: dict[int, Tree]
) -> Opacity:
    """One lobe of one lung filled, softly bordered, often with air left in its bronchi."""
    side = int(rng.choice((RIGHT, LEFT)))
    shape = _lobe(canvas, person, side, rng)
    shape *= 1 + 0.3 * canvas.cloud(rng, (2.6, 1.1))
    shape = np.clip(shape, 0, 1)
    filling = np.float32(rng.uniform(0.6, 0.95)) * shape
    if rng.random() < 0.6:
        filling = filling * (1 - 0.3 * _air_bronchograms(canvas, trees[side]))
    return Opacity(filling, shape > _BORDER, (side,))


def _lobe(canvas: Canvas, person: Anatomy, side: int, rng: np.random.Generator) -> FloatArray:
    dome = person.dome(side)
    fissure = -0.6 + rng.normal(0, 0.4)
    zones = {
        "upper": ((6.5, -6.4), (rng.uniform(3.8, 5.6), rng.uniform(4.0, 5.6))),
        "middle": ((6.4, dome - 4.6), (rng.uniform(3.6, 5.2), rng.uniform(3.0, 4.2))),
        "lower": ((8.2, dome - 1.8), (rng.uniform(3.6, 5.2), rng.uniform(3.6, 5.0))),
    }
    zone = str(rng.choice(list(zones)))
    (x, y), radii = zones[zone]
    center = (side * (x + rng.normal(0, 0.7)), y + rng.normal(0, 0.8))
    shape = canvas.fill(ellipse(center, radii, turn=rng.uniform(-25, 25)), softness=1.0)
    if zone == "lower" or side == LEFT:
        return shape
    # On the right the horizontal fissure cuts upper and middle lobe apart.
    body_y = canvas.grid[1] - np.float32(fissure)
    beyond = body_y if zone == "upper" else -body_y
    return shape / (1 + np.exp(np.clip(beyond / np.float32(0.22), -30, 30)))


def _air_bronchograms(canvas: Canvas, tree: Tree) -> FloatArray:
    branches = np.zeros((canvas.side, canvas.side), np.float32)
    for lines, width in zip(tree.lines[1:4], tree.widths[1:4], strict=True):
        # Bronchi run beside their arteries.
        branches = np.maximum(branches, canvas.stroke(list(lines + 0.3), width * 0.55, blur=0.1))
    return branches

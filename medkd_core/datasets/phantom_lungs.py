"""Airways and vessels of the drawn lungs: trees that fork and taper from the hila outwards."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medkd_core.datasets.phantom_anatomy import LEFT, RIGHT, Anatomy
from medkd_core.datasets.phantom_canvas import (
    Canvas,
    Points,
    ellipse,
    open_curve,
    ribbon,
)
from medkd_core.imaging.frame import FloatArray

GENERATIONS = 7
_ROOT_WIDTH = 0.58
_TAPER = 0.76
_BOOST = 2.6
"""Vessels are drawn thicker than they are, for the many before and behind that are not drawn."""
_RIGHT_BRONCHUS = np.array([(0, 0), (-1.6, 2.0), (-3.2, 4.8)])
_LEFT_BRONCHUS = np.array([(0, 0), (1.8, 1.5), (3.7, 4.1)])
"""From the fork of the trachea, in cm."""


@dataclass(frozen=True, slots=True)
class Tree:
    """Twigs by generation: lines (n, 3, 2) in body cm, and the width of each generation in cm."""

    lines: tuple[Points, ...]
    widths: tuple[float, ...]


def hilum(person: Anatomy, side: int) -> Points:
    """Where vessels and bronchi enter a lung; the left one stands higher."""
    return np.array([side * 3.6 + person.turn, -1.4 if side == LEFT else -0.4])


def grow_tree(person: Anatomy, side: int, rng: np.random.Generator) -> Tree:
    """Grow the vessels of one lung."""
    headings = np.deg2rad(np.array([-74, -50, -24, 6, 30, 50, 68, 80]) + rng.normal(0, 9, 8))
    reach = np.array([3.6, 3.7, 3.4, 3.4, 3.7, 4.0, 4.2, 3.9]) * rng.uniform(0.85, 1.15, 8)
    starts = np.tile(hilum(person, side), (8, 1)) + rng.normal(0, 0.25, (8, 2))
    lines, widths, width = [], [], _ROOT_WIDTH
    for _ in range(GENERATIONS):
        bend = rng.normal(0, 0.3, len(headings))
        middle = starts + _step(headings - bend, reach / 2, side)
        ends = middle + _step(headings + bend, reach / 2, side)
        lines.append(np.stack([starts, middle, ends], axis=1))
        widths.append(width)
        spread = rng.uniform(0.2, 0.75, len(headings))
        headings = np.concatenate(
            [headings - spread, headings + spread * rng.uniform(0.4, 1, len(spread))]
        )
        starts = np.concatenate([ends, ends])
        reach = np.concatenate([reach, reach]) * rng.uniform(0.55, 0.86, len(headings))
        width *= _TAPER
    return Tree(tuple(lines), tuple(widths))


def _step(heading: Points, length: Points, side: int) -> Points:
    return np.column_stack([side * np.cos(heading), np.sin(heading)]) * length[:, None]


def draw_vessels(canvas: Canvas, person: Anatomy, trees: dict[int, Tree]) -> FloatArray:
    """Thickness of blood in cm, float32, (side, side): vessels and the knots of the hila."""
    blood = np.zeros((canvas.side, canvas.side), np.float32)
    for tree in trees.values():
        for lines, width in zip(tree.lines, tree.widths, strict=True):
            blood += canvas.stroke(list(lines), width, blur=0.25 * width) * np.float32(
                _BOOST * width
            )
    return blood + _hila(canvas, person)


def _hila(canvas: Canvas, person: Anatomy) -> FloatArray:
    blobs = []
    for side in (RIGHT, LEFT):
        x, y = hilum(person, side)
        blobs.append(ellipse((x + side * 0.5, y), (1.1, 1.9), turn=-side * 14))
        lower = open_curve([(x, y), (x + side * 0.9, y + 2.2), (x + side * 1.4, y + 4.8)], 12)
        blobs.append(ribbon(lower, np.linspace(1.5, 0.8, 12)))
    return np.float32(3.2) * canvas.fill(*blobs, softness=0.45)


def draw_airways(canvas: Canvas, person: Anatomy) -> FloatArray:
    """Thickness of air in cm in trachea and main bronchi, float32, (side, side)."""
    fork = np.array([person.turn * 0.5 - 0.2, -4.6])
    shift = -0.35 * person.aorta
    trachea = open_curve([(0.1, -30), (0, -13), (shift, -8), tuple(fork)], 40)
    right = open_curve(fork + _RIGHT_BRONCHUS, 20)
    left = open_curve(fork + _LEFT_BRONCHUS, 20)
    tubes = canvas.fill(ribbon(trachea, 1.75), softness=0.1) * np.float32(2.1)
    bronchi = canvas.fill(ribbon(right, 1.15), ribbon(left, 0.95), softness=0.12)
    return np.maximum(tubes, bronchi * np.float32(1.2))

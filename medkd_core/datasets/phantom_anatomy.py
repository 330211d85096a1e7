"""One drawn person: sizes drawn from a seed, and the outlines that follow from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medkd_core.datasets.phantom_canvas import Points, closed_curve, open_curve

RIGHT, LEFT = -1, 1
"""Sign of x for the patient's right and left side."""


@dataclass(frozen=True, slots=True)
class Anatomy:
    """The measures of one person and of how that person stood, in cm unless said otherwise.

    Attributes
    ----------
    width : float
        Inner half width of the rib cage at its widest.
    apex, right_dome, left_dome : float
        Heights (y) of the lungs' tips and of the two halves of the diaphragm.
    recess : float
        How far the costophrenic angle reaches below the dome.
    heart, lean : float
        Size of the heart (1 is average) and how far its apex points to the left.
    aorta : float
        How far the aortic knob stands out.
    turn : float
        Shift of the front of the chest against the spine when the person stands turned.
    girth : float
        Depth of the chest from front to back.
    wall : float
        Soft tissue beside the ribs.
    breasts : float
        Thickness of the breast shadows; 0 for none.
    rib_slope : float
        1 is average; more makes the ribs hang.
    rib_strength : float
        Mineral of the bones, 1 is average.
    shoulder, scapula : float
        Height of the shoulders; how far the shoulder blades were turned out of the lungs.
    bubble : float
        Size of the gas in the stomach, 0 for none.
    """

    width: float
    apex: float
    right_dome: float
    left_dome: float
    recess: float
    heart: float
    lean: float
    aorta: float
    turn: float
    girth: float
    wall: float
    breasts: float
    rib_slope: float
    rib_strength: float
    shoulder: float
    scapula: float
    bubble: float

    def lung_edge(self, y: float | Points) -> Points:
        """Inner half width of the rib cage at height `y`."""
        span = self.right_dome + self.recess - self.apex
        level = np.clip((np.asarray(y, float) - self.apex) / span, 0, 1)
        profile = np.interp(level, _EDGE_LEVELS, _EDGE_WIDTHS)
        edge: Points = profile * self.width
        return edge

    def dome(self, side: int) -> float:
        """Height of the diaphragm on a side."""
        return self.right_dome if side == RIGHT else self.left_dome


_EDGE_LEVELS, _EDGE_WIDTHS = open_curve(
    [
        (0, 0.36),
        (0.03, 0.52),
        (0.1, 0.68),
        (0.22, 0.81),
        (0.4, 0.92),
        (0.62, 0.985),
        (0.85, 1),
        (1, 0.985),
    ],
    200,
).T
"""Half width of the rib cage, as part of the widest, between the lungs' tips (0) and bases (1)."""


def draw_anatomy(rng: np.random.Generator) -> Anatomy:
    """Draw a person."""
    inspiration = rng.normal(0, 0.8)
    right_dome = 8.6 + inspiration
    return Anatomy(
        width=rng.normal(13.3, 0.7),
        apex=rng.normal(-13.4, 0.5),
        right_dome=right_dome,
        left_dome=right_dome + rng.uniform(0.5, 1.7),
        recess=rng.uniform(3.0, 4.6),
        heart=float(np.clip(rng.normal(1 - 0.03 * inspiration, 0.08), 0.82, 1.25)),
        lean=rng.uniform(-0.6, 0.8),
        aorta=rng.uniform(0.1, 0.9),
        turn=rng.normal(0, 0.35),
        girth=float(np.clip(rng.normal(21, 2.2), 17, 27)),
        wall=float(np.clip(rng.normal(2.6, 0.8), 1.4, 5)),
        breasts=float(rng.uniform(0.8, 3.2) * (rng.random() < 0.5)),
        rib_slope=rng.normal(1, 0.12),
        rib_strength=float(np.clip(rng.normal(1, 0.18), 0.6, 1.4)),
        shoulder=rng.normal(-14.6, 0.6),
        scapula=rng.uniform(0.2, 2.6),
        bubble=float(rng.uniform(0.7, 1.6) * (rng.random() < 0.75)),
    )


def lung_outline(person: Anatomy, side: int) -> Points:
    """Whole outline of a lung, the part behind heart and mediastinum included, (n, 2)."""
    dome, angle = person.dome(side), person.dome(side) + person.recess
    heights = np.linspace(person.apex, angle, 40)
    wall = np.column_stack([person.lung_edge(heights), heights])
    wall[:, 0] = np.maximum(wall[:, 0], 4.7)
    edge = float(person.lung_edge(angle))
    base = open_curve(
        [
            (edge, angle),
            (edge * 0.95, dome + person.recess * 0.62),
            (edge * 0.84, dome + person.recess * 0.3),
            (edge * 0.7, dome + person.recess * 0.08),
            (edge * 0.54, dome),
            (edge * 0.38, dome + 0.3),
            (edge * 0.22, dome + 1.1),
            (1.2, dome + 1.9),
        ]
    )
    inner = open_curve([(1.2, dome + 1.9), (1.0, 0), (2.0, -9), (3.0, person.apex + 0.9)], 30)
    tip = open_curve([(3.0, person.apex + 0.9), (3.7, person.apex + 0.15), (4.7, person.apex)], 12)
    outline = np.vstack([wall, base, inner, tip])
    return outline * [side, 1]


def mediastinum_outline(person: Anatomy) -> Points:
    """Outline of the great vessels and the heart, clockwise from the neck, (n, 2)."""
    size, floor, turn = person.heart, person.left_dome + 1.5, person.turn
    points = [
        (2.0, -18),
        (2.2, -13),
        (2.5 + turn, -9.5),
        (3.0 + person.aorta + turn, -7.0),
        (3.1 + person.aorta * 0.8 + turn, -5.6),
        (3.1 + turn, -4.3),
        (3.9 * size + turn, -2.6),
        (5.8 * size + turn, 0.8),
        (7.9 * size + person.lean + turn, 4.0),
        (8.9 * size + person.lean + turn, 6.8),
        (8.3 * size + person.lean + turn, floor - 0.9),
        (6.0 * size + person.lean + turn, floor + 0.6),
        (1.0, floor + 2.5),
        (-3.2, person.right_dome + 2.2),
        (-3.5 * size + turn, person.right_dome - 0.6),
        (-4.1 * size + turn, 4.4),
        (-3.7 * size + turn, 1.2),
        (-2.7 + turn * 0.7, -1.8),
        (-2.6 + turn * 0.7, -6.0),
        (-2.6, -9.5),
        (-2.2, -13),
        (-2.0, -18),
    ]
    return closed_curve(points, 160)


def body_outline(person: Anatomy) -> Points:
    """Outline of neck, shoulders, raised arms and trunk, running out of the film, (n, 2)."""
    flank = person.width + 0.9 + person.wall
    top = person.shoulder
    half = open_curve(
        [
            (5.6, -40),
            (5.4, -21),
            (6.2, top - 3.4),
            (9.5, top - 1.7),
            (14.5, top - 0.6),
            (18.5, top + 1.2),
            (22.0, top + 5.0),
            (25.0, top + 10),
            (24.0, top + 14.5),
            (flank + 2.6, top + 13.6),
            (flank + 0.55, top + 11.2),
            (flank + 0.1, top + 13.2),
            (flank, 2),
            (flank - 0.2, 10),
            (flank + 0.3, 40),
        ],
        140,
    )
    return np.vstack([half, (half * [-1, 1])[::-1]])

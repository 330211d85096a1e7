"""The bones of the drawn chest: ribs, clavicles, shoulder blades and spine."""

from __future__ import annotations

import numpy as np

from medkd_core.datasets.phantom_anatomy import LEFT, RIGHT, Anatomy
from medkd_core.datasets.phantom_canvas import (
    Canvas,
    Points,
    closed_curve,
    ellipse,
    open_curve,
    ribbon,
)
from medkd_core.imaging.frame import FloatArray

RIBS = 11
_FIRST_VERTEBRA = 0.4
"""Height of the first rib's head below the tip of the lung, in cm."""


def draw_bones(canvas: Canvas, person: Anatomy, rng: np.random.Generator) -> FloatArray:
    """Attenuation of all bones beyond that of soft tissue, float32, (side, side)."""
    bones = _ribs(canvas, person, rng) + _clavicles(canvas, person, rng)
    bones += _shoulders(canvas, person) + _spine(canvas, person)
    return canvas.blur(bones * np.float32(person.rib_strength), 0.035)


def rib_line(person: Anatomy, number: int, side: int, angles: Points) -> Points:
    """Centre line of a rib seen from the front.

    A rib is half an ellipse that hangs forward: at `angles` from 0 (spine) over pi/2 (flank) to pi
    (breastbone) it is ``sin`` of its half width to the side and ``(1 - cos) / 2`` of its drop down.
    """
    head = vertebra_height(person, number)
    drop = np.interp(number, [1, 2, 4, 8, 11], [3.2, 4.8, 6.6, 8.4, 7.6]) * person.rib_slope
    half_width = float(person.lung_edge(head + drop / 2)) + 0.35
    # A rib rises a little where it leaves the spine.
    rise = -0.35 * np.sin(np.clip(angles * 2.2, 0, np.pi))
    x = side * half_width * np.sin(angles)
    y = head + drop * (1 - np.cos(angles)) / 2 + rise
    return np.column_stack([x, y])


def vertebra_height(person: Anatomy, number: float) -> float:
    """Height (y) of a thoracic vertebra, counted from 1; they grow towards the waist."""
    step = number - 1
    return person.apex + _FIRST_VERTEBRA + 1.92 * step + 0.034 * step * step


def _ribs(canvas: Canvas, person: Anatomy, rng: np.random.Generator) -> FloatArray:
    back, front = np.linspace(0.16, np.pi / 2, 40), np.linspace(np.pi / 2, 2.55, 30)
    jitter = rng.normal(0, 0.09, (RIBS + 1, 2))
    behind: list[Points] = []
    before: list[Points] = []
    for number in range(1, RIBS + 1):
        for side in (RIGHT, LEFT):
            shift = [0, jitter[number, max(side, 0)]]
            width = 0.92 + 0.03 * min(number, 7)
            line = rib_line(person, number, side, back) + shift
            behind.append(ribbon(line, np.linspace(width * 0.8, width, len(line))))
            if number <= 7:
                line = rib_line(person, number, side, front) + shift
                flare = np.linspace(width, width * 1.2, len(line))
                before.append(ribbon(line, flare))
    return _rib_layer(canvas, person, behind, 0.17) + _rib_layer(canvas, person, before, 0.095)


def _rib_layer(canvas: Canvas, person: Anatomy, bands: list[Points], strength: float) -> FloatArray:
    marrow = canvas.fill(*bands, softness=0.05)
    cortex = canvas.stroke(bands, 0.13, blur=0.03)
    x = canvas.grid[0]
    # At the flank the beam runs along the rib, so that it meets more bone.
    grazing = (np.clip(np.abs(x) / np.float32(person.width), 0, 1) ** 6).astype(np.float32)
    bone = (marrow + np.float32(0.55) * cortex) * (1 + np.float32(0.9) * grazing)
    return np.float32(strength) * bone


def _clavicles(canvas: Canvas, person: Anatomy, rng: np.random.Generator) -> FloatArray:
    lift = rng.normal(0, 0.3, 2)
    level = vertebra_height(person, 3.6)
    bands = []
    for side, raised in zip((RIGHT, LEFT), lift, strict=True):
        line = open_curve(
            [
                (1.5, level),
                (3.6, level - 1.1),
                (7.0, level - 1.9 + raised),
                (11.0, level - 2.9 + raised),
                (14.6, person.shoulder + 1.6),
                (16.8, person.shoulder + 2.0),
            ]
        )
        line = line * [side, 1] + [person.turn, 0]
        width = np.interp(np.arange(60), [0, 6, 25, 45, 59], [1.9, 1.4, 1.05, 1.15, 0.6])
        bands.append(ribbon(line, width))
    return np.float32(0.24) * canvas.fill(*bands, softness=0.06) + np.float32(0.2) * canvas.stroke(
        bands, 0.16, blur=0.04
    )


def _shoulders(canvas: Canvas, person: Anatomy) -> FloatArray:
    blades, edges, heads = [], [], []
    top, out = person.shoulder + 2.2, person.scapula
    for side in (RIGHT, LEFT):
        blade = [
            (10.2 + out, top + 0.6),
            (9.6 + out, top + 4.5),
            (11.2 + out, top + 11.5),
            (12.2 + out, top + 12.3),
            (14.4 + out * 0.7, top + 7),
            (16.0, top + 3.6),
            (16.6, top + 1.6),
            (13.4, top + 0.9),
        ]
        blades.append(closed_curve(np.array(blade) * [side, 1]))
        edges.append(open_curve(np.array(blade[:6]) * [side, 1]))
        acromion = open_curve(
            np.array([(10.6 + out, top + 2.4), (14.5, top + 0.6), (17.8, top - 0.3)]) * [side, 1]
        )
        heads += [ribbon(acromion, 1.0), ellipse((18.6 * side, top + 2.4), (2.3, 2.4))]
        arm = open_curve(np.array([(18.8, top + 3), (20.2, top + 8), (22.0, top + 16)]) * [side, 1])
        heads.append(ribbon(arm, 2.3))
    blade_bone = 0.12 * canvas.fill(*blades, softness=0.12)
    rim = 0.2 * canvas.stroke(edges, 0.22, blur=0.07)
    return blade_bone + rim + 0.2 * canvas.fill(*heads, softness=0.15)


def _spine(canvas: Canvas, person: Anatomy) -> FloatArray:
    bodies, pedicles, wings, spines = [], [], [], []
    for number in range(-8, 15):
        y = vertebra_height(person, number)
        half_width = float(np.interp(number, [-4, 1, 12], [1.15, 1.45, 1.95]))
        half_height = (vertebra_height(person, number + 1) - y) * 0.41
        bodies.append(_vertebral_body(y, half_width, half_height))
        for side in (RIGHT, LEFT):
            root = side * half_width
            pedicles.append(ellipse((root * 0.66, y - half_height * 0.35), (0.26, 0.42)))
            wings.append(
                ribbon(np.array([(root * 0.8, y - 0.2), (root + side * 1.25, y - 0.45)]), 0.75)
            )
        spines.append(ellipse((-person.turn * 0.6, y + half_height * 0.9), (0.24, 0.7)))
    bone = np.float32(0.15) * canvas.fill(*bodies, softness=0.15)
    bone += np.float32(0.09) * canvas.stroke(bodies, 0.12, blur=0.07)
    bone += np.float32(0.09) * canvas.stroke(pedicles, 0.13, blur=0.04)
    bone += np.float32(0.06) * canvas.fill(*wings, softness=0.08)
    return bone + np.float32(0.13) * canvas.fill(*spines, softness=0.07)


def _vertebral_body(y: float, half_width: float, half_height: float) -> Points:
    """A box with a waist, closed: its first point is its last."""
    waist = half_width * 0.9
    top, bottom = y - half_height, y + half_height
    outline = [
        (-half_width, top),
        (0, y - half_height * 0.92),
        (half_width, top),
        (waist, y),
        (half_width, bottom),
        (0, y + half_height * 0.92),
        (-half_width, bottom),
        (-waist, y),
    ]
    return closed_curve(outline, 40)

"""The phantom: a drawn chest film with exact lung and infection masks, from a seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from medkd_core.datasets.phantom_anatomy import (
    LEFT,
    RIGHT,
    Anatomy,
    body_outline,
    draw_anatomy,
    lung_outline,
    mediastinum_outline,
)
from medkd_core.datasets.phantom_bones import draw_bones
from medkd_core.datasets.phantom_canvas import Canvas, ellipse
from medkd_core.datasets.phantom_film import draw_exposure, expose, finish, tone
from medkd_core.datasets.phantom_lungs import Tree, draw_airways, draw_vessels, grow_tree
from medkd_core.datasets.phantom_opacities import (
    Opacity,
    consolidation,
    ground_glass,
    no_opacity,
)
from medkd_core.errors import DatasetError
from medkd_core.imaging.frame import FloatArray

PHANTOM_CLASSES = ("COVID-19", "Non-COVID", "Normal")

_TISSUE = 0.165
"""Attenuation of soft tissue per cm at about 120 kV."""
_AIR_IN_LUNG = 0.72
"""Part of the lungs' volume that is gas at full inspiration."""


@dataclass(frozen=True, slots=True)
class Phantom:
    """A drawn chest film of nobody.

    Attributes
    ----------
    film : float32, (side, side), [0, 1]
        In the sense of MONOCHROME2: bone and heart bright, air dark.
    lung_mask, infection_mask : bool, (side, side)
        Lungs as far as heart, mediastinum and diaphragm leave them free, and the opacities in them.
    label : str
        One of `PHANTOM_CLASSES`.
    sides : tuple of str
        The patient's sides that have opacities: ``"R"``, ``"L"``.
    pixel_spacing : float
        Millimetres between pixel centres.
    seed : int
    """

    film: FloatArray
    lung_mask: NDArray[np.bool_]
    infection_mask: NDArray[np.bool_]
    label: str
    sides: tuple[Literal["R", "L"], ...]
    pixel_spacing: float
    seed: int


def draw_phantom(seed: int, label: str, side: int = 512, *, dose: float = 1.0) -> Phantom:
    """Draw a chest film.

    Person, exposure and opacities have random streams of their own: films of one seed and
    different labels show the same person, taken in the same way, with and without disease. No
    mark, crop or exposure therefore tells the class.

    Parameters
    ----------
    seed : int
        Any non-negative number; equal arguments give equal films.
    label : str
        ``"COVID-19"`` (bilateral, peripheral, hazy), ``"Non-COVID"`` (one consolidated lobe) or
        ``"Normal"``.
    side : int, default 512
        Pixels of a side; the anatomy does not depend on it.
    dose : float, default 1
        X-ray quanta, as a multiple of what the seed draws: more gives a film with less noise.

    Raises
    ------
    DatasetError
        For a label that the phantom does not know.
    """
    if label not in PHANTOM_CLASSES:
        raise DatasetError(
            f"Cannot draw a phantom of class {label!r}",
            because=f"the classes are {', '.join(PHANTOM_CLASSES)}",
        )
    body, disease, film = (np.random.default_rng([seed, stream]) for stream in range(3))
    person = draw_anatomy(body)
    canvas = _position(side, body)
    trees = {s: grow_tree(person, s, body) for s in (RIGHT, LEFT)}
    chest = _Chest(canvas, person, trees, body)
    opacity = _draw_opacity(chest, label, disease)
    exposure = draw_exposure(film)
    reading = expose(canvas, chest.attenuation(opacity.filling), exposure, dose, film)
    shown = tone(canvas, reading, chest.anchors(), exposure)
    lung_mask = chest.visible_lung > 0.5
    return Phantom(
        film=finish(canvas, shown, exposure),
        lung_mask=lung_mask,
        infection_mask=lung_mask & opacity.extent,
        label=label,
        sides=tuple("R" if s == RIGHT else "L" for s in opacity.sides),
        pixel_spacing=10 / canvas.pixels_per_cm,
        seed=seed,
    )


def _position(side: int, rng: np.random.Generator) -> Canvas:
    """How the person stands before the film: distance, place and tilt."""
    field = rng.uniform(36.5, 41)
    center = (rng.normal(0, 0.5), rng.normal(-1.6, 0.9))
    return Canvas(side, field, center, rng.normal(0, 1.3))


def _draw_opacity(chest: _Chest, label: str, rng: np.random.Generator) -> Opacity:
    if label == "COVID-19":
        inside = chest.canvas.depth(chest.lungs)
        return ground_glass(chest.canvas, chest.person, rng, inside)
    if label == "Non-COVID":
        return consolidation(chest.canvas, chest.person, rng, chest.trees)
    return no_opacity(chest.canvas)


class _Chest:
    """The layers of a chest, as thicknesses in cm, before any disease."""

    def __init__(
        self,
        canvas: Canvas,
        person: Anatomy,
        trees: dict[int, Tree],
        rng: np.random.Generator,
    ) -> None:
        self.canvas, self.person, self.trees = canvas, person, trees
        outlines = [lung_outline(person, side) for side in (RIGHT, LEFT)]
        self.lungs = canvas.fill(*outlines, softness=0.06)
        center = canvas.fill(mediastinum_outline(person), softness=0.1)
        self.visible_lung = self.lungs * (1 - center)
        # Some lung lies behind the heart, so that its shadow is not opaque.
        self.gas = self._gas(center) * (1 + np.float32(0.05) * canvas.cloud(rng, (1.6, 0.6, 0.3)))
        self.blood = draw_vessels(canvas, person, trees)
        self.bones = draw_bones(canvas, person, rng)
        self.airways = draw_airways(canvas, person)
        self.tissue = self._tissue(center)

    def attenuation(self, filling: FloatArray) -> FloatArray:
        """Line integral of the whole chest with a part of the lungs' gas filled with fluid."""
        gas = self.gas * (1 - filling)
        blood = self.blood * self.visible_lung * (1 - 0.8 * filling)
        tissue = np.maximum(self.tissue - gas + blood - self.airways, 0)
        return np.float32(_TISSUE) * tissue + self.bones

    def anchors(self) -> tuple[float, float]:
        """Readings of open lung and of the mediastinum of a person of this girth."""
        girth = self.person.girth
        return _TISSUE * girth * 0.42, _TISSUE * girth * 1.02

    def _gas(self, center: FloatArray) -> FloatArray:
        depth = self.canvas.dome(self.lungs, 4.2)
        open_lung = depth * (1 - np.float32(0.8) * center)
        # The tips of the lungs are thin, under shoulders and neck.
        below_tip = self.canvas.grid[1] - np.float32(self.person.apex)
        open_lung *= np.interp(below_tip, [0, 3, 8], [0.5, 0.8, 1]).astype(np.float32)
        deepest = np.float32(self.person.girth * 0.78 * _AIR_IN_LUNG)
        return deepest * self.canvas.blur(open_lung, 0.12) * self.lungs

    def _tissue(self, center: FloatArray) -> FloatArray:
        canvas, person = self.canvas, self.person
        body = canvas.fill(body_outline(person), softness=0.12)
        y = canvas.grid[1]
        # Thin at the neck, deepest at the upper belly.
        profile = np.interp(y, [-22, -15, -8, 2, 12, 20], [0.56, 0.74, 0.9, 0.97, 1.07, 1.12])
        depth = np.float32(person.girth) * profile.astype(np.float32)
        tissue = canvas.dome(body, 5.0) ** 0.8 * depth
        tissue = canvas.blur(tissue, 0.7) * body
        tissue += self._breasts() + np.float32(1.2) * canvas.blur(center, 0.8)
        return tissue - self._stomach_bubble()

    def _breasts(self) -> FloatArray:
        person, canvas = self.person, self.canvas
        if person.breasts == 0:
            return np.zeros((canvas.side, canvas.side), np.float32)
        shadows = [ellipse((s * 8.3, 5.6), (5.6, 5.4), turn=s * 12) for s in (RIGHT, LEFT)]
        mound = canvas.fill(*shadows)
        return canvas.blur(canvas.dome(mound, 3.6), 0.3) * np.float32(person.breasts)

    def _stomach_bubble(self) -> FloatArray:
        person, canvas = self.person, self.canvas
        if person.bubble == 0:
            return np.zeros((canvas.side, canvas.side), np.float32)
        top = person.left_dome + 1.0
        radii = (2.3 * person.bubble, 1.7 * person.bubble)
        gas = canvas.fill(ellipse((5.8, top + radii[1]), radii, turn=-12), softness=0.1)
        level = top + radii[1] * 1.25
        above = canvas.fill([(-9, -40), (20, -40), (20, level), (-9, level)], softness=0.05)
        return canvas.blur(canvas.dome(gas, 1.6) * gas * above, 0.08) * np.float32(4.5)

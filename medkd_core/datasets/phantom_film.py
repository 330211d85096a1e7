"""From attenuation to a film: scatter, quantum noise, display processing, marker, collimation."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from medkd_core.datasets.phantom_canvas import Canvas
from medkd_core.imaging.frame import FloatArray


@dataclass(frozen=True, slots=True)
class Exposure:
    """How the film was taken and shown.

    Attributes
    ----------
    scatter : float
        Scattered radiation for each unit that came through directly.
    quanta : float
        X-ray quanta that reach a square centimetre of the detector in open air.
    latitude : float
        How much of large differences in attenuation the display keeps (1: all).
    dark, bright : float
        Display values, [0, 1], at which lungs and mediastinum are set.
    marker : str
        ``"R"``, ``"L"`` or empty.
    marker_place : (float, float)
        As parts of the film's side, from its nearer upper corner.
    collimation : tuple of float
        Shuttered part of the film at the left, top, right and bottom.
    """

    scatter: float
    quanta: float
    latitude: float
    dark: float
    bright: float
    marker: str
    marker_place: tuple[float, float]
    collimation: tuple[float, float, float, float]


def draw_exposure(rng: np.random.Generator) -> Exposure:
    """Draw how a film was taken; it knows nothing of the person or of the class."""
    shutters = rng.uniform(0.004, 0.05, 4) * (rng.random(4) < 0.25)
    left, top, right, bottom = (float(s) for s in shutters)
    return Exposure(
        scatter=rng.uniform(0.5, 1.1),
        quanta=float(np.exp(rng.uniform(np.log(2e6), np.log(1.2e7)))),
        latitude=rng.uniform(0.5, 0.72),
        dark=rng.uniform(0.17, 0.31),
        bright=rng.uniform(0.8, 0.92),
        marker=str(rng.choice(["R", "L", ""], p=[0.4, 0.4, 0.2])),
        marker_place=(rng.uniform(0.03, 0.09), rng.uniform(0.04, 0.12)),
        collimation=(left, top, right, bottom),
    )


def expose(
    canvas: Canvas,
    attenuation: FloatArray,
    exposure: Exposure,
    dose: float,
    rng: np.random.Generator,
) -> FloatArray:
    """What the detector reads: minus the logarithm of the radiation that arrives.

    Direct radiation follows Beer's law; scatter is a wide blur of it; quantum noise is Poisson.
    """
    direct = np.exp(-canvas.blur(attenuation, 0.025))
    arriving = direct + np.float32(exposure.scatter) * canvas.blur(direct, 4.0)
    arriving /= np.float32(1 + exposure.scatter)
    quanta = np.float32(dose * exposure.quanta / canvas.pixels_per_cm**2)
    # Above some dozens of quanta a Poisson count is normal with the root as its deviation.
    noise = rng.standard_normal(arriving.shape, dtype=np.float32)
    counted = arriving * quanta + noise * np.sqrt(arriving * quanta)
    return -np.log(np.maximum(counted / quanta, np.float32(1e-4)))


def tone(
    canvas: Canvas, reading: FloatArray, anchors: tuple[float, float], exposure: Exposure
) -> FloatArray:
    """Display values in [0, 1]: large differences compressed, lungs and mediastinum set in place.

    `anchors` are readings of open lung and of the mediastinum.
    """
    coarse = canvas.blur(reading, 2.6)
    level = np.float32(exposure.latitude) * coarse + (reading - coarse)
    low, high = (exposure.latitude * a for a in anchors)
    scale = (exposure.bright - exposure.dark) / (high - low)
    value = exposure.dark + (level - np.float32(low)) * np.float32(scale)
    return _shoulder_and_toe(value)


def _shoulder_and_toe(value: FloatArray) -> FloatArray:
    """A film's curve: straight in the middle, bending softly towards 0 and 1."""
    return np.float32(0.5) + np.float32(0.5) * np.tanh(
        (value - np.float32(0.5)) * np.float32(1.9)
    ) / np.float32(np.tanh(1.05))


def finish(canvas: Canvas, film: FloatArray, exposure: Exposure) -> FloatArray:
    """Put the side marker on and close the collimator."""
    film = film.copy()
    side = canvas.side
    if exposure.marker:
        _write_marker(film, exposure)
    left, top, right, bottom = (round(part * side) for part in exposure.collimation)
    film[:top], film[side - bottom :] = 0, 0
    film[:, :left], film[:, side - right :] = 0, 0
    return np.clip(film, 0, 1)


def _write_marker(film: FloatArray, exposure: Exposure) -> None:
    side = film.shape[0]
    scale, thick = side / 512 * 1.0, max(1, round(side / 512 * 2.4))
    (width, height), _ = cv2.getTextSize(exposure.marker, cv2.FONT_HERSHEY_DUPLEX, scale, thick)
    inset, down = (round(part * side) for part in exposure.marker_place)
    # The patient faces us: the right side is on the image's left.
    column = inset if exposure.marker == "R" else side - inset - width
    lead = np.zeros(film.shape, np.uint8)
    cv2.putText(
        lead,
        exposure.marker,
        (column, down + height),
        cv2.FONT_HERSHEY_DUPLEX,
        scale,
        255,
        thick,
        cv2.LINE_AA,
    )
    np.maximum(film, lead * np.float32(0.97 / 255), out=film)

"""How a picture lies in the patient, in letters, and how fast its frames follow each other."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from pydicom import Dataset

_AXES = (("L", "R"), ("P", "A"), ("H", "F"))
"""The patient's axes: towards larger and towards smaller values (PS3.3 C.7.6.2.1.1)."""
_SECOND_LETTER = 0.25
"""Cosine from which a direction has a second letter: about 15 degrees off its axis."""
_MOST_FRAMES = 10_000
_FASTEST = 1000.0


def orientation(header: Dataset) -> tuple[str, str]:
    """Where rows and columns run to in the patient: ``("L", "F")``, oblique ``("LA", "F")``.

    From Patient Orientation (PS3.3 C.7.6.1.1.1), else from Image Orientation (Patient)
    (PS3.3 C.7.6.2.1.1), of the picture or of all its frames alike; empty when the file does not
    say.
    """
    try:
        row, column = (_known_letters(str(side)) for side in header.PatientOrientation)
    except (AttributeError, ValueError, TypeError, LookupError):
        row = column = ""
    if row or column:
        return row, column
    try:
        cosines = _cosines(header)
        return letters(*cosines[:3]), letters(*cosines[3:])
    except (AttributeError, ValueError, TypeError, LookupError):
        return "", ""


def letters(x: float, y: float, z: float) -> str:
    """A direction in the patient as one letter, or two when it is oblique.

    Parameters
    ----------
    x, y, z : float
        Direction cosines; need not be normalised.

    Returns
    -------
    str
        The nearest of L R, P A, H F first; empty when there is no direction.
    """
    length = math.hypot(x, y, z)
    if not (math.isfinite(length) and length > 0):
        return ""
    shares = [(abs(value) / length, _AXES[axis][value < 0]) for axis, value in enumerate((x, y, z))]
    shares.sort(key=lambda share: -share[0])
    (_, first), (second_share, second), _ = shares
    return first + second if second_share >= _SECOND_LETTER else first


def frame_rate(header: Dataset) -> float:
    """Frames a second that the file asks to be shown at; 0 when it does not say.

    Recommended Display Frame Rate, Cine Rate or Frame Time (PS3.3 C.7.6.5, C.7.6.16).
    """
    for keyword in ("RecommendedDisplayFrameRate", "CineRate", "FrameTime"):
        try:
            value = float(header.get(keyword))
        except (ValueError, TypeError, LookupError):
            continue
        rate = 1000.0 / value if keyword == "FrameTime" and value > 0 else value
        if 0 < rate <= _FASTEST:
            return rate
    return 0.0


def _known_letters(side: str) -> str:
    """A person's directions; those of animals have no opposites among these letters."""
    side = side.strip().upper()
    return side if side and set(side) <= set("LRAPHF") and len(side) <= len(_AXES) else ""


def _cosines(header: Dataset) -> list[float]:
    if header.get("AnatomicalOrientationType") == "QUADRUPED":
        raise ValueError("an animal's directions have other letters")
    planes = [[float(value) for value in plane] for plane in _planes(header)]
    if any(not np.allclose(plane, planes[0], atol=1e-3) for plane in planes):
        raise ValueError("the frames lie differently")
    return planes[0]


def _planes(header: Dataset) -> Iterator[list[float]]:
    if "ImageOrientationPatient" in header:
        yield header.ImageOrientationPatient
        return
    for keyword in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        for group in list(header.get(keyword) or ())[:_MOST_FRAMES]:
            for plane in group.get("PlaneOrientationSequence") or ():
                yield plane.ImageOrientationPatient

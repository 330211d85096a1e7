"""The letters of the patient's sides, as the film is turned on the screen."""

from __future__ import annotations

from dataclasses import dataclass

from medkd_viewer.reading.film import Film
from medkd_viewer.reading.viewport import Viewport

_OPPOSITE = str.maketrans("LRAPHF", "RLPAFH")


@dataclass(frozen=True, slots=True)
class EdgeLetters:
    """Letters for the four edges of the screen; empty where the file does not say."""

    left: str = ""
    top: str = ""
    right: str = ""
    bottom: str = ""


def edge_letters(film: Film, viewport: Viewport) -> EdgeLetters:
    """Which side of the patient lies at which edge, after mirror and turn (PS3.3 C.7.6.1.1.1)."""
    right, bottom = film.instance.orientation
    left, top = right.translate(_OPPOSITE), bottom.translate(_OPPOSITE)
    if viewport.mirrored:
        left, right = right, left
    clockwise = [left, top, right, bottom]
    turns = viewport.quarter_turns
    return (
        EdgeLetters(*clockwise[-turns:], *clockwise[:-turns]) if turns else EdgeLetters(*clockwise)
    )

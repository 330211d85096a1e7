"""The letters of the patient's sides, as the film is turned on the screen."""

from __future__ import annotations

from medkd_viewer.reading.film import Film
from medkd_viewer.reading.viewport import Viewport

# Frontal films are stored as seen from the front: the patient's right on the left (PS3.3 C.8.11.4
# leaves no other way for a film that is to be hung as it is stored).
_FRONTAL_VIEWS = {"PA", "AP"}
_FRONTAL_LETTERS = ("R", "", "L", "")


def side_letters(film: Film, viewport: Viewport) -> tuple[str, str]:
    """Letters for the left and right edge of the screen; empty where the file does not say."""
    if film.instance.view not in _FRONTAL_VIEWS:
        return "", ""
    left, top, right, bottom = _FRONTAL_LETTERS
    if viewport.mirrored:
        left, right = right, left
    ring = [left, top, right, bottom]
    turns = viewport.quarter_turns
    turned = ring[-turns:] + ring[:-turns] if turns else ring
    return turned[0], turned[2]

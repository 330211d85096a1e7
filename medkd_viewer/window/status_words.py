"""What the bars say about cursor, maps, device and work, as sentences."""

from __future__ import annotations

from medkd_viewer.findings.opinion import ModelStatus, SecondOpinion
from medkd_viewer.findings.words import time_left_words
from medkd_viewer.measuring.readings import pixel_values, unit_of
from medkd_viewer.reading.network_pane import NetworkPane
from medkd_viewer.reading.state import ReadingState

_MOST_MAP_VALUES = 4


def cursor_words(state: ReadingState) -> str:
    """Column, row and value under the cursor: ``"x 2014 y 1712 · 1 622"``, or ``"· -894 HU"``."""
    if state.cursor is None or state.film is None:
        return ""
    film, (column, row) = state.film, (int(place) for place in state.cursor)
    values = pixel_values(film.frame, column, row)
    unit = unit_of(film.frame, film.instance)
    shown = " ".join(_grouped(value) for value in values)
    # Where there is no unit, words that say so would only crowd the bar.
    has_unit = len(values) == 1 and " " not in unit
    return f"x {column} y {row} · {shown}{f' {unit}' if has_unit else ''}"


def map_words(state: ReadingState, panes: dict[str, NetworkPane]) -> str:
    """What each map says under the cursor: ``"Map here: student 0.91 · DenseNet-201 0.84"``."""
    if state.cursor is None:
        return ""
    parts = []
    for pane in panes.values():
        value = pane.map_value(*state.cursor)
        if value is not None:
            name = "student" if pane.view.is_student else pane.view.label
            parts.append(f"{name} {value:.2f}")
    return "Map here: " + " · ".join(parts[:_MOST_MAP_VALUES]) if parts else ""


def activity_words(opinion: SecondOpinion) -> str:
    """What is running and how long it will take; empty when nothing is."""
    if opinion.status is ModelStatus.OPENING:
        return "Opening the model"
    view = opinion.running
    if view is None:
        return "Asking the networks" if opinion.is_asking else ""
    words = f"Computing the {view.label} map"
    if view.total:
        words += f", {_grouped(view.done)} of {_grouped(view.total)}"
    seconds = opinion.seconds_left()
    return words if seconds is None else f"{words} · {time_left_words(seconds)}"


def device_words(opinion: SecondOpinion) -> str:
    """Where it is computed; what was asked for while that is not known."""
    if opinion.device:
        return opinion.device
    return "Best device" if opinion.device_key == "auto" else opinion.device_key


def _grouped(value: float) -> str:
    text = f"{value:,.0f}" if float(value).is_integer() else f"{value:,.4g}"
    return text.replace(",", "\u202f")

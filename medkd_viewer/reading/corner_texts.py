"""What stands in the corners of a film, as lines of text."""

from __future__ import annotations

from dataclasses import dataclass

from medkd_core.imaging.frame import Spacing, SpacingBasis, Window
from medkd_core.imaging.study import Instance, Study
from medkd_viewer.reading.film import Film, Voi

Lines = tuple[str, ...]

_SEXES = {"F": "F", "M": "M", "O": "other"}
_AGE_UNITS = {"Y": "y", "M": "months", "W": "weeks", "D": "days"}


@dataclass(frozen=True, slots=True)
class CornerTexts:
    """Lines for the four corners, top to bottom."""

    top_left: Lines
    top_right: Lines
    bottom_left: Lines
    bottom_right: Lines


def corner_texts(film: Film, voi: Voi | None, scale: float) -> CornerTexts:
    """The corner texts of a film shown through a window, at screen pixels for a film pixel."""
    study, instance = film.study, film.instance
    number, images = film.position
    person = " · ".join(filter(None, (study.patient_id, sex(study), age(study))))
    taken = " · ".join(filter(None, (image_name(instance, study), date(study))))
    columns, rows = film.size
    size = f"Zoom {scale:.2f} · {columns} × {rows}"
    return CornerTexts(
        top_left=_filled(study.patient_name, person),
        top_right=_filled(taken),
        bottom_left=_filled(window_text(voi), f"Image {number} of {images}"),
        bottom_right=_filled(size, spacing_text(film.frame.spacing)),
    )


def image_name(instance: Instance, study: Study) -> str:
    """What was taken, for a person: ``"Chest PA"``, or the study's description."""
    part = instance.body_part.replace("_", " ").capitalize()
    named = " ".join(filter(None, (part, instance.view)))
    return named or study.description or instance.modality


def window_text(voi: Voi | None) -> str:
    """Width and level as reading stations write them: ``"W 3200 L 1840 · Lungs"``."""
    if voi is None:
        return ""
    name = voi.explanation
    if isinstance(voi, Window):
        figures = f"W {_figure(voi.width)} L {_figure(voi.center)}"
        return f"{figures} · {name}" if name else figures
    return f"LUT · {name}" if name else "LUT"


def _figure(value: float) -> str:
    """Whole numbers from 100 on, four figures below; never with an exponent for large ones."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.4g}"


def spacing_text(spacing: Spacing | None) -> str:
    """Pixel spacing with how it is known."""
    if spacing is None:
        return "size in mm not known"
    basis = "basis unknown" if spacing.basis is SpacingBasis.UNKNOWN else spacing.basis.value
    return f"{spacing.row_mm:.3g} mm/px, {basis}"


def date(study: Study) -> str:
    """``YYYYMMDD`` as ``YYYY-MM-DD``; anything else as it is."""
    raw = study.date
    return f"{raw[:4]}-{raw[4:6]}-{raw[6:]}" if len(raw) == 8 and raw.isdigit() else raw


def sex(study: Study) -> str:
    """Patient's sex as one word."""
    return _SEXES.get(study.patient_sex, study.patient_sex)


def age(study: Study) -> str:
    """``061Y`` as ``61 y``; anything else as it is."""
    raw = study.patient_age
    if len(raw) == 4 and raw[:3].isdigit() and raw[3] in _AGE_UNITS:
        return f"{int(raw[:3])} {_AGE_UNITS[raw[3]]}"
    return raw


def _filled(*lines: str) -> Lines:
    return tuple(line for line in lines if line)

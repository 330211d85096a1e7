"""What stands in the corners of a film, as lines of text."""

from __future__ import annotations

from dataclasses import dataclass

from medkd_core.imaging.display.voi import Voi
from medkd_core.imaging.frame import Spacing, Window
from medkd_core.imaging.study import Instance, Study
from medkd_viewer.hiding import without_patient
from medkd_viewer.joining import joined
from medkd_viewer.reading.film import Film
from medkd_viewer.reading.scale_bar import basis_words

Lines = tuple[str, ...]

_SEXES = {"F": "F", "M": "M", "O": "other"}
_LATERALITIES = {"L": "left", "R": "right", "B": "both sides"}
_AGE_UNITS = {"Y": "y", "M": "months", "W": "weeks", "D": "days"}


@dataclass(frozen=True, slots=True)
class CornerTexts:
    """Lines for the four corners, top to bottom and the most important first."""

    top_left: Lines
    top_right: Lines
    bottom_left: Lines
    bottom_right: Lines


def corner_texts(
    film: Film, voi: Voi | None, scale: float, *, patient_hidden: bool = False, rate: float = 0.0
) -> CornerTexts:
    """The corner texts of a film shown through a window.

    Parameters
    ----------
    scale : float
        Screen pixels for a film pixel.
    patient_hidden : bool
        Leave out who the patient is.
    rate : float
        Images a second while they are played; 0 while they are not.
    """
    study, instance = film.study, film.instance
    person = joined(study.patient_id, sex(study), age(study))
    name, series = image_name(instance, study), series_text(film)
    if patient_hidden:
        name, series = without_patient(name, study), without_patient(series, study)
    taken = joined(name, laterality(instance))
    usual = "As acquired" if voi is film.first_voi else ""
    columns, rows = film.size
    size = joined(f"Zoom {zoom_text(scale)}", f"{columns} × {rows}")
    return CornerTexts(
        top_left=() if patient_hidden else _filled(study.patient_name, person),
        top_right=_filled(taken, date(study), series),
        bottom_left=_filled(image_text(film, rate), window_text(voi, usual)),
        bottom_right=_filled(size, spacing_text(film.frame.spacing)),
    )


def zoom_text(scale: float) -> str:
    """Screen pixels for a film pixel, in per cent."""
    return f"{scale * 100:.0f} %" if scale >= 0.1 else f"{scale * 100:.1f} %"


def image_text(film: Film, rate: float = 0.0) -> str:
    """Which image of how many, and how fast they follow: ``"Image 3 of 40 · 15 per second"``.

    Nothing where there is only one.
    """
    number, images = film.position
    if images == 1:
        return ""
    text = f"Image {number} of {images}"
    return f"{text} · {rate:.3g} per second" if rate else text


def series_text(film: Film) -> str:
    """Description of the film's series, and its number where the study has several."""
    series = film.series
    if series is None:
        return ""
    is_told = series.number is not None and len(film.study.series) > 1
    number = f"Series {series.number}" if is_told else ""
    named = image_name(film.instance, film.study)
    description = "" if series.description == named else series.description
    return joined(number, description)


def laterality(instance: Instance) -> str:
    """Which of paired parts: ``"left"``, ``"right"``; empty where the file does not say."""
    return _LATERALITIES.get(instance.laterality.upper(), "")


def image_name(instance: Instance, study: Study) -> str:
    """What was taken, for a person: ``"Chest PA"``, or the study's description."""
    part = instance.body_part.replace("_", " ").capitalize()
    named = " ".join(filter(None, (part, instance.view)))
    return named or study.description or instance.modality


def window_text(voi: Voi | None, name: str = "") -> str:
    """Width and level as reading stations write them: ``"W 3200 L 1840 · Lungs"``.

    Parameters
    ----------
    voi : Window, LookupTable or None
    name : str
        For one that does not explain itself.
    """
    if voi is None:
        return ""
    figures = "LUT"
    if isinstance(voi, Window):
        figures = f"W {_figure(voi.width)} L {_figure(voi.center)}"
    name = voi.explanation or name
    return f"{figures} · {name}" if name else figures


def _figure(value: float) -> str:
    """Whole numbers from 100 on, four figures below; never with an exponent for large ones."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.4g}"


def spacing_text(spacing: Spacing | None) -> str:
    """Pixel spacing with how it is known, down and across where they differ."""
    if spacing is None or spacing.is_shape_only:
        return "size in mm not known"
    down, across = f"{spacing.row_mm:.3g}", f"{spacing.column_mm:.3g}"
    figures = down if down == across else f"{down} × {across}"
    return f"{figures} mm/px, {basis_words(spacing)}"


def date(study: Study) -> str:
    """``YYYYMMDD``, or ``YYYY.MM.DD`` of old files, as ``YYYY-MM-DD``; anything else as it is."""
    digits = study.date.replace(".", "")
    known = len(digits) == 8 and digits.isdigit()
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:]}" if known else study.date


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

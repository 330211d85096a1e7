"""The windows behind the keys 0 to 9: as acquired, auto, chest presets, those of the file."""

from __future__ import annotations

from dataclasses import dataclass

from medkd_core.imaging.display_values import shows_low_as_bright
from medkd_core.imaging.display_voi import Voi
from medkd_core.imaging.display_windows import (
    auto_window,
    default_voi,
    full_window,
    voi_choices,
)
from medkd_core.imaging.frame import Frame, Photometric, Rescale, VoiFunction, Window

_CHEST_IN_HOUNSFIELD = {
    2: Window(-600, 1500, VoiFunction.LINEAR_EXACT, "Lungs"),
    3: Window(300, 1500, VoiFunction.LINEAR_EXACT, "Bone"),
    4: Window(40, 400, VoiFunction.LINEAR_EXACT, "Mediastinum"),
}
_CHEST_IN_PERCENTILES = {
    2: ("Lungs", 2.0, 60.0),
    3: ("Bone", 20.0, 98.0),
    4: ("Mediastinum", 50.0, 99.8),
}
_PROJECTIONS = {"CR", "DX", "RG", "OT"}
_KEYS_OF_THE_FILE = range(5, 9)


@dataclass(frozen=True, slots=True)
class Preset:
    """What one number key looks through."""

    key: int
    name: str
    voi: Voi


def window_presets(frame: Frame, modality: str) -> tuple[Preset, ...]:
    """The presets of a frame, by rising key.

    Parameters
    ----------
    frame : Frame
    modality : str
        As in `Instance`.

    Returns
    -------
    tuple of Preset
        0 as acquired, 1 auto, 2 lungs, 3 bone, 4 mediastinum, 5 to 8 further windows and tables of
        the file, 9 full range. Keys that make no sense are left out; colour has none.
    """
    if frame.photometric is Photometric.RGB:
        return ()
    return (
        Preset(0, "As acquired", default_voi(frame)),
        Preset(1, "Auto", auto_window(frame)),
        *_chest_presets(frame, modality),
        *_presets_of_the_file(frame),
        Preset(9, "Full range", full_window(frame)),
    )


def _presets_of_the_file(frame: Frame) -> list[Preset]:
    further = voi_choices(frame)[1 : len(frame.voi)]
    return [
        Preset(key, name, voi) for key, (name, voi) in zip(_KEYS_OF_THE_FILE, further, strict=False)
    ]


def _chest_presets(frame: Frame, modality: str) -> list[Preset]:
    if _is_in_hounsfield(frame, modality):
        return [Preset(key, w.explanation, w) for key, w in _CHEST_IN_HOUNSFIELD.items()]
    if modality in _PROJECTIONS:
        return [
            _from_the_film(frame, key, f"{name}, from this film", low, high)
            for key, (name, low, high) in _CHEST_IN_PERCENTILES.items()
        ]
    return []


def _is_in_hounsfield(frame: Frame, modality: str) -> bool:
    """CT is in Hounsfield units unless it says otherwise (PS3.3 C.8.2.1); 8 bits are a picture."""
    transform = frame.modality
    return (
        modality == "CT"
        and isinstance(transform, Rescale)
        and transform.unit.upper() in ("", "HU")
        and frame.bits_stored > 8
    )


def _from_the_film(frame: Frame, key: int, name: str, low: float, high: float) -> Preset:
    if shows_low_as_bright(frame):
        low, high = 100 - high, 100 - low
    window = auto_window(frame, low, high)
    return Preset(key, name, Window(window.center, window.width, window.function, name))

"""The windows behind the keys 0 to 9: as acquired, auto, chest presets, those of the file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from medkd_core.imaging.display.values import shows_low_as_bright
from medkd_core.imaging.display.voi import Voi
from medkd_core.imaging.display.windows import (
    auto_window,
    choices_of_the_file,
    default_voi,
    full_window,
    percentiles,
    window_between,
)
from medkd_core.imaging.frame import Frame, Photometric, Rescale, VoiFunction, Window

# Usual figures of CT stations, which differ by some tens of units between makers.
_CHEST_IN_HOUNSFIELD = {
    2: Window(-600, 1500, VoiFunction.LINEAR_EXACT, "Lungs"),
    3: Window(300, 1500, VoiFunction.LINEAR_EXACT, "Bone"),
    4: Window(40, 400, VoiFunction.LINEAR_EXACT, "Mediastinum"),
}
# A projection film has no units. On 200 frontal films with lung masks the lungs lay between the 1st
# and the 81st percentile of the film without its margin, nine tenths of them below the 61st; heart
# and mediastinum between the 54th and the 98th. Ribs are seen over both.
_CHEST_IN_PERCENTILES = {
    2: ("Lungs", 0.5, 72.0),
    3: ("Bone", 5.0, 94.0),
    4: ("Mediastinum", 40.0, 99.5),
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
    offered = _offered(frame, modality)
    return tuple(Preset(key, name, make()) for key, (name, make) in offered.items())


def preset_names(frame: Frame, modality: str) -> dict[int, str]:
    """What the presets of a frame are called, by rising key; no pixel is looked at."""
    return {key: name for key, (name, _) in _offered(frame, modality).items()}


def _offered(frame: Frame, modality: str) -> dict[int, tuple[str, Callable[[], Voi]]]:
    """By key the name of each preset, and what finds its window."""
    if frame.photometric is Photometric.RGB:
        return {}
    return {
        0: ("As acquired", partial(default_voi, frame)),
        1: ("Auto", partial(auto_window, frame)),
        **_chest_presets(frame, modality),
        **_presets_of_the_file(frame),
        9: ("Full range", partial(full_window, frame)),
    }


def _presets_of_the_file(frame: Frame) -> dict[int, tuple[str, Callable[[], Voi]]]:
    further = choices_of_the_file(frame)[1:]
    return {
        key: (name, partial(_itself, voi))
        for key, (name, voi) in zip(_KEYS_OF_THE_FILE, further, strict=False)
    }


def _itself(voi: Voi) -> Voi:
    return voi


def _chest_presets(frame: Frame, modality: str) -> dict[int, tuple[str, Callable[[], Voi]]]:
    if _is_in_hounsfield(frame, modality):
        windows = _CHEST_IN_HOUNSFIELD.items()
        return {key: (window.explanation, partial(_itself, window)) for key, window in windows}
    if modality in _PROJECTIONS:
        return {
            key: (_name_from_the_film(key), partial(_from_the_film, frame, key))
            for key in _CHEST_IN_PERCENTILES
        }
    return {}


def _is_in_hounsfield(frame: Frame, modality: str) -> bool:
    """CT is in Hounsfield units unless it says otherwise (PS3.3 C.8.2.1); 8 bits are a picture."""
    transform = frame.modality
    return (
        modality == "CT"
        and isinstance(transform, Rescale)
        and transform.unit.upper() in ("", "HU")
        and frame.bits_stored > 8
    )


def _name_from_the_film(key: int) -> str:
    return f"{_CHEST_IN_PERCENTILES[key][0]}, from this film"


def _from_the_film(frame: Frame, key: int) -> Window:
    _, low, high = _CHEST_IN_PERCENTILES[key]
    if shows_low_as_bright(frame):
        low, high = 100 - high, 100 - low
    lowest, highest = percentiles(_without_margin(frame), [low, high])
    return window_between(frame, lowest, highest, _name_from_the_film(key))


def _without_margin(frame: Frame) -> Frame:
    """What is left without a tenth at each side: collimation, air and letters lie there."""
    down, across = frame.rows // 10, frame.columns // 10
    middle = frame.stored[down : frame.rows - down, across : frame.columns - across]
    return replace(frame, stored=middle)

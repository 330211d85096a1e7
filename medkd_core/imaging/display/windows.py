"""The windows and tables that a frame can be looked at through."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import numpy as np

from medkd_core.imaging.display.values import distribution, shows_low_as_bright
from medkd_core.imaging.display.voi import Voi
from medkd_core.imaging.frame import Frame, Photometric, VoiFunction, Window

_ENOUGH_PIXELS = 2**20


def default_voi(frame: Frame) -> Voi:
    """The first LUT or window of the file, else the full range of the picture."""
    return frame.voi[0] if frame.voi else full_window(frame)


def auto_window(frame: Frame, low: float = 1.0, high: float = 99.0) -> Window:
    """Window from the `low` to the `high` percentile of the picture, padding left out.

    Both ends are values that occur in the picture.
    """
    lowest, highest = percentiles(frame, [low, high])
    return window_between(frame, lowest, highest, "Auto")


def percentiles(frame: Frame, shares: Sequence[float]) -> list[float]:
    """Values of the modality that occur in the picture, padding left out, by shares in [0, 100].

    Pixels of more than 16 bits are not counted one by one: a million of them, evenly spread, stand
    for all.
    """
    values, counts = distribution(frame)
    if counts is None:
        values = values[:: 1 + values.size // _ENOUGH_PIXELS]
    found = np.percentile(values, shares, weights=counts, method="inverted_cdf")
    return [float(value) for value in found]


def full_window(frame: Frame) -> Window:
    """Window from the smallest to the largest value of the picture, padding left out."""
    values, _ = distribution(frame)
    return window_between(frame, float(values.min()), float(values.max()), "Full range")


def voi_choices(frame: Frame) -> list[tuple[str, Voi]]:
    """Every way to look at a grey frame, by name: those of the file, then auto and full range.

    A name is the file's explanation, with a number where another has it already (upper and lower
    case are the same), so that each can be asked for. Empty for colour, which is shown as it is.
    """
    if frame.photometric is Photometric.RGB:
        return []
    computed = (auto_window(frame), full_window(frame))
    return _named([*frame.voi, *computed])


def choices_of_the_file(frame: Frame) -> list[tuple[str, Voi]]:
    """The windows and tables of the file, by the names that `voi_choices` gives them."""
    return _named(frame.voi)


def window_between(frame: Frame, low: float, high: float, explanation: str) -> Window:
    """Window in which `low` and all below are at one end, `high` and all above at the other."""
    if high > low:
        # Halved first: the ends of what doubles can hold are further apart than that.
        center, width = low / 2 + high / 2, min(high - low, sys.float_info.max)
    else:
        # A picture of one value, as an empty mask is, shows black.
        width = max(1.0, abs(low) / 1e6)
        center = low - width / 2 if shows_low_as_bright(frame) else low + width / 2
    return Window(center, width, VoiFunction.LINEAR_EXACT, explanation)


def _named(vois: Sequence[Voi]) -> list[tuple[str, Voi]]:
    choices: dict[str, tuple[str, Voi]] = {}
    for position, voi in enumerate(vois, start=1):
        name = free = _own_name(voi, position)
        number = 1
        while free.casefold() in choices:
            number += 1
            free = f"{name} ({number})"
        choices[free.casefold()] = (free, voi)
    return list(choices.values())


def _own_name(voi: Voi, position: int) -> str:
    if voi.explanation:
        return voi.explanation
    return f"Window {position}" if isinstance(voi, Window) else f"LUT {position}"

"""The window of one film for another, so that both look alike though they count otherwise."""

from __future__ import annotations

from medkd_core.imaging.display.values import shows_low_as_bright
from medkd_core.imaging.display.voi import Voi
from medkd_core.imaging.frame import Photometric, VoiFunction, Window
from medkd_viewer.reading.film import Film, as_window

_PROJECTIONS = frozenset(("CR", "DX", "MG", "RG", "RF", "XA", "IO", "PX", "OT", "SC", ""))
"""Radiographs, under every name that makers and scanners of films give them."""


def may_share_a_window(one: Film, other: Film) -> bool:
    """Both are grey and of one modality; all radiographs count as one."""
    colour = Photometric.RGB
    if (one.frame.photometric is colour) is not (other.frame.photometric is colour):
        return False
    modalities = {one.instance.modality, other.instance.modality}
    return len(modalities) == 1 or modalities <= _PROJECTIONS


def shared_window(voi: Voi, leader: Film, film: Film) -> Voi:
    """The window with which a film looks as the leader does with its own.

    Parameters
    ----------
    voi : Window or LookupTable
        What the leader is seen through.
    leader, film : Film
        Two films that `may_share_a_window`, both grey.

    Returns
    -------
    Window or LookupTable
        The preset of the same key; of a CT the same window, in Hounsfield units. Else machines
        count brightness differently: the window is as much wider and brighter than the film's own
        as the leader's is than the leader's own.
    """
    key = next((preset.key for preset in leader.presets if preset.voi is voi), None)
    preset = next((preset for preset in film.presets if preset.key == key), None)
    if preset is not None:
        return preset.voi
    if leader.instance.modality == "CT" and isinstance(voi, Window):
        return voi
    assert film.first_voi is not None and leader.first_voi is not None
    window, its_first, first = (as_window(v) for v in (voi, leader.first_voi, film.first_voi))
    ratio = first.width / its_first.width
    shift = (window.center - its_first.center) * ratio
    # Where low values are shown bright, a higher centre brightens.
    opposed = shows_low_as_bright(leader.frame) is not shows_low_as_bright(film.frame)
    width = window.width * ratio
    # LINEAR allows no width below 1 (PS3.3 C.11.2.1.2.1).
    narrow = window.function is VoiFunction.LINEAR and width < 1
    function = VoiFunction.LINEAR_EXACT if narrow else window.function
    return Window(first.center + (-shift if opposed else shift), width, function)

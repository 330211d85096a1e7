"""The film in hand: a decoded frame, where it comes from, and its pixels for the screen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medkd_core.imaging.display.chain import brightness_table, display_bytes
from medkd_core.imaging.display.presets import Preset, preset_names, window_presets
from medkd_core.imaging.display.steps import applied_steps
from medkd_core.imaging.display.values import has_table, look_up
from medkd_core.imaging.display.voi import Voi, table_window
from medkd_core.imaging.display.windows import (
    auto_window,
    default_voi,
    full_window,
    voi_choices,
)
from medkd_core.imaging.frame import (
    MOST_OBLONG,
    Frame,
    Photometric,
    Spacing,
    StoredArray,
    VoiFunction,
    Window,
)
from medkd_core.imaging.study import Instance, Series, Study
from medkd_viewer.findings.results import BoundedCache
from medkd_viewer.reading.sampling import Sampler, VisiblePart

Pixels = NDArray[np.uint8]

_PIXELS_OF_A_SPAN = 600
_NARROW = 50
_SIDE_OF_A_SAMPLE = 512
_PARTS_KEPT = 5
"""As many as the largest layout has panes."""


@dataclass(frozen=True, slots=True)
class FilmAddress:
    """Where a film is found again: the file and which of its frames."""

    path: Path
    frame: int


class Film:
    """One frame of a study, ready to be shown.

    Parameters
    ----------
    frame : Frame
    study, instance : Study, Instance
        What the headers say about it.
    address : FilmAddress
    position : (int, int)
        The how-manieth of how many images of the study, from 1.
    """

    def __init__(
        self,
        frame: Frame,
        study: Study,
        instance: Instance,
        address: FilmAddress,
        position: tuple[int, int],
    ) -> None:
        self.frame = frame
        self.study = study
        self.instance = instance
        self.address = address
        self.position = position
        self._sampler = Sampler(frame.stored)
        self._parts: BoundedCache[StoredArray] = BoundedCache(_PARTS_KEPT)
        self._table: tuple[Voi | None, bool, Pixels] | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows."""
        return self.frame.columns, self.frame.rows

    @property
    def aspect(self) -> float:
        """Height of a pixel for its width."""
        return pixel_aspect(self.frame.spacing)

    @cached_property
    def series(self) -> Series | None:
        """The series that the image belongs to."""
        uid = self.instance.uid
        of_image = (s for s in self.study.series if any(i.uid == uid for i in s.instances))
        return next(of_image, None)

    @cached_property
    def first_voi(self) -> Voi | None:
        """The window or table that the film is opened with; None in colour."""
        colour = self.frame.photometric is Photometric.RGB
        return None if colour else default_voi(self.frame)

    @cached_property
    def windows(self) -> tuple[tuple[str, Voi], ...]:
        """Every window and table that can be chosen, by name; empty in colour."""
        return tuple(voi_choices(self.frame))

    @cached_property
    def presets(self) -> tuple[Preset, ...]:
        """What the keys 0 to 9 look through; empty in colour."""
        return window_presets(self.frame, self.instance.modality)

    @cached_property
    def preset_names(self) -> dict[int, str]:
        """What the windows of the keys are called, without finding them; empty in colour."""
        return preset_names(self.frame, self.instance.modality)

    def steps(self, voi: Voi | None, *, inverted: bool) -> tuple[str, ...]:
        """How this film comes to be shown as it is, a line a step."""
        return applied_steps(self.frame, voi, inverted=inverted)

    @cached_property
    def drag_span(self) -> float:
        """How far a drag goes: the width of the first window, kept within sense for the picture.

        In units of the modality; above 0.
        """
        if self.first_voi is None:
            return 1.0
        stride = max(1, max(self.size) // _SIDE_OF_A_SAMPLE)
        sample = replace(self.frame, stored=self.frame.stored[::stride, ::stride])
        narrowest, widest = auto_window(sample).width / 20, full_window(sample).width
        return max(narrowest, min(as_window(self.first_voi).width, widest))

    def stored_part(self, part: VisiblePart) -> StoredArray:
        """Stored values at the resolution of a part of the screen; panes of one size share them."""
        known = self._parts.get(part)
        if known is None:
            known = self._sampler.sample(part)
            self._parts.put(part, known)
        return known

    def brightness(self, part: StoredArray, voi: Voi | None, *, inverted: bool) -> Pixels:
        """Brightness of stored values of this film.

        Returns
        -------
        uint8, shape of `part`
        """
        if not has_table(part):
            return display_bytes(self.frame, voi, part, inverted=inverted)
        # The window by identity: tables hold arrays, which cannot be compared with ==.
        if self._table is None or self._table[0] is not voi or self._table[1] != inverted:
            self._table = voi, inverted, brightness_table(self.frame, voi, inverted=inverted)
        return np.asarray(look_up(part, self._table[2]))


def pixel_aspect(spacing: Spacing | None) -> float:
    """Height of a pixel for its width; 1 where that is not known or makes no sense."""
    if spacing is None:
        return 1.0
    ratio = spacing.row_mm / spacing.column_mm
    return ratio if 1 / MOST_OBLONG <= ratio <= MOST_OBLONG else 1.0


def dragged_window(voi: Voi, dx: float, dy: float, span: float) -> Window:
    """The window after a drag: right is wider, down is a higher centre.

    Parameters
    ----------
    voi : Window or LookupTable
        A table goes on as the window that looks most like it.
    dx, dy : float
        Pixels dragged.
    span : float
        `Film.drag_span`: a drag over 600 pixels moves the centre by it.
    """
    window = _draggable(voi)
    step = span / _PIXELS_OF_A_SPAN
    width = max(window.width + 2 * dx * step, span / 1000)
    return replace(window, width=width, center=window.center + dy * step, explanation="")


def as_window(voi: Voi) -> Window:
    """The window itself, or the one that looks most like a table."""
    return voi if isinstance(voi, Window) else table_window(voi)


def _draggable(voi: Voi) -> Window:
    window = as_window(voi)
    if window.function is not VoiFunction.LINEAR or window.width > _NARROW:
        return window
    # LINEAR ends as a step at width 1 (PS3.3 C.11.2.1.2.1), too early for values such as 0.001.
    # This is the same picture, and has no such end.
    return Window(window.center - 0.5, max(window.width - 1, 0), VoiFunction.LINEAR_EXACT)

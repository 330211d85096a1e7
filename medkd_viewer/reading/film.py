"""The film in hand: a decoded frame, where it comes from, and its pixels for the screen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medkd_core.imaging.display import display_bytes
from medkd_core.imaging.display_steps import applied_steps
from medkd_core.imaging.display_windows import default_voi, voi_choices
from medkd_core.imaging.frame import Frame, LookupTable, Photometric, StoredArray, Window
from medkd_core.imaging.presets import Preset, window_presets
from medkd_core.imaging.study import Instance, Series, Study
from medkd_viewer.reading.sampling import Sampler, VisiblePart

Voi = Window | LookupTable
Pixels = NDArray[np.uint8]


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

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows."""
        return self.frame.columns, self.frame.rows

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

    def steps(self, voi: Voi | None, *, inverted: bool) -> tuple[str, ...]:
        """How this film comes to be shown as it is, a line a step."""
        return applied_steps(self.frame, voi, inverted=inverted)

    def stored_part(self, part: VisiblePart) -> StoredArray:
        """Stored values at the resolution of a part of the screen."""
        return self._sampler.sample(part)

    def brightness(self, part: StoredArray, voi: Voi | None, *, inverted: bool) -> Pixels:
        """Brightness of stored values of this film.

        Returns
        -------
        uint8, shape of `part`
        """
        return display_bytes(self.frame, voi, part, inverted=inverted)

    def value(self, column: float, row: float) -> float | None:
        """The stored value at a place, or None outside or in colour."""
        value = self._sampler.value(column, row)
        return None if value is None or np.ndim(value) else float(value)


def dragged_window(voi: Voi | None, dx: float, dy: float, span: float) -> Window:
    """The window after a drag: right is wider, down is darker (a higher centre).

    Parameters
    ----------
    dx, dy : float
        Pixels dragged.
    span : float
        Width of the film's first window, which sets how far a pixel goes.
    """
    window = as_window(voi, span)
    step = max(span, 1.0) / 600
    width = max(window.width + dx * step * 2, span / 1000, 1e-6)
    return replace(window, width=width, center=window.center + dy * step, explanation="")


def as_window(voi: Voi | None, span: float) -> Window:
    """A window over the same values as a table, so that it can be dragged."""
    if isinstance(voi, Window):
        return voi
    if isinstance(voi, LookupTable):
        entries = len(voi.values)
        return Window(center=voi.first + entries / 2, width=float(max(entries, 2)))
    return Window(center=span / 2, width=span)

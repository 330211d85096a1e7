"""One picture as it was stored, with everything that is needed to show it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

MOST_OBLONG = 20.0
"""How many times as long as wide a pixel is believed to be; beyond it the numbers are a lie."""

FloatArray = NDArray[np.float32]
StoredArray = NDArray[np.generic]


class Photometric(StrEnum):
    """How stored values become brightness; every colour model is RGB once decoded."""

    MONOCHROME1 = "MONOCHROME1"
    MONOCHROME2 = "MONOCHROME2"
    RGB = "RGB"


class VoiFunction(StrEnum):
    """The three window functions of DICOM PS3.3 C.11.2.1.3."""

    LINEAR = "LINEAR"
    LINEAR_EXACT = "LINEAR_EXACT"
    SIGMOID = "SIGMOID"


class SpacingBasis(StrEnum):
    """How a pixel spacing is known."""

    CALIBRATED = "calibrated"
    AT_DETECTOR = "at detector"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Rescale:
    """Linear modality transform, ``stored * slope + intercept`` (PS3.3 C.11.1)."""

    slope: float = 1.0
    intercept: float = 0.0
    unit: str = ""


@dataclass(frozen=True, slots=True)
class LookupTable:
    """A modality or VOI look-up table (PS3.3 C.11.1, C.11.2).

    Attributes
    ----------
    first : int
        Input value mapped to ``values[0]``; lower and higher inputs take the end values.
    values : ndarray, int64, (entries,)
    bits : int
        Bits of each entry: the output runs from 0 to ``2**bits - 1``.
    explanation : str
    """

    first: int
    values: NDArray[np.int64]
    bits: int
    explanation: str = ""


@dataclass(frozen=True, slots=True)
class Window:
    """A VOI window: centre and width in the units that the modality transform gives."""

    center: float
    width: float
    function: VoiFunction = VoiFunction.LINEAR
    explanation: str = ""


@dataclass(frozen=True, slots=True)
class Spacing:
    """Distance of neighbouring pixel centres in mm, down a column and along a row.

    Attributes
    ----------
    row_mm, column_mm : float
        Above 0.
    basis : SpacingBasis
    is_shape_only : bool
        Only their ratio is known (Pixel Aspect Ratio): they are no millimetres, and the basis is
        UNKNOWN.
    """

    row_mm: float
    column_mm: float
    basis: SpacingBasis
    is_shape_only: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture as stored, with what is needed to show it.

    Attributes
    ----------
    stored : ndarray
        (rows, columns) of any integer or float type, or (rows, columns, 3) uint8 or uint16.
        Sign already extended from the stored bits; never rescaled.
    photometric : Photometric
    bits_stored : int
        Significant bits of a stored value; for RGB it gives the value of full brightness.
    modality : Rescale or LookupTable
    voi : tuple of Window or LookupTable
        All of them, LUTs before windows, else in file order; empty when the file names none.
    padding : (float, float) or None
        Lowest and highest stored value that mean "no picture here".
    inverse_presentation : bool or None
        Whether the Presentation LUT Shape is INVERSE; None when the file gives no shape, and the
        photometric interpretation says alone whether low values are bright.
    spacing : Spacing or None
        None where nothing is known of it and pixels are square.
    colour_model : str
        What colour was stored as (``"YBR_FULL_422"``); empty for grey, or when it is not known.
    """

    stored: StoredArray
    photometric: Photometric
    bits_stored: int
    modality: Rescale | LookupTable = Rescale()
    voi: tuple[Window | LookupTable, ...] = ()
    padding: tuple[float, float] | None = None
    inverse_presentation: bool | None = None
    spacing: Spacing | None = None
    colour_model: str = ""

    @property
    def rows(self) -> int:
        """Height in pixels."""
        return int(self.stored.shape[0])

    @property
    def columns(self) -> int:
        """Width in pixels."""
        return int(self.stored.shape[1])

"""One frame's pixels out of a DICOM file, after its declared sizes were checked."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from medkd_core.imaging.dicom.encapsulated import encapsulated_pixels
from medkd_core.imaging.dicom.native import native_pixels
from medkd_core.imaging.dicom.palette import palette_colours
from medkd_core.imaging.dicom.pixel_format import GREY, PixelFormat
from medkd_core.imaging.dicom.source import DicomSource
from medkd_core.imaging.dicom.ybr import FULL_RANGE, PARTIAL_RANGE, rgb_of_ybr
from medkd_core.imaging.frame import Photometric, StoredArray


def frame_pixels(
    source: DicomSource, declared: PixelFormat, index: int
) -> tuple[StoredArray, Photometric, int]:
    """Decode one frame.

    Parameters
    ----------
    source : DicomSource
    declared : PixelFormat
        From `pixel_format`.
    index : int
        From 0.

    Returns
    -------
    stored : ndarray, (rows, columns) or (rows, columns, 3) uint8 or uint16
        Sign extended, byte order of this machine.
    photometric : Photometric
    bits_stored : int

    Raises
    ------
    UnreadableFileError
        There is no such frame, or nothing here decodes this transfer syntax.
    Exception
        Whatever a decoder raises on damaged pixels.
    """
    if not 0 <= index < declared.frames:
        raise source.refusal(f"it has no frame {index + 1}, only {declared.frames}")
    if source.is_encapsulated:
        array, photometric = encapsulated_pixels(source, declared, index)
    else:
        array, photometric = native_pixels(source, declared, index), declared.photometric
    array = array.astype(array.dtype.newbyteorder("="), copy=False)
    if photometric == "PALETTE COLOR":
        return _looked_up(source, array)
    if photometric in GREY:
        return array, Photometric(photometric), declared.bits_stored
    return _as_rgb(array, photometric, declared.bits_stored)


def _looked_up(source: DicomSource, index: NDArray[Any]) -> tuple[StoredArray, Photometric, int]:
    try:
        colours, bits = palette_colours(index, source.header)
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise source.refusal("its palette is missing or damaged") from error
    return colours, Photometric.RGB, bits


def _as_rgb(
    array: NDArray[Any], photometric: str, bits: int
) -> tuple[StoredArray, Photometric, int]:
    if bits > 16:
        array, bits = array >> (bits - 16), 16
    if array.dtype.itemsize > 2:
        array = array.astype(np.uint16)
    # YBR_ICT and YBR_RCT without JPEG 2000 are what it decoded to, RGB, and not renamed.
    if photometric in FULL_RANGE | PARTIAL_RANGE:
        array = rgb_of_ybr(array, bits, partial=photometric in PARTIAL_RANGE)
    return array, Photometric.RGB, bits

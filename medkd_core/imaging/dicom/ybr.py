"""YBR colours, one luminance and two chrominances, to RGB (PS3.3 C.7.6.3.1.2)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

FULL_RANGE = {"YBR_FULL", "YBR_FULL_422"}
PARTIAL_RANGE = {"YBR_PARTIAL_422", "YBR_PARTIAL_420"}

OF_JPEG_2000 = {"YBR_ICT", "YBR_RCT"}
"""Its decoders give RGB (ISO/IEC 15444-1 annex G)."""

SHARED_BY_TWO = {"YBR_FULL_422", "YBR_PARTIAL_422"}
"""Two neighbours have one Cb and one Cr between them."""

_RED, _GREEN, _BLUE = 0.299, 0.587, 0.114
_RGB_OF_YBR = np.array(
    [
        [1, 1, 1],
        [0, -2 * (1 - _BLUE) * _BLUE / _GREEN, 2 * (1 - _BLUE)],
        [2 * (1 - _RED), -2 * (1 - _RED) * _RED / _GREEN, 0],
    ]
)
_STRIP_ROWS = 256


def rgb_of_ybr(ybr: NDArray[Any], bits: int, *, partial: bool) -> NDArray[Any]:
    """Convert YBR to RGB.

    The inverse of the equations of PS3.3 C.7.6.3.1.2, which are those of ITU-R BT.601. They are
    given there for 8 bits; other numbers of bits scale them. Rounded as ITU-T T.871 section 7.

    Parameters
    ----------
    ybr : uint8 or uint16, (rows, columns, 3)
        Y, Cb and Cr; no colour is half of full scale, ``2**(bits - 1)``, in both Cb and Cr.
    bits : int
        Of a sample, 1 to 16.
    partial : bool
        Whether Y runs from 16 to 235 and Cb and Cr from 16 to 240 of 8 bits, else from 0 to 255.

    Returns
    -------
    ndarray, shape and type of `ybr`
        From 0 to ``2**bits - 1``; what lies beyond is clipped.
    """
    unit, full = 2.0 ** (bits - 8), 2**bits - 1
    zero = unit * np.array([16 if partial else 0, 128, 128], np.float32)
    gain = full / (unit * np.array([219, 224, 224])) if partial else np.ones(3)
    matrix = (gain[:, np.newaxis] * _RGB_OF_YBR).astype(np.float32)
    rgb = np.empty_like(ybr)
    # A pixel takes 24 bytes on the way, so it is gone in strips.
    for first in range(0, len(ybr), _STRIP_ROWS):
        strip = slice(first, first + _STRIP_ROWS)
        rgb[strip] = np.clip(np.floor((ybr[strip] - zero) @ matrix + 0.5), 0, full)
    return rgb


def ybr_of_pairs(samples: NDArray[Any], columns: int) -> NDArray[Any]:
    """Give each pixel the chrominances that it shares with its neighbour.

    Parameters
    ----------
    samples : ndarray, (rows, 2 * columns)
        As stored without compression: two Y, then their Cb and their Cr. Pairs may run on from
        one row to the next.
    columns : int

    Returns
    -------
    ndarray, (rows, columns, 3)
    """
    pairs = samples.reshape(-1, 4)
    ybr = np.empty((len(pairs), 2, 3), samples.dtype)
    ybr[..., 0] = pairs[:, :2]
    ybr[..., 1:] = pairs[:, np.newaxis, 2:]
    return ybr.reshape(-1, columns, 3)

"""Palette colours to RGB, after the palette was checked (PS3.3 C.7.6.3.1.5, C.7.9)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.pixels.processing import apply_color_lut

MOST_ENTRIES = 2**16
"""More a palette cannot have; segments that write out to more are damaged or made to do harm."""

_COLOURS = ("Red", "Green", "Blue")
_DISCRETE, _INDIRECT = 0, 2


def palette_colours(index: NDArray[np.generic], header: Dataset) -> tuple[NDArray[np.generic], int]:
    """Look a picture's colours up.

    Parameters
    ----------
    index : ndarray, (rows, columns)
    header : Dataset

    Returns
    -------
    colours : uint8 or uint16, (rows, columns, 3)
    bits : int
        Of a colour's full brightness.

    Raises
    ------
    ValueError
        The palette is missing or damaged.
    """
    names = [f"{colour}PaletteColorLookupTableData" for colour in _COLOURS]
    if any(_written_out(header, f"Segmented{name}") > MOST_ENTRIES for name in names):
        raise ValueError("its segments are too long")
    colours = apply_color_lut(index, header)[..., :3]
    if colours.dtype.itemsize == 1:
        return colours, 8
    tables = [_words(header, name) for name in names]
    if not header.original_encoding[1] and all(table.size for table in tables):
        colours = colours.byteswap()  # pydicom 3.0 reads them as little endian
    # Many that declare 16 bits hold 8, and would be all but black.
    if all(table.size and table.max() < 256 for table in tables):
        return colours, 8
    return colours, 16


def _words(header: Dataset, keyword: str) -> NDArray[np.integer]:
    """A table's values; none where there is no such table."""
    data = header.get(keyword)
    if data is None:
        return np.empty(0, np.uint16)
    if not isinstance(data, bytes):
        return np.atleast_1d(np.asarray(data, np.int64))
    kind = "<u2" if header.original_encoding[1] else ">u2"
    return np.frombuffer(data[: len(data) // 2 * 2], kind)


def _written_out(header: Dataset, keyword: str) -> int:
    """Entries that a segmented palette's table gives."""
    words = _words(header, keyword).tolist()
    entries = longest = position = 0
    while position + 1 < len(words) and entries <= MOST_ENTRIES:
        kind, length = words[position : position + 2]
        if kind == _INDIRECT:
            # It repeats so many of the segments before it.
            entries += length * longest
            position += 4
        else:
            entries += length
            longest = max(longest, length)
            position += 2 + (length if kind == _DISCRETE else 1)
    return entries

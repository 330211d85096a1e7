"""Images of a data set as the squares that networks learn from, decoded once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from medkd_core.datasets.record import ImageDone, Record
from medkd_core.errors import DatasetError, UnreadableFileError
from medkd_core.imaging.frame import FloatArray
from medkd_core.imaging.preprocessing import fitted_square, view_image
from medkd_core.imaging.reading import read_frame
from medkd_core.imaging.recipe import View

ByteArray = NDArray[np.uint8]


def load_squares(
    records: Sequence[Record],
    view: View,
    size: int,
    interpolation: str,
    *,
    progress: ImageDone | None = None,
) -> ByteArray:
    """Decode every record into memory, in the way that reading does it.

    Parameters
    ----------
    records : sequence of Record
    view : View
    size : int
        Side of a square in pixels.
    interpolation : {"bilinear", "bicubic"}
    progress : callable, optional

    Returns
    -------
    uint8, (n, size, size), or (n, size, size, 3) when an image has colour

    Raises
    ------
    DatasetError
        Naming the first file that cannot be read.
    """
    squares = np.zeros((len(records), size, size), np.uint8)
    for index, record in enumerate(records):
        square = load_square(record, view, size, interpolation)
        if square.ndim == 3 and squares.ndim == 3:
            squares = np.repeat(squares[..., np.newaxis], 3, axis=-1)
        squares[index] = square[..., np.newaxis] if square.ndim < squares.ndim - 1 else square
        if progress is not None:
            progress(index + 1, len(records))
    return squares


def load_square(record: Record, view: View, size: int, interpolation: str) -> ByteArray:
    """Decode one record: uint8, (size, size) or (size, size, 3)."""
    try:
        image = view_image(read_frame(record.path), view)
    except UnreadableFileError as error:
        raise DatasetError(
            "Cannot use the data set's image",
            because=error.because,
            cure="Repair the file or take it out of the data set.",
            path=record.path,
        ) from error
    return to_bytes(fitted_square(image, view, size, interpolation))


def to_bytes(image: FloatArray) -> ByteArray:
    """[0, 1] to 0..255, rounded to the nearest."""
    return np.clip(np.rint(image * np.float32(255)), 0, 255).astype(np.uint8)

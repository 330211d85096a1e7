"""Images of a data set as the squares that networks learn from, decoded once and kept on disk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medkd_core.datasets.record import ImageDone, Record
from medkd_core.datasets.square_cache import SquareCache, squares_key
from medkd_core.datasets.square_file import Skipped, SquareFile, as_colour, images_in
from medkd_core.errors import DatasetError, UnreadableFileError
from medkd_core.imaging.frame import FloatArray
from medkd_core.imaging.preprocessing import fitted_square, view_image
from medkd_core.imaging.reading import read_frame
from medkd_core.imaging.recipe import View
from medkd_core.imaging.study import Refusal

ByteArray = NDArray[np.uint8]

_BLOCK = 64
"""Images between two syncs of the disk: what a kill can cost."""


@dataclass(frozen=True, slots=True)
class DecodedFilms:
    """Squares of the records that can be read, in the records' order.

    Attributes
    ----------
    squares : uint8, (n, size, size), or (n, size, size, 3) when an image has colour
        Read-only; on disk where the cache can be written.
    kept : int64, (n,)
        Positions of the squares' records among those asked for.
    unreadable : tuple of Refusal
        Images that were left out.
    notes : tuple of str
        What else went otherwise than usual, as sentences for the user.
    """

    squares: ByteArray
    kept: NDArray[np.int64]
    unreadable: tuple[Refusal, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Which squares, and how they are made."""

    records: Sequence[Record]
    view: View
    size: int
    interpolation: str
    skip_unreadable: bool
    progress: ImageDone | None

    def tell(self, done: int) -> None:
        if self.progress is not None:
            self.progress(done, len(self.records))


def decode_films(
    records: Sequence[Record],
    view: View,
    size: int,
    interpolation: str,
    *,
    skip_unreadable: bool = False,
    progress: ImageDone | None = None,
    cache: SquareCache | None = None,
) -> DecodedFilms:
    """Decode every record, in the way that reading does it, or find it decoded before.

    A decoding that was stopped or killed goes on where it was. Processes that want the same
    squares wait for the first of them.

    Parameters
    ----------
    records : sequence of Record
    view : View
    size : int
        Side of a square in pixels.
    interpolation : {"bilinear", "bicubic"}
    skip_unreadable : bool
        Leave out images that cannot be read, rather than refuse the set.
    progress : callable, optional
        Called with images done and in all, also while another process decodes them.
    cache : SquareCache, optional
        The user's when left out. Where it cannot be written, the squares are held in memory.

    Raises
    ------
    DatasetError
        Naming the first image that cannot be read, or a class of which none can.
    """
    wanted = _Wanted(records, view, size, interpolation, skip_unreadable, progress)
    cache = cache or SquareCache()
    notes = []
    try:
        squares, skipped = _from_cache(wanted, cache)
    except (OSError, NotImplementedError) as error:
        # NotImplementedError is what a file system without locks gives.
        reason = getattr(error, "strerror", None) or "the file system has no locks"
        notes.append(_kept_in_memory(cache, reason))
        squares, skipped = _in_memory(wanted)
    return _described(wanted, squares, skipped, notes)


def load_squares(
    records: Sequence[Record],
    view: View,
    size: int,
    interpolation: str,
    *,
    progress: ImageDone | None = None,
) -> ByteArray:
    """The squares alone, one for each record; see `decode_films`.

    Returns
    -------
    uint8, (n, size, size), or (n, size, size, 3) when an image has colour
        Read-only.

    Raises
    ------
    DatasetError
        Naming the first file that cannot be read.
    """
    return decode_films(records, view, size, interpolation, progress=progress).squares


def load_square(record: Record, view: View, size: int, interpolation: str) -> ByteArray:
    """Decode one record: uint8, (size, size) or (size, size, 3)."""
    try:
        image = view_image(read_frame(record.path), view)
    except UnreadableFileError as error:
        raise DatasetError(
            "Cannot use the data set's image",
            because=error.because,
            cure="Repair the file, take it out of the data set, or set data.skip_unreadable.",
            path=record.path,
        ) from error
    return to_bytes(fitted_square(image, view, size, interpolation))


def to_bytes(image: FloatArray) -> ByteArray:
    """[0, 1] to 0..255, rounded to the nearest."""
    return np.clip(np.rint(image * np.float32(255)), 0, 255).astype(np.uint8)


def _described(
    wanted: _Wanted, squares: ByteArray, skipped: list[Skipped], notes: list[str]
) -> DecodedFilms:
    left_out = [position for position, _ in skipped]
    kept = np.setdiff1d(np.arange(len(wanted.records)), left_out)
    unreadable = tuple(
        Refusal(wanted.records[position].path, reason) for position, reason in skipped
    )
    _check_classes(wanted.records, kept, unreadable)
    return DecodedFilms(squares, kept, unreadable, tuple(notes))


def _from_cache(wanted: _Wanted, cache: SquareCache) -> tuple[ByteArray, list[Skipped]]:
    key = squares_key(wanted.records, wanted.view, wanted.size, wanted.interpolation)
    with cache.locked(key, lambda folder: wanted.tell(images_in(folder))) as folder:
        file = SquareFile(folder, wanted.size)
        _look_again(wanted, file)
        wanted.tell(file.images)
        while file.images < len(wanted.records):
            block, skipped = _block(wanted, file.images)
            pixels = block[:1].nbytes * (len(wanted.records) - file.images)
            cache.make_room(key, pixels)
            file.append(block, skipped)
        return file.mapped(), file.skipped


def _look_again(wanted: _Wanted, file: SquareFile) -> None:
    """An image that could not be read is tried again: a network drive may be back."""
    for position, _ in file.skipped:
        try:
            _square(wanted, position)
        except DatasetError:
            if not wanted.skip_unreadable:
                raise
        else:
            file.restart(channels=1)
            return


def _in_memory(wanted: _Wanted) -> tuple[ByteArray, list[Skipped]]:
    blocks, skipped = [], []
    for start in range(0, len(wanted.records), _BLOCK):
        block, more = _block(wanted, start)
        blocks.append(block)
        skipped += more
    squares = _joined(blocks) if blocks else np.zeros((0, wanted.size, wanted.size), np.uint8)
    squares.flags.writeable = False
    return squares, skipped


def _block(wanted: _Wanted, start: int) -> tuple[ByteArray, list[Skipped]]:
    """Squares of the next records, and which of them there are not."""
    squares, skipped = [], []
    for position in range(start, min(start + _BLOCK, len(wanted.records))):
        try:
            squares.append(_square(wanted, position)[np.newaxis])
        except DatasetError as error:
            if not wanted.skip_unreadable:
                raise
            skipped.append(Skipped(position, error.because))
        wanted.tell(position + 1)
    nothing = np.zeros((0, wanted.size, wanted.size), np.uint8)
    return _joined(squares) if squares else nothing, skipped


def _square(wanted: _Wanted, position: int) -> ByteArray:
    record = wanted.records[position]
    return load_square(record, wanted.view, wanted.size, wanted.interpolation)


def _joined(parts: Sequence[ByteArray]) -> ByteArray:
    """Squares one after another; grey ones become coloured beside coloured ones."""
    if len({part.ndim for part in parts}) > 1:
        parts = [as_colour(part) for part in parts]
    return np.concatenate(parts)


def _check_classes(
    records: Sequence[Record], kept: NDArray[np.int64], unreadable: Sequence[Refusal]
) -> None:
    labels = {record.label for record in records}
    lost = labels - {records[position].label for position in kept}
    if lost:
        raise DatasetError(
            "Cannot use the data set",
            because=f"no image of class {', '.join(sorted(lost))} can be read among these "
            f"{len(records)}; {unreadable[0].path}, for one: {unreadable[0].reason}",
            cure="Copy or export the images once more.",
        )


def _kept_in_memory(cache: SquareCache, reason: str) -> str:
    return (
        f"The decoded images are held in memory and decoded again by the next job, since "
        f"{cache.folder} cannot be written: {reason}."
    )

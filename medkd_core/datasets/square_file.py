"""Squares on disk that grow block by block and can be killed at any moment.

Two files: ``squares.bin`` holds the pixels, one square after another, and ``journal.jsonl`` a line
for each block that is safe on the disk. A block's pixels are synced before its line is written, and
a line counts only where the pixels still have its checksum: whatever happens, what is read is what
was written, and what is missing is decoded again.
"""

from __future__ import annotations

import math
import os
import zlib
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from medkd_core.jobs.durable import write_durably

ByteArray = NDArray[np.uint8]


class Skipped(NamedTuple):
    """An image that cannot be read: its position among the records, and why."""

    position: int
    reason: str


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Header(_Line):
    channels: Literal[1, 3]


class _Block(_Line):
    images: int
    """Records that were looked at; squares that were kept are fewer by those skipped."""
    skipped: list[Skipped]
    checksum: int

    @property
    def squares(self) -> int:
        return self.images - len(self.skipped)


class SquareFile:
    """The squares of one list of records; whoever opens it holds its lock.

    Parameters
    ----------
    folder : Path
        Made when it is missing; holds nothing else.
    size : int
        Side of a square in pixels.

    Raises
    ------
    OSError
        Here and in everything that writes: disk full, read-only folder.
    """

    def __init__(self, folder: Path, size: int) -> None:
        self._size = size
        self._data, self._journal = data_file(folder), folder / "journal.jsonl"
        folder.mkdir(parents=True, exist_ok=True)
        self._data.touch()
        self._channels, self._blocks = _read_journal(self._journal)
        if not self._is_sound():
            self.restart(channels=1)
        # Pixels beyond the last block are of one that was not finished.
        os.truncate(self._data, self._squares * self._square_bytes)

    @property
    def images(self) -> int:
        """Records that were looked at so far."""
        return sum(block.images for block in self._blocks)

    @property
    def skipped(self) -> list[Skipped]:
        """Those of them that cannot be read."""
        return [skipped for block in self._blocks for skipped in block.skipped]

    def append(self, squares: ByteArray, skipped: list[Skipped]) -> None:
        """Add a block; a first one with colour empties the file, which then is of colour.

        Parameters
        ----------
        squares : uint8, (n, size, size) or (n, size, size, 3)
        skipped : list of Skipped
            Of this block.
        """
        if squares.ndim == 4 and self._channels == 1:
            # Started again rather than widened: it happens once in the life of a data set.
            began = bool(self._blocks)
            self.restart(channels=3)
            if began:
                return
        content = np.ascontiguousarray(as_colour(squares) if self._channels == 3 else squares).data
        with self._data.open("ab") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        block = _Block(
            images=len(squares) + len(skipped), skipped=skipped, checksum=zlib.crc32(content)
        )
        with self._journal.open("ab") as file:
            file.write(f"{block.model_dump_json()}\n".encode())
            file.flush()
            os.fsync(file.fileno())
        self._blocks.append(block)

    def restart(self, channels: Literal[1, 3]) -> None:
        """Forget everything; what another process has mapped of it stays there for that process."""
        # Removed, not emptied, and first: a journal without its pixels is found to be unsound.
        self._data.unlink(missing_ok=True)
        self._data.touch()
        self._channels, self._blocks = channels, []
        self._write_journal()

    def mapped(self) -> ByteArray:
        """All squares, read-only: uint8, (n, size, size) or (n, size, size, 3)."""
        shape = (self._squares, *self._shape)
        if not self._squares:  # nothing cannot be mapped
            return np.zeros(shape, np.uint8)
        return np.memmap(self._data, np.uint8, "r", shape=shape).view(np.ndarray)

    @property
    def _squares(self) -> int:
        return sum(block.squares for block in self._blocks)

    @property
    def _shape(self) -> tuple[int, ...]:
        return (self._size, self._size) if self._channels == 1 else (self._size, self._size, 3)

    @property
    def _square_bytes(self) -> int:
        return math.prod(self._shape)

    def _is_sound(self) -> bool:
        """Whether the journal is whole and the pixels are those that it speaks of."""
        with self._data.open("rb") as file:
            for block in self._blocks:
                content = file.read(block.squares * self._square_bytes)
                if zlib.crc32(content) != block.checksum:
                    return False
        self._write_journal()
        return True

    def _write_journal(self) -> None:
        lines = [_Header(channels=self._channels), *self._blocks]
        text = "".join(f"{line.model_dump_json()}\n" for line in lines)
        if not self._journal.exists() or self._journal.read_bytes() != text.encode():
            write_durably(self._journal, text)


def data_file(folder: Path) -> Path:
    """Where a folder keeps its pixels."""
    return folder / "squares.bin"


def images_in(folder: Path) -> int:
    """Records that the holder of a folder's lock has looked at so far."""
    return sum(block.images for block in _read_journal(folder / "journal.jsonl")[1])


def _read_journal(path: Path) -> tuple[Literal[1, 3], list[_Block]]:
    """Channels and blocks, as far as the lines are whole."""
    try:
        head, *lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return 1, []
    channels: Literal[1, 3] = 1
    blocks: list[_Block] = []
    try:
        channels = _Header.model_validate_json(head).channels
        for line in lines:
            blocks.append(_Block.model_validate_json(line))
    except ValidationError:  # torn, or the emptiness after the last line
        pass
    return channels, blocks


def as_colour(squares: ByteArray) -> ByteArray:
    """(n, size, size) repeated to (n, size, size, 3); what has colour stays as it is."""
    return squares if squares.ndim == 4 else np.repeat(squares[..., np.newaxis], 3, axis=-1)

"""Rows that were computed once, in a file that any number of processes map read-only::

facts.json     what the rows depend on; whoever uses the rows holds this file (see `holding`)
rows.bin       one row after the other, of its full size from the beginning on
done.json      the SHA-256 of each block that is whole
filling.lock   held by the one process that adds blocks

A block is noted in `done.json` after its rows are safely on the disk. Whatever ends the process,
the noted blocks are whole; what the disk spoils later has another digest and is computed again.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from medkd_core.distillation.signals.holding import hold_while_alive
from medkd_core.errors import JobError
from medkd_core.jobs.durable import sync_folder, write_durably

FACTS_FILE = "facts.json"
ROWS_FILE = "rows.bin"
DONE_FILE = "done.json"

Rows = NDArray[np.void]

_WAIT_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Contents:
    """What rows are to be kept.

    Attributes
    ----------
    facts : mapping
        Everything that the rows depend on, as JSON has it; other facts, other rows.
    dtype : numpy.dtype
        Of a row, with named fields.
    rows : int
    block : int
        Rows that are computed and written together.
    """

    facts: Mapping[str, object]
    dtype: np.dtype[np.void]
    rows: int
    block: int

    @property
    def description(self) -> str:
        """The facts and the type as JSON, always the same text for the same rows."""
        shape = {"dtype": str(self.dtype.descr), "rows": self.rows, "block": self.block}
        return json.dumps({**self.facts, **shape}, sort_keys=True, indent=2) + "\n"

    @property
    def key(self) -> str:
        """SHA-256 of the description."""
        return hashlib.sha256(self.description.encode()).hexdigest()

    @property
    def nbytes(self) -> int:
        """Bytes of all rows."""
        return self.rows * self.dtype.itemsize

    def blocks(self) -> list[range]:
        """The rows of each block, in order."""
        return [
            range(start, min(start + self.block, self.rows))
            for start in range(0, self.rows, self.block)
        ]


class StoredRows:
    """Rows on the disk, not removed while this object lives.

    Parameters
    ----------
    folder : Path
        Made by `create_rows`.
    contents : Contents
    """

    def __init__(self, folder: Path, contents: Contents) -> None:
        self.folder = folder
        self.contents = contents
        self._verified: dict[int, str] = {}
        self.is_held = hold_while_alive(self, folder / FACTS_FILE)
        # What was used last is removed last; somebody else's rows can be used without leave to.
        with suppress(OSError):
            os.utime(folder / FACTS_FILE)

    def missing(self) -> list[range]:
        """Blocks that were never written, or that the disk had spoilt when first looked at."""
        noted = self._noted()
        with (self.folder / ROWS_FILE).open("rb") as file:
            for block in self.contents.blocks():
                if noted.get(block.start) != self._verified.get(block.start):
                    self._verified[block.start] = self._digest(file, block)
        return [
            block
            for block in self.contents.blocks()
            if block.start not in noted or noted[block.start] != self._verified[block.start]
        ]

    def missing_bytes(self) -> int:
        """What the missing blocks will take."""
        return sum(len(block) for block in self.missing()) * self.contents.dtype.itemsize

    def write(self, block: range, rows: Rows) -> None:
        """Add a block; for a process within `filling`.

        Parameters
        ----------
        block : range
            One of `missing`.
        rows : ndarray, (len(block),)
            Of the contents' type.

        Raises
        ------
        JobError
            The disk is full or refuses; the blocks before it are kept.
        """
        data = np.ascontiguousarray(rows, self.contents.dtype).tobytes()
        with told(self.folder):
            with (self.folder / ROWS_FILE).open("r+b") as file:
                file.seek(block.start * self.contents.dtype.itemsize)
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            noted = self._noted() | {block.start: hashlib.sha256(data).hexdigest()}
            write_durably(self.folder / DONE_FILE, json.dumps(noted))

    def mapped(self) -> Rows:
        """All rows, read from the disk when they are looked at; read-only."""
        return np.memmap(
            self.folder / ROWS_FILE, self.contents.dtype, "r", shape=(self.contents.rows,)
        )

    def _noted(self) -> dict[int, str]:
        """Digest of each whole block by its first row; nothing is lost by a damaged note."""
        try:
            noted = json.loads((self.folder / DONE_FILE).read_bytes())
            return {int(start): str(digest) for start, digest in noted.items()}
        except (OSError, ValueError, AttributeError):
            return {}

    def _digest(self, file: BinaryIO, block: range) -> str:
        size = self.contents.dtype.itemsize
        file.seek(block.start * size)
        return hashlib.sha256(file.read(len(block) * size)).hexdigest()


def create_rows(folder: Path, contents: Contents) -> None:
    """Make the folder of rows, none of them written yet; all of it is there at once.

    Raises
    ------
    OSError
        The disk refuses, or the folder is there already.
    """
    beside = folder.with_name(f".{folder.name}.{os.getpid()}")
    beside.mkdir(parents=True)
    try:
        with (beside / ROWS_FILE).open("wb") as file:
            file.truncate(contents.nbytes)
        write_durably(beside / FACTS_FILE, contents.description)
        beside.rename(folder)
    except OSError:
        for file_name in (ROWS_FILE, FACTS_FILE):
            (beside / file_name).unlink(missing_ok=True)
        beside.rmdir()
        raise
    sync_folder(folder.parent)


def mend_rows(folder: Path, contents: Contents) -> None:
    """Put back what somebody removed or cut; rows that are lost are computed again.

    Raises
    ------
    OSError
        The disk refuses, or the folder is gone.
    """
    facts, rows = folder / FACTS_FILE, folder / ROWS_FILE
    if not facts.exists():
        write_durably(facts, contents.description)
    if not rows.exists():
        rows.touch()
    if rows.stat().st_size != contents.nbytes:
        os.truncate(rows, contents.nbytes)


@contextmanager
def filling(stored: Sequence[StoredRows], waiting: Callable[[], None]) -> Iterator[None]:
    """Be the only one who adds blocks.

    Parameters
    ----------
    stored : sequence of StoredRows
    waiting : callable
        Called twice a second while another process is at it; may raise to give up.
    """
    with ExitStack() as locks:
        # In one order for all: two processes never wait for each other.
        for one in sorted(stored, key=lambda one: one.folder.name):
            lock = FileLock(one.folder / "filling.lock")
            while not lock.is_locked:
                with told(one.folder), suppress(Timeout):
                    lock.acquire(timeout=_WAIT_SECONDS)
                if not lock.is_locked:
                    waiting()
            locks.callback(lock.release)
        yield


@contextmanager
def told(folder: Path) -> Iterator[None]:
    """Say in a sentence why the disk refuses.

    Raises
    ------
    JobError
        In place of an OSError.
    """
    try:
        yield
    except OSError as error:
        raise JobError(
            "Cannot remember the teachers' answers in",
            path=folder,
            because=error.strerror or str(error),
            cure="Free some space, or make the folder writable; what was remembered is kept. "
            "Without distillation.remember the teachers are asked in every step.",
        ) from error

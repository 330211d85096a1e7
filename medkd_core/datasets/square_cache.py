"""Where decoded squares are kept on disk, under a name that says what decides their pixels."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from medkd_core.datasets.record import Record
from medkd_core.datasets.square_file import data_file
from medkd_core.imaging.recipe import View
from medkd_core.jobs.code_digest import code_digest

if TYPE_CHECKING:
    from filelock import FileLock

LIMIT_BYTES = 32 * 2**30
"""What all sets together may take; those that were used last are kept."""

_CODE = ("imaging", "datasets/films.py", "datasets/square_file.py")
_LIBRARIES = (
    "numpy",
    "opencv-python-headless",
    "Pillow",
    "pydicom",
    "python-gdcm",
    "pylibjpeg-openjpeg",
    "pylibjpeg-rle",
    "pyjpegls",
)


def squares_key(records: Sequence[Record], view: View, size: int, interpolation: str) -> str:
    """Name of what is kept of some records.

    A file counts by its path, size and times: one that was written again, or replaced by another
    with the old date, gives another name. So do other code and other decoders.

    Parameters
    ----------
    records : sequence of Record
        Their order counts.
    view : View
    size : int
        Side of a square in pixels.
    interpolation : str

    Returns
    -------
    str
        SHA-256 in hexadecimal digits.
    """
    said = [code_digest(_CODE, _LIBRARIES), view.model_dump(mode="json"), size, interpolation]
    digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode())
    for record in records:
        digest.update(os.fsencode(record.path.absolute()) + _facts(record.path))
    return digest.hexdigest()


def _facts(path: Path) -> bytes:
    try:
        facts = path.stat()
    except OSError:  # whoever decodes it says so
        return b"\0none\n"
    return f"\0{facts.st_size} {facts.st_mtime_ns} {facts.st_ctime_ns}\n".encode()


class SquareCache:
    """A folder of such sets, bounded in size; several processes may use it.

    Parameters
    ----------
    folder : Path, optional
        In the user's cache when left out.
    limit_bytes : int
        A set that is larger than this is kept alone.
    """

    def __init__(self, folder: Path | None = None, limit_bytes: int = LIMIT_BYTES) -> None:
        home = platformdirs.user_cache_path("medkd", appauthor=False)
        self.folder = folder or home / "squares"
        self._limit = limit_bytes

    @contextmanager
    def locked(self, key: str, waiting: Callable[[Path], None]) -> Iterator[Path]:
        """The folder of one set, while no other process touches it.

        Parameters
        ----------
        key : str
            From `squares_key`.
        waiting : callable
            Called twice a second with the folder while another process has it; what it raises
            ends the waiting.

        Raises
        ------
        OSError
            The folder cannot be written.
        """
        from filelock import Timeout

        self.folder.mkdir(parents=True, exist_ok=True)
        lock = self._lock(key)
        while True:
            try:
                lock.acquire(timeout=0.5)
                break
            except Timeout:
                waiting(self.folder / key)
        try:
            yield self.folder / key
            # The time of last use, for those who need room.
            with suppress(OSError):
                os.utime(data_file(self.folder / key))
        finally:
            lock.release()

    def make_room(self, key: str, more_bytes: int) -> None:
        """Remove sets that were not used for longest until another `more_bytes` have room.

        Raises
        ------
        OSError
            The disk is too full even without them.
        """
        others = sorted((e for e in self._entries() if e[2] != key), key=lambda entry: entry[0])
        taken = more_bytes + sum(size for _, size, _ in self._entries())
        for _, size, other in others:
            if taken <= self._limit and self._free() >= more_bytes:
                return
            if self._remove(other):
                taken -= size
        if self._free() < more_bytes:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.folder))

    def _entries(self) -> list[tuple[float, int, str]]:
        """Time of last use, bytes and key of each set."""
        entries = []
        for folder in self.folder.iterdir():
            # Another process may remove it meanwhile; the locks are no folders.
            with suppress(OSError):
                facts = data_file(folder).stat()
                entries.append((facts.st_mtime, facts.st_size, folder.name))
        return entries

    def _remove(self, key: str) -> bool:
        """Remove a set, unless it is being filled; who has it mapped keeps what is mapped."""
        try:
            with self._lock(key).acquire(timeout=0):
                shutil.rmtree(self.folder / key)
        except OSError:
            return False
        return True

    def _free(self) -> int:
        return shutil.disk_usage(self.folder).free

    def _lock(self, key: str) -> FileLock:
        # Imported here, since a reading room, which keeps no squares, has no filelock.
        from filelock import FileLock

        # Never removed: a lock on a file that is gone would hold nobody off. It is empty.
        return FileLock(self.folder / f"{key}.lock")

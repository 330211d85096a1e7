"""Files that are there whole or not at all, whatever happens to the machine."""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path


def write_durably(path: Path, content: bytes | str) -> None:
    """Replace a file in one step: written beside, synced, verified, renamed.

    Parameters
    ----------
    path : Path
        The parent folder must exist.
    content : bytes or str
        Text is written as UTF-8.

    Raises
    ------
    OSError
        Disk full, read-only folder, other bytes read back than written; `path` is then what it
        was before.
    """
    data = content.encode() if isinstance(content, str) else content
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        _verify(beside, data)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make renames inside a folder survive a power cut."""
    if os.name == "nt":  # Windows cannot open a folder, and orders its renames itself.
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _verify(path: Path, data: bytes) -> None:
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").digest() != hashlib.sha256(data).digest():
            raise OSError(errno.EIO, "the disk gives back other bytes than were written", str(path))

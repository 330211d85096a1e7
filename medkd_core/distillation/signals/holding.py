"""Who uses a file: a mark that the system itself removes, however the process ends."""

from __future__ import annotations

import os
import sys
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform != "win32":
    import fcntl


def hold_while_alive(user: object, path: Path) -> bool:
    """Mark a file as used for as long as an object lives, at most until this process ends.

    Returns
    -------
    bool
        False when the file was removed at this very moment.

    Raises
    ------
    OSError
        The file cannot be opened.
    """
    descriptor = os.open(path, os.O_RDONLY)
    weakref.finalize(user, os.close, descriptor)
    if sys.platform != "win32":
        # Waits for somebody who is about to remove it.
        fcntl.flock(descriptor, fcntl.LOCK_SH)
    # Windows refuses by itself to remove a file that is open.
    return path.exists() and os.path.samestat(os.fstat(descriptor), path.stat())


@contextmanager
def unless_held(path: Path) -> Iterator[bool]:
    """Whether nobody uses a file; nobody can begin to while the context lasts."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield _is_free(descriptor)
    finally:
        os.close(descriptor)


def _is_free(descriptor: int) -> bool:
    if sys.platform != "win32":
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True

"""What runs inside a decoder: it reads one file after the other for the pool that started it."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path

import numpy as np

from medkd_core.errors import UnreadableFileError
from medkd_core.imaging.content import FileContent, read_content
from medkd_core.imaging.frame import Frame
from medkd_core.imaging.reading import read_frame
from medkd_core.imaging.searching import Entry, entry_or_refusal

MEMORY_LIMIT_BYTES = 3 * 2**30
"""Address space that a decoder may use, where the system can limit it."""


@dataclass(frozen=True, slots=True)
class DecodeRequest:
    """Decode a frame and leave its pixels in new shared memory of that name."""

    path: Path
    index: int
    memory_name: str


@dataclass(frozen=True, slots=True)
class EntriesRequest:
    """Say what each of several files holds, each in an answer of its own."""

    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class ContentRequest:
    """Say what a file says about itself, element by element."""

    path: Path


@dataclass(frozen=True, slots=True)
class Ready:
    """The decoders are loaded."""


@dataclass(frozen=True, slots=True)
class FrameInSharedMemory:
    """A frame whose ``stored`` is empty: its pixels lie in shared memory."""

    frame: Frame
    shape: tuple[int, ...]
    kind: str
    """NumPy's name of the type, as ``"<u2"``."""


FileRequest = DecodeRequest | ContentRequest
Request = FileRequest | EntriesRequest
Reply = Ready | Frame | FrameInSharedMemory | Entry | FileContent | UnreadableFileError


def serve(pipe: Connection) -> None:
    """Answer requests until the pool is gone."""
    _load_decoders()
    _protect()
    pipe.send(Ready())
    lent: SharedMemory | None = None
    while True:
        try:
            request: Request = pipe.recv()
        except (EOFError, OSError):
            return
        # The pool has copied the last frame by now. Windows frees memory that nobody holds.
        if lent is not None:
            lent.close()
            lent = None
        if isinstance(request, EntriesRequest):
            for path in request.paths:
                pipe.send(entry_or_refusal(path))
        else:
            reply, lent = _answer(request)
            pipe.send(reply)


def _answer(request: FileRequest) -> tuple[Reply, SharedMemory | None]:
    try:
        if isinstance(request, ContentRequest):
            return read_content(request.path), None
        return _lend(read_frame(request.path, request.index), request.memory_name)
    except UnreadableFileError as error:
        return error, None


def _lend(frame: Frame, name: str) -> tuple[Reply, SharedMemory | None]:
    stored = frame.stored
    if not _has_room(stored.nbytes):
        return frame, None
    memory = SharedMemory(name, create=True, size=stored.nbytes)
    np.ndarray(stored.shape, stored.dtype, buffer=memory.buf)[...] = stored
    empty = replace(frame, stored=np.empty(0, stored.dtype))
    return FrameInSharedMemory(empty, stored.shape, stored.dtype.str), memory


def _has_room(size: int) -> bool:
    # Containers often have 64 MB there, and writing beyond it kills the process.
    folder = Path("/dev/shm")
    return not folder.is_dir() or shutil.disk_usage(folder).free > size


def _load_decoders() -> None:
    from pydicom.pixels.decoders import base  # noqa: F401

    import medkd_core.imaging.dicom.reader
    import medkd_core.imaging.raster.reader  # noqa: F401


def _protect() -> None:
    # Ctrl-C belongs to the program, which closes its decoders itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Decoders written in C and Rust print about damaged files, and nobody reads it.
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 2)
    os.close(silence)
    if sys.platform != "win32":
        import resource

        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        limit = MEMORY_LIMIT_BYTES if hard == resource.RLIM_INFINITY else hard
        resource.setrlimit(resource.RLIMIT_AS, (min(limit, MEMORY_LIMIT_BYTES), hard))

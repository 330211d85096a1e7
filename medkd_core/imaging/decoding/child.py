"""One decoder process as the pool sees it: asked, watched, and started again when it died."""

from __future__ import annotations

import logging
import math
import multiprocessing
import secrets
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from typing import Any

import numpy as np

from medkd_core.errors import UnreadableFileError, WorkerError
from medkd_core.imaging.content import FileContent
from medkd_core.imaging.decoding.process import (
    ContentRequest,
    DecodeRequest,
    EntriesRequest,
    FileRequest,
    FrameInSharedMemory,
    Reply,
    Request,
    serve,
)
from medkd_core.imaging.frame import Frame
from medkd_core.imaging.searching import Entry
from medkd_core.imaging.study import Refusal

_log = logging.getLogger(__name__)

ENTRY_LIMIT_S = 10.0
"""A header that takes longer is given up; no pixel is decoded for it."""

START_LIMIT_S = 60.0
"""A child that has not imported its decoders by then will not."""

START_ATTEMPTS = 3
"""A child that died so often before it could be asked anything is not started again."""

_ONCE_MORE = "Copy or export it once more."


class DecoderChild:
    """One child process, started when it is needed and again when it died.

    Everything but `process_id` and `end` is called by the one thread that watches it.

    Parameters
    ----------
    time_limit_s : float
        A file that takes longer is refused and the process ended.
    """

    def __init__(self, time_limit_s: float) -> None:
        self._time_limit_s = time_limit_s
        self._lock = threading.Lock()
        self._ended = False
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None

    def warm(self) -> None:
        """Start the process and have it load its decoders."""
        self._open_pipe()

    def decode(self, path: Path, index: int) -> Frame:
        """One frame of a file.

        Raises
        ------
        UnreadableFileError
            There is no such picture, or the process did not survive it.
        """
        memory_name = f"medkd-{secrets.token_hex(6)}"
        try:
            return _received(self._ask(DecodeRequest(path, index, memory_name)), memory_name)
        finally:
            _unlink(memory_name)

    def read_content(self, path: Path) -> FileContent:
        """What a file says about itself."""
        content: FileContent = self._ask(ContentRequest(path))
        return content

    def read_entries(self, paths: Sequence[Path]) -> list[Entry]:
        """What each of several files holds, asked in one request.

        A file that the process does not survive, or that takes too long, is refused; the process
        is started again for those that follow.
        """
        entries: list[Entry] = []
        while rest := tuple(paths[len(entries) :]):
            try:
                pipe = self._send(EntriesRequest(rest), rest[0])
                for path in rest:
                    entries.append(self._receive(pipe, path, ENTRY_LIMIT_S))
            except UnreadableFileError as error:
                entries.append(Refusal.of(error.path or rest[0], error))
        return entries

    def process_id(self) -> int | None:
        """The process that runs now."""
        with self._lock:
            return None if self._process is None else self._process.pid

    def end(self) -> None:
        """Kill the process, whatever it does; it is not started again."""
        with self._lock:
            self._ended = True
            if self._process is not None:
                self._process.kill()

    def forget(self) -> None:
        """Kill the process, if there is one, and let go of it."""
        with self._lock:
            if self._process is not None:
                self._process.kill()
                self._process.join()
                self._process.close()
            if self._pipe is not None:
                self._pipe.close()
            self._process = self._pipe = None

    def _ask(self, request: FileRequest) -> Any:
        """The answer to a request about one file."""
        return self._receive(self._send(request, request.path), request.path)

    def _send(self, request: Request, path: Path) -> Connection:
        """Ask, and give the pipe that the answers to it come from."""
        pipe = self._open_pipe()
        try:
            pipe.send(request)
        except OSError as error:
            raise self._died(path) from error
        return pipe

    def _receive(self, pipe: Connection, path: Path, most_s: float = math.inf) -> Any:
        # Even of a process that has died: what it answered before is still in the pipe.
        limit_s = min(self._time_limit_s, most_s)
        try:
            if not pipe.poll(limit_s):
                self.forget()
                raise _refusal(path, f"reading it took longer than {limit_s:g} s", _ONCE_MORE)
            reply: Reply = pipe.recv()
        except (EOFError, OSError) as error:
            raise self._died(path) from error
        if isinstance(reply, UnreadableFileError):
            raise reply
        return reply

    def _died(self, path: Path) -> UnreadableFileError | WorkerError:
        self.forget()
        if self._ended:
            return closed()
        _log.warning("A decoder died on a file and will be started again")
        because = "it is damaged in a way that ends the program that decodes it"
        return _refusal(path, because, _ONCE_MORE)

    def _open_pipe(self) -> Connection:
        if self._pipe is None or self._process is None or not self._process.is_alive():
            self.forget()
            return self._start()
        return self._pipe

    def _start(self) -> Connection:
        for _ in range(START_ATTEMPTS):
            try:
                pipe = self._new_process()
                if not pipe.poll(START_LIMIT_S):
                    break
                pipe.recv()
                return pipe
            except (EOFError, OSError):
                self.forget()
                if self._ended:
                    break
                _log.warning("A decoder ended while it started")
        self.forget()
        if self._ended:
            raise closed()
        because = "the decoder process does not start"
        raise WorkerError("Cannot read files", because=because, cure="Try again.")

    def _new_process(self) -> Connection:
        """Start the process; it sends `Ready` once it has loaded its decoders."""
        context = multiprocessing.get_context("spawn")
        here, there = context.Pipe()
        with there, self._lock:
            if self._ended:
                raise closed()
            process = context.Process(target=serve, args=(there,), daemon=True)
            process.start()
            self._process, self._pipe = process, here
        return here


def _received(reply: Frame | FrameInSharedMemory, memory_name: str) -> Frame:
    if isinstance(reply, Frame):
        return reply
    memory = SharedMemory(memory_name)
    try:
        stored = np.ndarray(reply.shape, reply.kind, buffer=memory.buf).copy()
    finally:
        memory.close()
    return replace(reply.frame, stored=stored)


def _unlink(memory_name: str) -> None:
    with suppress(FileNotFoundError):
        memory = SharedMemory(memory_name)
        memory.close()
        memory.unlink()


def closed() -> WorkerError:
    """What is raised once the decoders were closed."""
    return WorkerError("Cannot read files", because="the decoders were closed")


def _refusal(path: Path, because: str, cure: str) -> UnreadableFileError:
    return UnreadableFileError("Cannot read", because=because, cure=cure, path=path)

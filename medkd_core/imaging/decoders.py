"""Decoding in child processes: a hostile file can end a child, never the program.

Each child is watched by one thread of the pool, which hands it one file at a time, gives up on it
after a time limit, and starts another when it dies. Pixels come back in shared memory whose name
the parent chooses, so that it can clean up after a child that died half-way. Importing this module
loads no decoder.
"""

from __future__ import annotations

import logging
import multiprocessing
import queue
import secrets
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from medkd_core.errors import UnreadableFileError, WorkerError
from medkd_core.imaging.decoder_process import (
    DecodeRequest,
    EntryRequest,
    FrameInSharedMemory,
    Reply,
    Request,
    serve,
)
from medkd_core.imaging.frame import Frame
from medkd_core.imaging.searching import find_studies
from medkd_core.imaging.study import FileList, FoundStudies, Study

_log = logging.getLogger(__name__)

START_LIMIT_S = 60.0
"""A child that has not imported its decoders by then will not."""

_Work = Callable[["_Child"], Any]


class DecoderPool:
    """Reads files in child processes and answers by futures.

    Parameters
    ----------
    workers : int
        How many children, so how many files at a time.
    time_limit_s : float
        A file that takes longer is refused and its child ended.

    Examples
    --------
    >>> with DecoderPool() as pool:
    ...     frame = pool.decode(path, 0).result()
    """

    def __init__(self, workers: int = 1, time_limit_s: float = 30.0) -> None:
        self._waiting: queue.SimpleQueue[tuple[Future[Any], _Work] | None] = queue.SimpleQueue()
        self._closed = False
        self._children = [_Child(time_limit_s) for _ in range(workers)]
        self._threads = [
            threading.Thread(target=self._serve, args=(child,), name="decoder", daemon=True)
            for child in self._children
        ]
        for thread in self._threads:
            thread.start()

    def decode(self, path: Path | str, index: int = 0) -> Future[Frame]:
        """Decode one frame; the future raises `UnreadableFileError` when that cannot be done."""
        return self._put(lambda child: child.decode(Path(path), index))

    def search(
        self,
        paths: Iterable[Path | str],
        progress: Callable[[int], None] | None = None,
    ) -> Future[FoundStudies]:
        """Search files and folders as `find_studies` does, each file within the time limit.

        `progress` is called in a thread of the pool.
        """
        wanted = list(paths)
        return self._put(lambda child: find_studies(wanted, progress, child.read_entry))

    def warm(self) -> None:
        """Start the children now, so that the first file need not wait for them."""
        for _ in self._children:
            self._put(_Child.warm)

    def process_ids(self) -> tuple[int, ...]:
        """The children that run now, for a list of processes."""
        return tuple(pid for child in self._children if (pid := child.process_id()) is not None)

    def close(self) -> None:
        """End the children at once; what was not done yet is cancelled or fails."""
        self._closed = True
        while True:
            try:
                task = self._waiting.get_nowait()
            except queue.Empty:
                break
            if task is not None:
                task[0].cancel()
        for child in self._children:
            self._waiting.put(None)
            child.end()
        for thread in self._threads:
            thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _put(self, work: _Work) -> Future[Any]:
        if self._closed:
            raise _closed()
        future: Future[Any] = Future()
        self._waiting.put((future, work))
        return future

    def _serve(self, child: _Child) -> None:
        while (task := self._waiting.get()) is not None:
            future, work = task
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(work(child))
            except BaseException as error:
                future.set_exception(error)
        child.forget()


class _Child:
    """One child process, started when it is needed and again when it died.

    Everything but `end` is called by the one thread that watches it.
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
        """One frame of a file."""
        memory_name = f"medkd-{secrets.token_hex(6)}"
        try:
            return _received(self._ask(DecodeRequest(path, index, memory_name)), memory_name)
        finally:
            _unlink(memory_name)

    def read_entry(self, path: Path) -> Study | FileList:
        """What a file holds."""
        return self._ask(EntryRequest(path))

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

    def _ask(self, request: Request) -> Any:
        pipe = self._open_pipe()
        try:
            pipe.send(request)
            if not pipe.poll(self._time_limit_s):
                self.forget()
                raise _refusal(request, f"reading it took longer than {self._time_limit_s:g} s")
            reply: Reply = pipe.recv()
        except (EOFError, OSError) as error:
            self.forget()
            if self._ended:
                raise _closed() from error
            _log.warning("A decoder died on a file and will be started again")
            raise _refusal(request, "its decoder crashed on it; it is probably damaged") from error
        if isinstance(reply, UnreadableFileError):
            raise reply
        return reply

    def _open_pipe(self) -> Connection:
        if self._pipe is None or self._process is None or not self._process.is_alive():
            self.forget()
            self._start()
        if self._pipe is None:
            raise _closed()
        return self._pipe

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        here, there = context.Pipe()
        with self._lock:
            if self._ended:
                return
            self._process = context.Process(target=serve, args=(there,), daemon=True)
            self._process.start()
            self._pipe = here
        there.close()
        try:
            if here.poll(START_LIMIT_S):
                here.recv()
                return
        except (EOFError, OSError):
            pass
        self.forget()
        raise WorkerError("Cannot read files", because="the decoder process does not start")


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


def _refusal(request: Request, because: str) -> UnreadableFileError:
    return UnreadableFileError("Cannot read", because=because, path=request.path)


def _closed() -> WorkerError:
    return WorkerError("Cannot read files", because="the decoders were closed")

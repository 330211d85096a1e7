"""The caller's side of the inference worker; imports no network library."""

from __future__ import annotations

import logging
import multiprocessing
import queue
import signal
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Literal

from medkd_core.serving.messages import (
    Event,
    LoadModel,
    Progress,
    Refining,
    Request,
    WorkerDied,
)

_log = logging.getLogger(__name__)
_GRACE_S = 2.0

Message = tuple[Literal["do", "cancel"], int, Request | None]
"""What crosses the pipe to the worker: a request with its number, or the number to cancel."""

Outbox = queue.SimpleQueue[Message | None]
"""Messages on their way; None ends the thread that sends them."""


class WorkerClient:
    """Starts the worker, numbers the requests and hands every answer to one callback.

    Parameters
    ----------
    on_event : callable
        Receives each `Event` on a reader thread of the client's; it must be quick and must not
        raise. After `close` it is not called any more.

    Notes
    -----
    The worker is started by the first request. When it dies, one `WorkerDied` names the requests
    that will not be answered; the next request starts a new worker, which first opens the model
    that the old one had open.
    """

    def __init__(self, on_event: Callable[[Event], None]) -> None:
        self._on_event = on_event
        self._lock = threading.Lock()
        self._process: SpawnProcess | None = None
        self._pipe: Connection | None = None
        self._outbox: Outbox = queue.SimpleQueue()
        self._reader: threading.Thread | None = None
        self._next = 1
        self._pending: dict[int, Request] = {}
        self._model: LoadModel | None = None
        self._closed = False

    def submit(self, request: Request) -> int:
        """Send a request and return the number that its answers carry."""
        with self._lock:
            if self._closed:
                raise RuntimeError("The client was closed.")
            self._ensure_running(reopen_model=not isinstance(request, LoadModel))
            if isinstance(request, LoadModel):
                self._model = request
            return self._send(request)

    def cancel(self, number: int) -> None:
        """Ask for a request to be dropped; `Stopped` answers it unless it was finished already."""
        with self._lock:
            if number in self._pending:
                self._outbox.put(("cancel", number, None))

    def close(self) -> None:
        """End the worker, whatever it does."""
        with self._lock:
            self._closed = True
            process, pipe, reader = self._process, self._pipe, self._reader
            self._process = self._pipe = self._reader = None
            self._pending.clear()
        if process is None:
            return
        self._outbox.put(None)
        process.terminate()
        process.join(_GRACE_S)
        if process.is_alive():
            process.kill()
            process.join()
        if reader is not None and reader is not threading.current_thread():
            reader.join()
        if pipe is not None:
            pipe.close()
        process.close()

    @property
    def process_id(self) -> int | None:
        """Of the running worker, or None."""
        process = self._process
        return None if process is None else process.pid

    def _ensure_running(self, *, reopen_model: bool) -> None:
        if self._pipe is None:
            self._start()
            if reopen_model and self._model is not None:
                self._send(self._model)

    def _send(self, request: Request) -> int:
        number = self._next
        self._next += 1
        self._pending[number] = request
        self._outbox.put(("do", number, request))
        return number

    def _start(self) -> None:
        # Spawn, not fork: the caller has threads, and with Qt a display connection.
        context = multiprocessing.get_context("spawn")
        pipe, far_end = context.Pipe()
        # Named by a string, so that importing the client does not import the worker.
        process = context.Process(
            target=_run_worker, args=(far_end,), name="medkd-worker", daemon=True
        )
        process.start()
        far_end.close()
        self._process, self._pipe, self._outbox = process, pipe, queue.SimpleQueue()
        # A film of 18 MB takes longer to hand over than a window may stand still.
        threading.Thread(
            target=_write, args=(pipe, self._outbox), name="medkd-worker-writer", daemon=True
        ).start()
        self._reader = threading.Thread(
            target=self._read, args=(process, pipe), name="medkd-worker-reader", daemon=True
        )
        self._reader.start()

    def _read(self, process: SpawnProcess, pipe: Connection) -> None:
        while True:
            try:
                event: Event = pipe.recv()
            except (EOFError, OSError):
                break
            with self._lock:
                if self._closed:
                    return
                if not isinstance(event, Progress | Refining):
                    self._pending.pop(event.request, None)  # type: ignore[union-attr]
            self._on_event(event)
        self._report_death(process, pipe)

    def _report_death(self, process: SpawnProcess, pipe: Connection) -> None:
        with self._lock:
            if self._closed or self._process is not process:
                return
            process.join()
            reason = describe_exit(process.exitcode)
            lost = tuple(self._pending)
            self._pending.clear()
            self._process = self._pipe = self._reader = None
            self._outbox.put(None)
            pipe.close()
            process.close()
        _log.warning("The inference worker %s.", reason)
        self._on_event(WorkerDied(message=f"The network process {reason}.", requests=lost))


def _write(pipe: Connection, outbox: Outbox) -> None:
    while (message := outbox.get()) is not None:
        try:
            pipe.send(message)
        except OSError:
            # The worker has just died; the reader sees the same and says so for every request.
            _log.info("The worker's pipe is closed.")
            return


def describe_exit(exit_code: int | None) -> str:
    """How a process ended, in words for a sentence: ``"was killed, probably out of memory"``."""
    if exit_code is None:
        return "stopped answering"
    if exit_code == -signal.SIGKILL:
        return "was killed, probably out of memory"
    if exit_code < 0:
        return f"was ended by {signal.Signals(-exit_code).name}"
    return f"ended by itself with status {exit_code}"


def _run_worker(pipe: Connection) -> None:
    from medkd_core.serving.worker import serve

    serve(pipe)

"""The worker's side: answers one request after the other until its pipe closes."""

from __future__ import annotations

import logging
import os
import queue
import signal
import threading
from multiprocessing.connection import Connection

from medkd_core.engines.devices import available_devices
from medkd_core.errors import MedKDError, OperationCancelled
from medkd_core.serving.messages import (
    DeviceChoice,
    DevicesListed,
    Event,
    Explain,
    Failed,
    ListDevices,
    LoadModel,
    ModelLoaded,
    Predict,
    Predicted,
    Progress,
    Refining,
    Request,
    Stopped,
)
from medkd_core.serving.methods import possible_methods
from medkd_core.serving.model import OpenModel

_log = logging.getLogger(__name__)


def serve(pipe: Connection) -> None:
    """Answer requests from `pipe`; returns never: the process ends with its pipe."""
    # Ctrl+C in the terminal reaches the whole group; the caller decides when the worker ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    worker = _Worker(pipe)
    threading.Thread(target=worker.listen, name="listener", daemon=True).start()
    worker.work()


class _Worker:
    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._requests: queue.Queue[tuple[int, Request]] = queue.Queue()
        self._cancelled: set[int] = set()
        self._model: OpenModel | None = None

    def listen(self) -> None:
        """Take messages while the other thread computes, so that a cancel is heard at once."""
        while True:
            try:
                what, number, request = self._pipe.recv()
            except (EOFError, OSError):
                # The caller is gone: whatever is being computed has no reader any more.
                os._exit(0)
            if what == "cancel":
                self._cancelled.add(number)
            else:
                self._requests.put((number, request))

    def work(self) -> None:
        """Carry out requests in the order they came."""
        while True:
            number, request = self._requests.get()
            self._pipe.send(self._answer(number, request))
            self._cancelled.discard(number)

    def _answer(self, number: int, request: Request) -> Event:
        try:
            self._stop_if_cancelled(number)
            return self._carry_out(number, request)
        except OperationCancelled:
            return Stopped(number)
        except MedKDError as error:
            return Failed(number, str(error))
        except MemoryError:
            return Failed(number, "Memory ran out. Close other programs or choose a smaller model.")
        except Exception as error:
            _log.exception("A request failed")
            return Failed(number, f"The network failed unexpectedly ({type(error).__name__}).")

    def _carry_out(self, number: int, request: Request) -> Event:
        match request:
            case ListDevices():
                choices = tuple(DeviceChoice(key, label) for key, label in available_devices())
                return DevicesListed(number, choices)
            case LoadModel():
                self._model = OpenModel(request)
                manifest, device = self._model.bundle.manifest, self._model.device
                return ModelLoaded(number, manifest, device, possible_methods())
            case Predict():
                return Predicted(number, self._open_model().predict(request))
            case Explain():
                return self._open_model().explain(
                    number,
                    request,
                    progress=lambda done, total: self._pipe.send(Progress(number, done, total)),
                    cancelled=lambda: number in self._cancelled,
                    shown=lambda so_far: self._pipe.send(Refining(number, so_far)),
                )

    def _stop_if_cancelled(self, number: int) -> None:
        if number in self._cancelled:
            raise OperationCancelled

    def _open_model(self) -> OpenModel:
        if self._model is None:
            raise MedKDError(
                "Cannot ask the networks", because="no model is open", cure="Choose a model first."
            )
        return self._model

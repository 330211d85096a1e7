"""The inference worker as the window sees it: requests go in, events come out as a signal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QObject, Signal

from medkd_core.serving.client import WorkerClient
from medkd_core.serving.messages import Event, Request


class Client(Protocol):
    """What is asked of a `WorkerClient`."""

    def submit(self, request: Request) -> int:
        """Send a request and return the number that its answers carry."""
        ...

    def cancel(self, number: int) -> None:
        """Ask for a request to be dropped."""
        ...

    def close(self) -> None:
        """End the worker."""
        ...


class Inference(QObject):
    """Carries the worker's events from the client's reader thread to the window's thread."""

    answered = Signal(object)
    """One `Event`; slots of objects of the window's thread are called there."""

    def __init__(
        self,
        connect: Callable[[Callable[[Event], None]], Client] = WorkerClient,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._client = connect(self.answered.emit)

    def submit(self, request: Request) -> int:
        """Send a request and return the number that its answers carry."""
        return self._client.submit(request)

    def cancel(self, number: int) -> None:
        """Ask for a request to be dropped."""
        self._client.cancel(number)

    def close(self) -> None:
        """End the worker, whatever it does."""
        self._client.close()

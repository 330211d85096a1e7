"""The decoders as the window sees them: a result or an error comes back to its thread."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future
from pathlib import Path
from threading import Event
from typing import Any, Protocol

from PySide6.QtCore import QObject, Qt, Signal

from medkd_core.errors import MedKDError, OperationCancelled, UnreadableFileError
from medkd_core.imaging.content import FileContent
from medkd_core.imaging.frame import Frame
from medkd_core.imaging.study import FoundStudies

_log = logging.getLogger(__name__)

Then = Callable[[Any], None]
Otherwise = Callable[[MedKDError], None]


class Pool(Protocol):
    """What is asked of a `DecoderPool`."""

    def decode(self, path: Path, index: int, *, background: bool = False) -> Future[Frame]:
        """Decode one frame of a file, in the background where no film waits for it."""
        ...

    def content(self, path: Path) -> Future[FileContent]:
        """List what a file says about itself."""
        ...

    def search(
        self,
        paths: Sequence[Path],
        found: Callable[[FoundStudies], None] | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> Future[FoundStudies]:
        """Look through files and folders, and tell in a thread of its own what was found."""
        ...

    def close(self) -> None:
        """End the decoders."""
        ...


class Decoding(QObject):
    """Hands work to the decoders and brings what they answer back to the window's thread."""

    _finished = Signal(object, object, object)
    _found = Signal(object, object, object)

    def __init__(self, pool: Pool, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = pool
        self._finished.connect(_deliver, Qt.ConnectionType.QueuedConnection)
        self._found.connect(_tell, Qt.ConnectionType.QueuedConnection)

    def decode(
        self,
        path: Path,
        index: int,
        then: Then,
        otherwise: Otherwise,
        *,
        background: bool = False,
    ) -> Future[Frame]:
        """Decode a frame; one of the two callbacks is called with the `Frame` or an error.

        The future may be cancelled while it waits; neither callback is called then. What nobody
        waits for (a thumbnail) belongs to the background, where it keeps no film waiting.
        """
        future = self._pool.decode(path, index, background=background)
        self._follow(future, then, otherwise)
        return future

    def content(self, path: Path, then: Then, otherwise: Otherwise) -> None:
        """Read a file's elements; a callback is called with the `FileContent` or an error."""
        self._follow(self._pool.content(path), then, otherwise)

    def search(
        self,
        paths: Sequence[Path],
        then: Then,
        otherwise: Otherwise,
        found: Callable[[FoundStudies], None] | None = None,
    ) -> Callable[[], None]:
        """Look for studies; a callback is called with all `FoundStudies` or an error.

        Until then `found` is called now and again with what was newly found. What is returned
        cancels the search; no callback is called any more then.
        """
        cancelled = Event()

        def tell(news: FoundStudies) -> None:
            self._found.emit(news, found, cancelled)

        def go_on(count: int) -> None:
            if cancelled.is_set():
                raise OperationCancelled

        self._follow(self._pool.search(paths, found and tell, go_on), then, otherwise)
        return cancelled.set

    def close(self) -> None:
        """End the decoders; callbacks still owed are not called."""
        self._finished.disconnect()
        self._found.disconnect()
        self._pool.close()

    def _follow(self, future: Future[Any], then: Then, otherwise: Otherwise) -> None:
        future.add_done_callback(lambda done: self._finished.emit(done, then, otherwise))


def _tell(news: FoundStudies, found: Callable[[FoundStudies], None], cancelled: Event) -> None:
    if not cancelled.is_set():
        found(news)


def _deliver(future: Future[Any], then: Then, otherwise: Otherwise) -> None:
    try:
        result = future.result()
    except (CancelledError, OperationCancelled):
        return
    except MedKDError as error:
        otherwise(error)
    except Exception as error:
        _log.exception("A decoder's answer could not be used")
        because = f"what was read makes no sense ({type(error).__name__})"
        otherwise(UnreadableFileError("Cannot read the file", because=because))
    else:
        then(result)

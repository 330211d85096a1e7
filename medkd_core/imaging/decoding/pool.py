"""Decoding in child processes: a hostile file can end a child, never the program.

Films have children of their own, so that neither a search through thousands of files nor
thumbnails keep a film waiting. Each child is watched by one thread of the pool. Importing this
module loads no decoder.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from medkd_core.errors import WorkerError
from medkd_core.imaging.content import FileContent
from medkd_core.imaging.decoding.child import DecoderChild, closed
from medkd_core.imaging.frame import Frame
from medkd_core.imaging.searching import Entry, Search
from medkd_core.imaging.study import FoundStudies

BATCH = 16
"""Files that a child is asked for at a time in a search."""

FOUND_INTERVAL_S = 0.25
"""How often a search tells at most what it found."""

_MEETING_S = 1.0
"""A child that is busy for longer runs already."""

_Work = Callable[[DecoderChild], Any]


class DecoderPool:
    """Reads files in child processes and answers by futures.

    Parameters
    ----------
    workers : int
        How many children decode films, so how many at a time.
    time_limit_s : float
        A file that takes longer is refused and its child ended.
    searchers : int
        How many further children search and make thumbnails.

    Examples
    --------
    >>> with DecoderPool() as pool:
    ...     frame = pool.decode(path, 0).result()
    """

    def __init__(self, workers: int = 1, time_limit_s: float = 30.0, searchers: int = 2) -> None:
        self._closed = threading.Event()
        self._films = _Crew(workers, time_limit_s)
        self._background = _Crew(searchers, time_limit_s)

    def decode(
        self, path: Path | str, index: int = 0, *, background: bool = False
    ) -> Future[Frame]:
        """Decode one frame; the future raises `UnreadableFileError` when that cannot be done.

        Parameters
        ----------
        path : Path or str
        index : int
            From 0.
        background : bool
            Nobody waits for it (a thumbnail): films that somebody waits for are not delayed.
        """
        crew = self._background if background else self._films
        return self._put(crew, lambda child: child.decode(Path(path), index))

    def content(self, path: Path | str) -> Future[FileContent]:
        """List what a file says about itself, as `read_content` does."""
        return self._put(self._films, lambda child: child.read_content(Path(path)))

    def search(
        self,
        paths: Iterable[Path | str],
        found: Callable[[FoundStudies], None] | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> Future[FoundStudies]:
        """Search files and folders as `find_studies` does, each file within the time limit.

        Parameters
        ----------
        paths : iterable of Path or str
        found : callable, optional
            Called with what was newly found, at once the first time and then four times a second
            at most; `medkd_core.imaging.searching.merged` puts the parts together.
        progress : callable, optional
            Called with the number of files looked into.

        Returns
        -------
        Future of FoundStudies
            Everything. What `found` or `progress` raises (`OperationCancelled`) ends the search
            and is raised by the future, as is a `WorkerError` when no child starts; `found` has
            been told of everything before it then. Both are called in a thread of the pool.
        """
        if self._closed.is_set():
            raise closed()
        search = Search(list(paths))
        future: Future[FoundStudies] = Future()
        future.set_running_or_notify_cancel()

        def run() -> None:
            try:
                self._search(search, _Reports(search, found, progress))
                future.set_result(search.found())
            except CancelledError:
                future.set_exception(closed())
            except BaseException as error:
                future.set_exception(error)

        threading.Thread(target=run, name="search", daemon=True).start()
        return future

    def warm(self) -> None:
        """Start the children for films now, so that the first need not wait for them."""
        self._films.warm()

    def warm_searchers(self) -> None:
        """Start the children that search, so that the first search need not wait for them."""
        if not self._closed.is_set():
            self._background.warm()

    def process_ids(self) -> tuple[int, ...]:
        """The children that run now, those for films first, for a list of processes."""
        children = (*self._films.children, *self._background.children)
        return tuple(pid for child in children if (pid := child.process_id()) is not None)

    def close(self) -> None:
        """End the children at once; what was not done yet is cancelled or fails."""
        self._closed.set()
        self._films.close()
        self._background.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _put(self, crew: _Crew, work: _Work) -> Future[Any]:
        if self._closed.is_set():
            raise closed()
        return crew.put(work)

    def _search(self, search: Search, reports: _Reports) -> None:
        """Keep every searching child busy and no more: thumbnails get their turn in between."""
        asked: deque[tuple[tuple[Path, ...], Future[list[Entry]]]] = deque()
        while True:
            while len(asked) <= len(self._background.children):
                if not (files := search.next_files(BATCH)):
                    break
                asked.append((files, self._ask(files)))
            if not asked:
                return
            files, answer = asked.popleft()
            try:
                entries = answer.result()
            except WorkerError:
                reports.tell_rest()  # it was found, whatever becomes of the search
                raise
            for path, entry in zip(files, entries, strict=True):
                search.take(path, entry)
                reports.count()
            reports.tell()

    def _ask(self, files: tuple[Path, ...]) -> Future[list[Entry]]:
        return self._put(self._background, lambda child: child.read_entries(files))


class _Reports:
    """What a search tells while it runs, not too often."""

    def __init__(
        self,
        search: Search,
        found: Callable[[FoundStudies], None] | None,
        progress: Callable[[int], None] | None,
    ) -> None:
        self._search = search
        self._found = found
        self._progress = progress
        self._next = 0.0

    def count(self) -> None:
        """Say that one more file was looked into."""
        if self._progress is not None:
            self._progress(self._search.count)

    def tell(self) -> None:
        """Say what was found, if it is time to."""
        if time.monotonic() >= self._next:
            self.tell_rest()

    def tell_rest(self) -> None:
        """Say what was found and was not told yet."""
        if self._found is None:
            return
        news = self._search.newly_found()
        if news.studies or news.refused:
            self._next = time.monotonic() + FOUND_INTERVAL_S
            self._found(news)


class _Crew:
    """Children that take their work from one queue."""

    def __init__(self, size: int, time_limit_s: float) -> None:
        self._waiting: queue.SimpleQueue[tuple[Future[Any], _Work] | None] = queue.SimpleQueue()
        self.children = [DecoderChild(time_limit_s) for _ in range(size)]
        self._threads = [
            threading.Thread(target=self._serve, args=(child,), name="decoder", daemon=True)
            for child in self.children
        ]
        for thread in self._threads:
            thread.start()

    def put(self, work: _Work) -> Future[Any]:
        """Have one of the children do it."""
        future: Future[Any] = Future()
        self._waiting.put((future, work))
        return future

    def warm(self) -> None:
        """Start every child."""
        meeting = threading.Barrier(len(self.children))

        def start(child: DecoderChild) -> None:
            # Whoever has met the others takes no second turn, so that each starts its own child.
            with suppress(threading.BrokenBarrierError):
                meeting.wait(_MEETING_S)
            child.warm()

        for _ in self.children:
            self.put(start)

    def close(self) -> None:
        """Cancel what waits and end what runs."""
        while True:
            try:
                task = self._waiting.get_nowait()
            except queue.Empty:
                break
            if task is not None:
                task[0].cancel()
        for child in self.children:
            self._waiting.put(None)
            child.end()
        for thread in self._threads:
            thread.join()

    def _serve(self, child: DecoderChild) -> None:
        while (task := self._waiting.get()) is not None:
            future, work = task
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(work(child))
            except BaseException as error:
                future.set_exception(error)
        child.forget()

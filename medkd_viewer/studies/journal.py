"""The reader's own notes on studies: when read, what was thought of each map, what was measured."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from threading import Lock

from platformdirs import user_data_path
from pydantic import BaseModel, TypeAdapter, ValidationError

from medkd_core.jobs.durable import write_durably
from medkd_viewer.measuring.measurement import Measurement
from medkd_viewer.studies.journal_file import Identity, Lines, identity, joined, read_lines

_log = logging.getLogger(__name__)

_REMEMBERED = 4096
"""Studies whose notes need not be read anew while a list is painted."""


class Judgement(StrEnum):
    """What a reader thinks of a map."""

    PLAUSIBLE = "plausible"
    PARTLY = "partly"
    NOT = "not"


Measurements = tuple[Measurement, ...]


class StudyNotes(BaseModel):
    """Notes on one study; judgements by ``image|network|class``, measurements by ``image``.

    Measurements are looked at only when their image is.
    """

    read_at: datetime | None = None
    judgements: dict[str, Judgement] = {}
    measurements: dict[str, object] = {}


Change = Callable[[StudyNotes], object]
_Measurements = TypeAdapter(Measurements)


class Journal:
    """Notes by study UID, kept in one file beside the program's data, never in a source file.

    What is noted is written by a thread of its own, so that no disk keeps the window waiting; what
    comes while it writes is written together. Several viewers may be open: what another one has
    written is read before anything is written, and what was noted here since is noted there again.

    Parameters
    ----------
    path : Path or None
        None keeps the notes only while the program runs.

    Attributes
    ----------
    unsaved : str
        Why the last note could not be kept, as a sentence; empty when it was.
    when_unsaved_changes : callable
        Called in the thread that writes.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self.unsaved = ""
        self.when_unsaved_changes: Callable[[], object] = lambda: None
        self._lock = Lock()
        self._lines: Lines = {}
        self._changes: list[tuple[str, Change]] = []
        self._seen: Identity = None
        self._writer = ThreadPoolExecutor(1, "journal")
        self._writing: Future[None] | None = None
        self._is_planned = False
        if path is not None:
            self._begin(path)

    def read_at(self, study_uid: str) -> datetime | None:
        """When a study was marked as read."""
        return self._notes(study_uid).read_at

    def mark_read(self, study_uid: str, when: datetime | None) -> None:
        """Mark a study as read, or as unread with None."""

        def change(notes: StudyNotes) -> None:
            notes.read_at = when

        self._change(study_uid, change)

    def judgement(self, study_uid: str, key: str) -> Judgement | None:
        """What was thought of a map."""
        return self._notes(study_uid).judgements.get(key)

    def judge(self, study_uid: str, key: str, judgement: Judgement | None) -> None:
        """Note what is thought of a map, or take it back with None."""

        def change(notes: StudyNotes) -> None:
            if judgement is None:
                notes.judgements.pop(key, None)
            else:
                notes.judgements[key] = judgement

        self._change(study_uid, change)

    def measurements(self, study_uid: str, image: str) -> Measurements:
        """What was measured on an image, as far as it makes sense."""
        saved = self._notes(study_uid).measurements.get(image)
        return _those_that_make_sense(saved) if isinstance(saved, list) else ()

    def keep_measurements(self, study_uid: str, image: str, measurements: Measurements) -> None:
        """Note what is now measured on an image; nothing is left of an image without any."""

        def change(notes: StudyNotes) -> None:
            if measurements:
                notes.measurements[image] = _Measurements.dump_python(measurements, mode="json")
            else:
                notes.measurements.pop(image, None)

        self._change(study_uid, change)

    def save(self) -> None:
        """Begin to write what is not written yet, if there is any."""
        if self._path is not None and self._changes and not self._is_planned:
            self._is_planned = True
            self._writing = self._writer.submit(self._write, self._path)

    def finish(self) -> None:
        """Write what is not written yet, and wait until that is done."""
        self.save()
        if self._writing is not None:
            self._writing.result()

    def _notes(self, study_uid: str) -> StudyNotes:
        line = self._lines.get(study_uid)
        return StudyNotes() if line is None else _understood(line)

    def _change(self, study_uid: str, change: Change) -> None:
        with self._lock:
            _apply(self._lines, study_uid, change)
            if self._path is None:
                return
            self._changes.append((study_uid, change))
        self.save()

    def _begin(self, path: Path) -> None:
        try:
            self._seen = identity(path)
            self._lines = read_lines(path) or {}
        except OSError as error:
            _log.warning("The journal cannot be used, nothing is kept: %s", error.strerror)
            self._path = None

    def _write(self, path: Path) -> None:
        """Write, in a thread of its own, everything that is noted now."""
        self._is_planned = False
        before = self.unsaved
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._take_in(path)
            with self._lock:
                content, count = dict(self._lines), len(self._changes)
            write_durably(path, joined(content))
        except OSError as error:
            self.unsaved = f"Measurements and judgements cannot be kept: {error.strerror}."
            _log.warning("The journal could not be saved: %s", error.strerror)
        else:
            with self._lock:
                del self._changes[:count]
            self._seen, self.unsaved = identity(path), ""
        if self.unsaved != before:
            # The window may have been closed meanwhile.
            with suppress(RuntimeError):
                self.when_unsaved_changes()

    def _take_in(self, path: Path) -> None:
        """Go on from what another viewer has written since."""
        seen = identity(path)
        if seen == self._seen or (lines := read_lines(path)) is None:
            return
        with self._lock:
            for study_uid, change in self._changes:
                _apply(lines, study_uid, change)
            self._lines, self._seen = lines, seen


def _apply(lines: Lines, study_uid: str, change: Change) -> None:
    notes = _understood(lines.get(study_uid, "{}")).model_copy(deep=True)
    change(notes)
    # Not by pydantic, which raises where a file's name is no sound Unicode.
    lines[study_uid] = json.dumps(notes.model_dump(mode="json"))


@lru_cache(_REMEMBERED)
def _understood(line: str) -> StudyNotes:
    try:
        return StudyNotes.model_validate(json.loads(line))
    except (ValueError, RecursionError):
        _log.warning("The notes on a study were unreadable and left out.")
        return StudyNotes()


def _those_that_make_sense(saved: list[object]) -> Measurements:
    """One measurement that makes no sense must not cost the reader all others."""
    kept: list[Measurement] = []
    for one in saved:
        with suppress(ValidationError):
            kept.append(Measurement.model_validate(one))
    if len(kept) < len(saved):
        _log.warning("%d measurements were unreadable and left out.", len(saved) - len(kept))
    return tuple(kept)


def default_journal_path() -> Path:
    """Where this system keeps a program's data."""
    return user_data_path("medkd", appauthor=False) / "journal.json"

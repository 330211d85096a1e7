"""The reader's own notes on studies: when read, what was thought of each map, what was measured."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from platformdirs import user_data_path
from pydantic import BaseModel, TypeAdapter, ValidationError

from medkd_core.jobs.durable import write_durably
from medkd_viewer.measuring.measurement import Measurement

_log = logging.getLogger(__name__)


class Judgement(StrEnum):
    """What a reader thinks of a map."""

    PLAUSIBLE = "plausible"
    PARTLY = "partly"
    NOT = "not"


Measurements = tuple[Measurement, ...]


class StudyNotes(BaseModel):
    """Notes on one study; judgements by ``image|network|class``, measurements by ``image``.

    Measurements are looked at only when their image is: ten thousand of them must not keep the
    window waiting.
    """

    read_at: datetime | None = None
    judgements: dict[str, Judgement] = {}
    measurements: dict[str, object] = {}


Entries = dict[str, StudyNotes]
Change = Callable[[StudyNotes], object]
_Entries = TypeAdapter(Entries)
_Measurements = TypeAdapter(Measurements)


class Journal:
    """Notes by study UID, kept in one small file beside the program's data, never in a source file.

    Several viewers may be open: what another one has written is read before anything is written,
    and what was noted here since is noted there again.

    Parameters
    ----------
    path : Path or None
        None keeps the notes only while the program runs.

    Attributes
    ----------
    unsaved : str
        Why the last note could not be kept, as a sentence; empty when it was.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self.unsaved = ""
        self._changes: list[tuple[str, Change]] = []
        self._seen: object = None
        self._entries: Entries = {}
        if path is not None:
            self._begin(path)

    def read_at(self, study_uid: str) -> datetime | None:
        """When a study was marked as read."""
        notes = self._entries.get(study_uid)
        return notes.read_at if notes else None

    def mark_read(self, study_uid: str, when: datetime | None) -> None:
        """Mark a study as read, or as unread with None."""

        def change(notes: StudyNotes) -> None:
            notes.read_at = when

        self._change(study_uid, change)

    def judgement(self, study_uid: str, key: str) -> Judgement | None:
        """What was thought of a map."""
        notes = self._entries.get(study_uid)
        return notes.judgements.get(key) if notes else None

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
        notes = self._entries.get(study_uid)
        saved = notes.measurements.get(image) if notes else None
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
        """Write what could not be written when it was noted, if there is any."""
        if self._path is None or not self._changes:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._take_in(self._path)
            write_durably(self._path, _Entries.dump_json(self._entries))
        except OSError as error:
            self.unsaved = f"Measurements and judgements cannot be kept: {error.strerror}."
            _log.warning("The journal could not be saved: %s", error.strerror)
            return
        self._changes.clear()
        self._seen, self.unsaved = _identity(self._path), ""

    def _change(self, study_uid: str, change: Change) -> None:
        change(self._entries.setdefault(study_uid, StudyNotes()))
        if self._path is not None:
            self._changes.append((study_uid, change))
            self.save()

    def _begin(self, path: Path) -> None:
        try:
            self._entries = self._read(path) or {}
        except OSError as error:
            _log.warning("The journal cannot be used, nothing is kept: %s", error.strerror)
            self._path = None

    def _take_in(self, path: Path) -> None:
        """Go on from what another viewer has written since."""
        if _identity(path) != self._seen and (entries := self._read(path)) is not None:
            self._entries = entries
            for study_uid, change in self._changes:
                change(self._entries.setdefault(study_uid, StudyNotes()))

    def _read(self, path: Path) -> Entries | None:
        """What is there; a file that cannot be read makes way, or an error is raised."""
        self._seen = _identity(path)
        try:
            return _Entries.validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError):
            path.replace(path.with_suffix(".damaged"))
            _log.warning("The journal was unreadable; it is kept as a copy and begun anew.")
            return None


def _identity(path: Path) -> tuple[int, int, int] | None:
    """What differs between a file and another that took its place; None where there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


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

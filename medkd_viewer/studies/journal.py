"""The reader's own notes on studies: when read, what was thought of each map, what was measured."""

from __future__ import annotations

import logging
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


_Entries = TypeAdapter(dict[str, StudyNotes])
_Measurements = TypeAdapter(Measurements)


class Journal:
    """Notes by study UID, kept in one small file beside the program's data, never in a source file.

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
        self._entries = self._load()

    def read_at(self, study_uid: str) -> datetime | None:
        """When a study was marked as read."""
        notes = self._entries.get(study_uid)
        return notes.read_at if notes else None

    def mark_read(self, study_uid: str, when: datetime | None) -> None:
        """Mark a study as read, or as unread with None."""
        self._notes(study_uid).read_at = when
        self._save()

    def judgement(self, study_uid: str, key: str) -> Judgement | None:
        """What was thought of a map."""
        notes = self._entries.get(study_uid)
        return notes.judgements.get(key) if notes else None

    def judge(self, study_uid: str, key: str, judgement: Judgement | None) -> None:
        """Note what is thought of a map, or take it back with None."""
        judgements = self._notes(study_uid).judgements
        if judgement is None:
            judgements.pop(key, None)
        else:
            judgements[key] = judgement
        self._save()

    def measurements(self, study_uid: str, image: str) -> Measurements:
        """What was measured on an image, as far as it makes sense."""
        notes = self._entries.get(study_uid)
        saved = notes.measurements.get(image) if notes else None
        return _those_that_make_sense(saved) if isinstance(saved, list) else ()

    def keep_measurements(self, study_uid: str, image: str, measurements: Measurements) -> None:
        """Note what is now measured on an image; nothing is left of an image without any."""
        kept = self._notes(study_uid).measurements
        if measurements:
            kept[image] = _Measurements.dump_python(measurements, mode="json")
        else:
            kept.pop(image, None)
        self._save()

    def _notes(self, study_uid: str) -> StudyNotes:
        return self._entries.setdefault(study_uid, StudyNotes())

    def _load(self) -> dict[str, StudyNotes]:
        if self._path is None:
            return {}
        try:
            return _Entries.validate_json(self._path.read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ValidationError):
            self._set_aside()
            return {}

    def _set_aside(self) -> None:
        assert self._path is not None
        try:
            self._path.replace(self._path.with_suffix(".damaged"))
            _log.warning("The journal was unreadable; it is kept as a copy and begun anew.")
        except OSError as error:
            _log.warning("The journal cannot be used, nothing is kept: %s", error.strerror)
            self._path = None

    def _save(self) -> None:
        if self._path is None:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_durably(self._path, _Entries.dump_json(self._entries))
            self.unsaved = ""
        except OSError as error:
            self.unsaved = f"Measurements and judgements cannot be kept: {error.strerror}."
            _log.warning("The journal could not be saved: %s", error.strerror)


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

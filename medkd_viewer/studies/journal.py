"""The reader's own notes on studies: when read, and what was thought of each map."""

from __future__ import annotations

import logging
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from platformdirs import user_data_path
from pydantic import BaseModel, TypeAdapter, ValidationError

_log = logging.getLogger(__name__)


class Judgement(StrEnum):
    """What a reader thinks of a map."""

    PLAUSIBLE = "plausible"
    PARTLY = "partly"
    NOT = "not"


class StudyNotes(BaseModel):
    """Notes on one study; judgements by ``image|network|class``."""

    read_at: datetime | None = None
    judgements: dict[str, Judgement] = {}


_Entries = TypeAdapter(dict[str, StudyNotes])


class Journal:
    """Notes by study UID, kept in one small file beside the program's data, never in a source file.

    Parameters
    ----------
    path : Path or None
        None keeps the notes only while the program runs.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
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
            _log.warning("The journal was unreadable; it is kept as a copy and begun anew.")
            self._path.rename(self._path.with_suffix(".damaged"))
            return {}

    def _save(self) -> None:
        if self._path is None:
            return
        beside = self._path.with_suffix(".new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            beside.write_bytes(_Entries.dump_json(self._entries))
            beside.replace(self._path)
        except OSError as error:
            _log.warning("The journal could not be saved: %s", error.strerror)


def default_journal_path() -> Path:
    """Where this system keeps a program's data."""
    return user_data_path("medkd", appauthor=False) / "journal.json"

"""The studies at hand and what is known of each, without widgets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from medkd_core.imaging.study import FoundStudies, Instance, Refusal, Study
from medkd_viewer.settings import RecentFolder
from medkd_viewer.studies.journal import Journal


class Sign(StrEnum):
    """A mark beside a study; the words beside it say the same."""

    NONE = ""
    CAUTION = "caution"
    HOLLOW = "hollow"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Image:
    """One picture of a study: a frame of an instance."""

    instance: Instance
    frame: int


@dataclass(frozen=True, slots=True)
class SectionRow:
    """A heading of the list."""

    title: str


@dataclass(frozen=True, slots=True)
class StudyRow:
    """A study of the list."""

    study: Study
    title: str
    what: str
    state: str
    sign: Sign
    remark: str = ""
    """What the sign means."""


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A file that could not be opened."""

    refusal: Refusal


@dataclass(frozen=True, slots=True)
class FolderRow:
    """A folder that was opened before."""

    folder: RecentFolder


Row = SectionRow | StudyRow | RefusedRow | FolderRow


def images_of(study: Study) -> list[Image]:
    """Every picture of a study in reading order."""
    return [Image(i, frame) for i in study.instances for frame in range(i.frames)]


def study_title(study: Study) -> str:
    """The patient's name as the file gives it, or the best name there is."""
    return study.patient_name or study.patient_id or study.instances[0].path.name


def study_summary(study: Study) -> str:
    """What was taken and how many images: ``"Chest PA · 2 images"``."""
    first = study.instances[0]
    part = first.body_part.replace("_", " ").capitalize()
    what = " ".join(filter(None, (part, first.view))) or study.description or first.modality
    count = len(images_of(study))
    return f"{what} · {count} image{'' if count == 1 else 's'}"


@dataclass
class Library:
    """Studies by UID in the order they were found, refused files, and remarks on studies."""

    journal: Journal
    studies: dict[str, Study] = field(default_factory=dict)
    refused: dict[Path, Refusal] = field(default_factory=dict)
    folders: list[RecentFolder] = field(default_factory=list)
    _remarks: dict[str, tuple[str, Sign]] = field(default_factory=dict)

    def add(self, found: FoundStudies) -> None:
        """Take in what a search found; a study found again is replaced."""
        self.studies.update((study.uid, study) for study in found.studies)
        self.refused.update((refusal.path, refusal) for refusal in found.refused)

    def remark(self, study_uid: str, words: str, sign: Sign) -> None:
        """Note what the networks or the decoder said about a study; empty words take it back."""
        self._remarks[study_uid] = (words, sign)

    def rows(self, query: str = "") -> list[Row]:
        """The list, top to bottom, limited to what matches a search."""
        studies = [s for s in self.studies.values() if matches(s, query)]
        refused = [r for r in self.refused.values() if query.lower() in r.path.name.lower()]
        rows: list[Row] = []
        if studies:
            plural = "study" if len(studies) == 1 else "studies"
            rows += [SectionRow(f"{len(studies):,} {plural}"), *map(self._study_row, studies)]
        if refused:
            rows += [SectionRow(f"Not opened · {len(refused):,}"), *map(RefusedRow, refused)]
        if self.folders and not query:
            rows += [SectionRow("Recent folders"), *map(FolderRow, self.folders)]
        return rows

    def _study_row(self, study: Study) -> StudyRow:
        words, sign = self._remarks.get(study.uid, ("", Sign.NONE))
        read_at = self.journal.read_at(study.uid)
        state = reading_words(read_at) if read_at else words or "Unread"
        return StudyRow(study, study_title(study), study_summary(study), state, sign, words)


def reading_words(read_at: datetime) -> str:
    """When a study was read: the time of today, else the date."""
    local = read_at.astimezone()
    today = local.date() == datetime.now().astimezone().date()
    return f"Read {local:%H:%M}" if today else f"Read {local:%Y-%m-%d}"


def reason_sentence(refusal: Refusal) -> str:
    """Why a file was not opened, as a whole sentence."""
    reason = refusal.reason.strip().rstrip(".")
    return f"{reason[:1].upper()}{reason[1:]}."


def matches(study: Study, query: str) -> bool:
    """Every word of the search is in the patient's name, id, description or part."""
    text = " ".join(_searchable(study)).lower()
    return all(word in text for word in query.lower().split())


def _searchable(study: Study) -> Iterable[str]:
    yield from (study.patient_name, study.patient_id, study.description, study.date)
    yield study_summary(study)

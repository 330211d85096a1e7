"""Which rows the list has: headings, studies and their parts, refused files, recent places."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from medkd_core.imaging.study import Instance, Refusal, Series, Study
from medkd_viewer.settings import RecentFolder
from medkd_viewer.studies.library import Library
from medkd_viewer.studies.pictures import count_images, documents_of, first_position
from medkd_viewer.studies.query import Query


class Section(StrEnum):
    """What a heading stands over."""

    STUDIES = "studies"
    REFUSED = "refused"
    RECENT = "recent"


@dataclass(frozen=True, slots=True)
class SectionRow:
    """A heading of the list."""

    section: Section
    count: int

    @property
    def key(self) -> Hashable:
        """What stays the same while the row changes its looks."""
        return self.section


@dataclass(frozen=True, slots=True)
class StudyRow:
    """A study."""

    study: Study

    @property
    def key(self) -> Hashable:
        """What stays the same while the row changes its looks."""
        return self.study.uid


@dataclass(frozen=True, slots=True)
class SeriesRow:
    """A series with pictures, under its study."""

    study: Study
    series: Series

    @property
    def key(self) -> Hashable:
        """What stays the same while the row changes its looks."""
        return self.study.uid, self.series.uid


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A file without pictures, under its study."""

    study: Study
    document: Instance

    @property
    def key(self) -> Hashable:
        """What stays the same while the row changes its looks."""
        return self.study.uid, self.document.path


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A file that could not be opened."""

    refusal: Refusal

    @property
    def key(self) -> Hashable:
        """What stays the same while the row changes its looks."""
        return self.refusal.path


@dataclass(frozen=True, slots=True)
class FolderRow:
    """A folder or file that was opened before."""

    folder: RecentFolder

    @property
    def key(self) -> Hashable:
        """What stays the same while the row changes its looks."""
        return Section.RECENT, self.folder.path


PartRow = SeriesRow | DocumentRow
Row = SectionRow | StudyRow | PartRow | RefusedRow | FolderRow


def parts_of(study: Study) -> list[PartRow]:
    """The rows that a study unfolds to; none when it is all in its own row."""
    parts: list[PartRow] = []
    for series in study.series:
        if count_images(series):
            parts.append(SeriesRow(study, series))
        parts += [DocumentRow(study, one) for one in documents_of(series)]
    return parts if len(parts) > 1 else []


def picture_of(row: Row) -> tuple[Study, int] | None:
    """The study and the position of the first picture that a row stands for."""
    match row:
        case StudyRow(study) if count_images(study):
            return study, 0
        case SeriesRow(study, series):
            return study, first_position(study, series)
        case _:
            return None


def is_under(row: Row, above: Row) -> bool:
    """A row is seen only while another is unfolded."""
    match row, above:
        case ((SeriesRow() | DocumentRow()), StudyRow(study)):
            return row.study.uid == study.uid
        case RefusedRow(), SectionRow(Section.REFUSED):
            return True
        case _:
            return False


def path_of(row: Row) -> Path | None:
    """The file or folder that a row stands for."""
    match row:
        case StudyRow(study):
            return study.instances[0].path
        case SeriesRow(_, series):
            return series.instances[0].path
        case DocumentRow(_, document):
            return document.path
        case RefusedRow(refusal):
            return refusal.path
        case FolderRow(folder):
            return folder.path
        case _:
            return None


def unfolds(study: Study) -> bool:
    """It has several series, or documents beside its pictures."""
    pictured = [series for series in study.series if count_images(series)]
    return len(pictured) + len(documents_of(study)) > 1


@dataclass
class Outline:
    """What of the list is unfolded, and what of it is in hand.

    Attributes
    ----------
    query : Query
    hidden : bool
        Patients are not named; nothing is listed whose name may be a patient's.
    shown : (str, Hashable) or None
        The study in hand, and the UID of its series or the path of its document.
    """

    library: Library
    query: Query = field(default_factory=lambda: Query.parsed(""))
    hidden: bool = False
    shown: tuple[str, Hashable] | None = None
    _unfolded: set[str] = field(default_factory=set)
    _by_itself: str = ""
    _rows: dict[str, StudyRow] = field(default_factory=dict)

    def show(self, study_uid: str, part: Hashable) -> bool:
        """Take a film in hand: its study unfolds, the one before folds; tells a change."""
        before, self.shown = self.shown, (study_uid, part)
        if before is None or before[0] != study_uid:
            self._unfolded.discard(self._by_itself)
            self._by_itself = "" if study_uid in self._unfolded else study_uid
            self._unfolded.add(study_uid)
        return before != self.shown

    def unfold(self, key: str, unfolded: bool) -> None:
        """Unfold or fold a study by its UID, or `Section.REFUSED`."""
        if key == self._by_itself:
            self._by_itself = ""
        if unfolded:
            self._unfolded.add(key)
        else:
            self._unfolded.discard(key)

    def unfolded(self, row: Row) -> bool | None:
        """Whether a row is unfolded; None when there is nothing to unfold."""
        match row:
            case StudyRow(study):
                return study.uid in self._unfolded if unfolds(study) else None
            case SectionRow(Section.REFUSED):
                return Section.REFUSED in self._unfolded
            case _:
                return None

    def rows(self) -> list[Row]:
        """The list, top to bottom."""
        return [*self._studies(), *self._refused(), *self._recent()]

    def _studies(self) -> Iterator[Row]:
        studies = self.library.matching(self.query, hidden=self.hidden)
        for uid in self._rows.keys() - self.library.studies.keys():
            del self._rows[uid]
        if studies:
            yield SectionRow(Section.STUDIES, len(studies))
        for study in studies:
            yield self._study_row(study)
            if study.uid in self._unfolded:
                yield from parts_of(study)

    def _study_row(self, study: Study) -> StudyRow:
        """The row made before, if it still holds: thousands of new ones stall the collector."""
        row = self._rows.get(study.uid)
        if row is None or row.study is not study:
            row = self._rows[study.uid] = StudyRow(study)
        return row

    def _refused(self) -> Iterator[Row]:
        if not self.library.refused or not self.query.is_empty:
            return
        yield SectionRow(Section.REFUSED, len(self.library.refused))
        if Section.REFUSED in self._unfolded:
            yield from map(RefusedRow, self.library.refused.values())

    def _recent(self) -> Iterator[Row]:
        if self.library.folders and self.query.is_empty and not self.hidden:
            yield SectionRow(Section.RECENT, len(self.library.folders))
            yield from map(FolderRow, self.library.folders)

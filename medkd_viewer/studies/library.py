"""The studies at hand and what is known of each, without widgets."""

from __future__ import annotations

from bisect import insort
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import islice
from pathlib import Path

from medkd_core.errors import MedKDError, WorkerError
from medkd_core.imaging.searching import merged
from medkd_core.imaging.study import FoundStudies, Refusal, Study
from medkd_viewer.settings import RecentFolder
from medkd_viewer.studies.journal import Journal
from medkd_viewer.studies.pictures import Image, documents_of, images_of
from medkd_viewer.studies.query import Query, SearchText, date_digits, search_text

__all__ = ["Image", "Library", "Sign", "documents_of", "images_of"]


class Sign(StrEnum):
    """A mark beside a study; the words beside it say the same."""

    NONE = ""
    CAUTION = "caution"
    HOLLOW = "hollow"
    FAILURE = "failure"


_NOT_OPENED = ("Not opened", Sign.FAILURE)
_TRY_AGAIN = ("Not opened, try again", Sign.FAILURE)


@dataclass
class _Patient:
    """The studies of one patient, newest first, and the patient's number in the list."""

    number: int
    uids: list[str] = field(default_factory=list)


@dataclass
class Library:
    """Studies by UID, refused files by path, what was opened before, remarks on studies.

    Attributes
    ----------
    studies : dict of str to Study
        In the order they were found; `in_order` has the studies of a patient together.
    refused : dict of Path to Refusal
    folders : list of RecentFolder
        Folders and files that were opened before.
    """

    journal: Journal
    studies: dict[str, Study] = field(default_factory=dict)
    refused: dict[Path, Refusal] = field(default_factory=dict)
    folders: list[RecentFolder] = field(default_factory=list)
    _patients: dict[Hashable, _Patient] = field(default_factory=dict)
    _patients_met: int = 0
    _texts: dict[str, SearchText] = field(default_factory=dict)
    _remarks: dict[str, tuple[str, Sign]] = field(default_factory=dict)

    def add(self, found: FoundStudies) -> None:
        """Take in what a search found; parts of one study are put together."""
        for study in found.studies:
            known = self.studies.get(study.uid)
            if known is None:
                self._enter(study)
            elif known != study and (new := _what_is_new(known, study)):
                self.studies[study.uid] = merged([known, new])[0]
                self._texts.pop(study.uid, None)
        self.refused.update((refusal.path, refusal) for refusal in found.refused)

    def close(self, uids: Iterable[str]) -> None:
        """Take studies off the list; their files stay as they are."""
        for uid in uids:
            key = _patient_key(self.studies.pop(uid))
            patient = self._patients[key]
            patient.uids.remove(uid)
            if not patient.uids:
                del self._patients[key]
            self._texts.pop(uid, None)
            self._remarks.pop(uid, None)

    def clear(self) -> None:
        """Take everything off the list but what was opened before."""
        for entries in (self.studies, self.refused, self._patients, self._texts, self._remarks):
            entries.clear()

    def in_order(self) -> Iterator[Study]:
        """Studies as they are listed: those of a patient together, the newest of them first."""
        studies = self.studies
        return (studies[uid] for patient in self._patients.values() for uid in patient.uids)

    def matching(self, query: Query, *, hidden: bool = False) -> list[Study]:
        """Studies that answer to a search, as they are listed."""
        if query.is_empty:
            return list(self.in_order())
        return [s for s in self.in_order() if query.matches(self._text(s), hidden=hidden)]

    def prepare_search(self, most: int) -> bool:
        """Read the words of some more studies in advance; tells whether any are left."""
        unread = (study for uid, study in self.studies.items() if uid not in self._texts)
        return len([self._text(study) for study in islice(unread, most)]) == most

    def patient_number(self, study: Study) -> int:
        """Stands for the patient while the name is hidden; the same as long as a study is open."""
        return self._patients[_patient_key(study)].number

    def remark(self, study_uid: str, words: str, sign: Sign) -> None:
        """Note what the networks or the decoder said about a study; empty words take it back."""
        self._remarks[study_uid] = (words, sign)

    def note_failure(self, study: Study, error: MedKDError) -> None:
        """Note that a film could not be opened, and list its file unless another try may help."""
        if isinstance(error, WorkerError):
            self.remark(study.uid, *_TRY_AGAIN)
            return
        self.remark(study.uid, *_NOT_OPENED)
        path = error.path or study.instances[0].path
        self.refused[path] = Refusal.of(path, error)

    def note_opened(self, study_uid: str, path: Path) -> bool:
        """Take back that a film could not be opened; tells whether that had been noted."""
        noted = self.remark_on(study_uid) in (_NOT_OPENED, _TRY_AGAIN)
        if noted:
            del self._remarks[study_uid]
        return self.refused.pop(path, None) is not None or noted

    def remark_on(self, study_uid: str) -> tuple[str, Sign]:
        """What was noted about a study."""
        return self._remarks.get(study_uid, ("", Sign.NONE))

    def _enter(self, study: Study) -> None:
        key = _patient_key(study)
        if key not in self._patients:
            self._patients_met += 1
            self._patients[key] = _Patient(self._patients_met)
        self.studies[study.uid] = study
        # Dates are compared as stored; of equal ones the first found stays first.
        insort(self._patients[key].uids, study.uid, key=self._age)

    def _age(self, uid: str) -> int:
        return -int(date_digits(self.studies[uid].date) or 0)

    def _text(self, study: Study) -> SearchText:
        known = self._texts.get(study.uid)
        if known is None:
            known = self._texts[study.uid] = search_text(study)
        return known


def _patient_key(study: Study) -> Hashable:
    """Studies without a patient's number are not taken for one patient's."""
    return study.patient_id or (study.uid,)


def _what_is_new(known: Study, study: Study) -> Study | None:
    """The part of a study whose files are not known yet."""
    paths = {one.path for one in known.instances}
    parts = [
        replace(series, instances=new)
        for series in study.series
        if (new := tuple(one for one in series.instances if one.path not in paths))
    ]
    return replace(study, series=tuple(parts)) if parts else None

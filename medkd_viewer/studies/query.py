"""What a reader types into the search field, and whether a study answers to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from medkd_core.imaging.study import Study
from medkd_viewer.hiding import without_patient, words_of_patient


@dataclass(frozen=True, slots=True)
class SearchText:
    """What can be searched of a study, in small letters.

    Attributes
    ----------
    words : str
        What was taken: description, part, view, modality, date.
    nameless : str
        The same without the patient's name and numbers.
    identity : str
        Whose it is: name, patient id, accession; not searched while the patient is hidden.
    date : str
        ``YYYYMMDD`` or empty.
    modalities : tuple of str
    """

    words: str
    nameless: str
    identity: str
    date: str
    modalities: tuple[str, ...]


def search_text(study: Study) -> SearchText:
    """What can be searched of a study."""
    modalities = tuple({series.modality.lower(): None for series in study.series})
    parts = {f"{one.body_part} {one.view}": None for s in study.series for one in s.instances[:1]}
    said = (study.description, date_words(study.date), *(s.description for s in study.series))
    words = nameless = " ".join((*said, *parts, *modalities)).lower()
    if any(word.lower() in words for word in words_of_patient(study) if word):
        nameless = without_patient(words, study)
    return SearchText(
        words.replace("_", " "),
        nameless.replace("_", " "),
        f"{study.patient_name} {study.patient_id} {study.accession}".lower(),
        date_digits(study.date),
        modalities,
    )


@dataclass(frozen=True, slots=True)
class Query:
    """A search: every word has to be found; ``date:2024`` and ``modality:CT`` ask for a field."""

    words: tuple[str, ...]
    dates: tuple[str, ...]
    modalities: tuple[str, ...]

    @classmethod
    def parsed(cls, typed: str) -> Self:
        """Read what was typed."""
        words: list[str] = []
        fields: dict[str, list[str]] = {"date": [], "modality": []}
        for word in typed.lower().split():
            name, colon, value = word.partition(":")
            if not colon or name not in fields:
                words.append(word)
            elif value:
                fields[name].append(value)
        dates = tuple(date_digits(value) or value for value in fields["date"])
        return cls(tuple(words), dates, tuple(fields["modality"]))

    @property
    def is_empty(self) -> bool:
        """Nothing is asked for."""
        return not (self.words or self.dates or self.modalities)

    def matches(self, text: SearchText, *, hidden: bool = False) -> bool:
        """The study has every word and every field; names count only while they are shown."""
        searched = (text.nameless,) if hidden else (text.words, text.identity)
        if not all(any(word in part for part in searched) for word in self.words):
            return False
        if not self.dates and not self.modalities:
            return True
        return all(text.date.startswith(date) for date in self.dates) and all(
            any(one.startswith(wanted) for one in text.modalities) for wanted in self.modalities
        )


def date_digits(date: str) -> str:
    """``YYYYMMDD``, also from the dots of old files and the dashes of a reader; else empty."""
    digits = date.replace(".", "").replace("-", "")
    is_date = digits.isascii() and digits.isdecimal() and digits.strip("0")
    return digits if is_date else ""


def date_words(date: str) -> str:
    """A date with dashes; digits that are none stay as they are, and anything else is left out."""
    digits = date_digits(date)
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:]}" if len(digits) == 8 else digits

"""Texts in which the words that say who a patient is are hidden."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from medkd_core.imaging.study import Study

HIDDEN = "hidden"

_NAME_PARTS = re.compile(r"[\^=,\\\s]+")
_SHORTEST_HIDDEN = 2


def parts_of_name(name: str) -> set[str]:
    """A person's name and its parts, since texts write them in another order."""
    return {name, *_NAME_PARTS.split(name)}


def words_of_patient(study: Study) -> frozenset[str]:
    """Name, parts of the name, and numbers of a study's patient."""
    return frozenset((*parts_of_name(study.patient_name), study.patient_id, study.accession))


def without_words(text: str, words: Iterable[str]) -> str:
    """A text in which words are hidden wherever they stand alone, in small or capital letters."""
    pattern = _pattern(frozenset(words))
    return pattern.sub(HIDDEN, text) if pattern is not None else text


def without_patient(text: str, study: Study) -> str:
    """What a study says of itself, without its patient."""
    return without_words(text, words_of_patient(study)) if text else ""


@lru_cache(256)
def _pattern(words: frozenset[str]) -> re.Pattern[str] | None:
    wanted = sorted((w for w in words if len(w) >= _SHORTEST_HIDDEN), key=len, reverse=True)
    if not wanted:
        return None
    return re.compile(
        r"(?<![^\W_])(?:" + "|".join(map(re.escape, wanted)) + r")(?![^\W_])", re.IGNORECASE
    )

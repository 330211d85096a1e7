"""Texts in which the words that say who a patient is are hidden."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from medkd_core.imaging.study import Study

HIDDEN = "hidden"

_NAME_PARTS = re.compile(r"[\^=,\\\s]+")
_SHORTEST_HIDDEN = 2
_IDEOGRAPHS = re.compile(r"[\u2E80-\u9FFF\uAC00-\uD7AF\uF900-\uFAFF]")
"""Of Chinese, Japanese and Korean, with the syllables of these."""


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
    wanted = sorted(filter(_tells, words), key=len, reverse=True)
    return re.compile("|".join(map(_wherever, wanted)), re.IGNORECASE) if wanted else None


def _tells(word: str) -> bool:
    return len(word) >= _SHORTEST_HIDDEN or bool(_IDEOGRAPHS.search(word))


def _wherever(word: str) -> str:
    if _IDEOGRAPHS.search(word):  # such scripts put nothing between words
        return re.escape(word)
    return rf"(?<![^\W_]){re.escape(word)}(?![^\W_])"

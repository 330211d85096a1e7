"""Values of a DICOM data set in words; a missing or damaged one is empty, never an error."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from pydicom import Dataset

from medkd_core.imaging.content import printable_line

MOST_CHARACTERS = 4_000
MOST_LISTED = 200


def text(item: Dataset, keyword: str) -> str:
    """A value as one line, several joined by commas."""
    try:
        return one_line(_joined(item.get(keyword)))
    except (ValueError, TypeError, LookupError, AttributeError, NotImplementedError):
        return ""


def paragraphs(item: Dataset, keyword: str) -> list[str]:
    """A long text as its lines, empty ones left out."""
    try:
        lines = str(item.get(keyword) or "")[:MOST_CHARACTERS].splitlines()
    except (ValueError, TypeError, LookupError, AttributeError):
        return []
    return [line for line in map(one_line, lines) if line]


def items(item: Dataset, keyword: str) -> list[Dataset]:
    """The items of a sequence; empty when there is none, or something else in its place."""
    try:
        return [one for one in item.get(keyword) or () if isinstance(one, Dataset)]
    except (ValueError, TypeError, LookupError, AttributeError, NotImplementedError):
        return []


def amount(item: Dataset, keyword: str, unit: str) -> str:
    """A number with its unit: ``"6 MV"``, ``"0.5 s"``."""
    value = text(item, keyword)
    try:
        figure = f"{float(value):.6g}"
    except ValueError:
        return ""
    return f"{figure} {unit}".strip()


def counted(number: int, noun: str) -> str:
    """``"1 contour"``, ``"2 contours"``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def person(item: Dataset, keyword: str) -> str:
    """``Family, Given`` out of ``Family^Given^...``, alphabetic group."""
    alphabetic = text(item, keyword).split("=")[0]
    return ", ".join(part.strip() for part in alphabetic.split("^")[:2] if part.strip())


def moment(item: Dataset, prefix: str) -> str:
    """Date and time of ``{prefix}Date`` and ``{prefix}Time``: ``"2004-01-19 16:50"``."""
    return " ".join(
        filter(None, (date(text(item, f"{prefix}Date")), clock(text(item, f"{prefix}Time"))))
    )


def date(raw: str) -> str:
    """``YYYYMMDD`` as ``YYYY-MM-DD``; anything else as it is."""
    return f"{raw[:4]}-{raw[4:6]}-{raw[6:]}" if len(raw) == 8 and raw.isdigit() else raw


def clock(raw: str) -> str:
    """``HHMMSS.F`` as ``HH:MM``; anything else as it is."""
    return f"{raw[:2]}:{raw[2:4]}" if len(raw) >= 4 and raw[:4].isdigit() else raw


def one_line(value: str) -> str:
    """The start of a text as a printable line."""
    return printable_line(value[:MOST_CHARACTERS])


def named(*facts: tuple[str, str], indent: int = 0) -> Iterator[str]:
    """Facts as ``Name: value``, those without a value left out."""
    for name, value in facts:
        if value:
            yield f"{'  ' * indent}{name}: {value}"


def listed(title: str, lines: Iterable[str]) -> Iterator[str]:
    """Lines under a title, a level deeper, `MOST_LISTED` at most; nothing when there are none."""
    shown = list(islice(lines, MOST_LISTED + 1))
    if not shown:
        return
    yield title
    yield from (f"  {line}" for line in shown[:MOST_LISTED])
    if len(shown) > MOST_LISTED:
        yield "  …"


def _joined(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str | bytes) and hasattr(value, "__iter__") and not _is_name(value):
        return ", ".join(map(str, value))
    return str(value)


def _is_name(value: Any) -> bool:
    return hasattr(value, "components")

"""A structured report as an indented outline of its content tree (PS3.3 C.17.3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pydicom import Dataset
from pydicom.uid import UID

from medkd_core.imaging.dicom.words import (
    clock,
    counted,
    date,
    items,
    paragraphs,
    person,
    text,
)

DEEPEST = 60
"""Items nested deeper are left out."""


def report_lines(header: Dataset) -> Iterator[str]:
    """The report, a line for each content item, indented by two spaces for each level.

    Parameters
    ----------
    header : Dataset
        A structured report or a key object selection: it has a Content Sequence.
    """
    facts = (text(header, "CompletionFlag"), text(header, "VerificationFlag"))
    state = ", ".join(fact.capitalize() for fact in facts if fact)
    yield concept(header) or "Report"
    if state:
        yield f"State: {state}"
    for observer in items(header, "VerifyingObserverSequence"):
        yield f"Verified by: {person(observer, 'VerifyingObserverName')}"
    yield ""
    yield from _below(header)


def concept(item: Dataset) -> str:
    """What a content item is about: the meaning of its concept name."""
    return next((_meaning(code) for code in items(item, "ConceptNameCodeSequence")), "")


def _below(header: Dataset) -> Iterator[str]:
    # A stack instead of recursion: reports may nest as deep as their writer likes.
    waiting = [(item, 0) for item in reversed(items(header, "ContentSequence"))]
    while waiting:
        item, depth = waiting.pop()
        indent = "  " * depth
        yield from (f"{indent}{line}" for line in _item_lines(item))
        if depth < DEEPEST:
            children = items(item, "ContentSequence")
            waiting += [(child, depth + 1) for child in reversed(children)]
        elif "ContentSequence" in item:
            yield f"{indent}  …"


def _item_lines(item: Dataset) -> list[str]:
    name = concept(item)
    first, *more = _values(item) or [""]
    if not first:
        return [name or text(item, "ValueType").capitalize() or "Item"]
    return [f"{name}: {first}" if name else first, *(f"  {line}" for line in more)]


def _values(item: Dataset) -> list[str]:
    if "ReferencedContentItemIdentifier" in item:
        place = text(item, "ReferencedContentItemIdentifier").replace(", ", ".")
        return [f"see item {place}"]
    kind = text(item, "ValueType").upper()
    if kind == "TEXT":
        return paragraphs(item, "TextValue")
    tell = _VALUES.get(kind)
    return [value] if tell is not None and (value := tell(item)) else []


def _number(item: Dataset) -> str:
    measured = next(iter(items(item, "MeasuredValueSequence")), None)
    if measured is None:
        reasons = items(item, "NumericValueQualifierCodeSequence")
        return next((_meaning(reason) for reason in reasons), "no value")
    units = items(measured, "MeasurementUnitsCodeSequence")
    return f"{text(measured, 'NumericValue')} {next(map(_unit, units), '')}".strip()


def _unit(code: Dataset) -> str:
    value, meaning = text(code, "CodeValue"), text(code, "CodeMeaning")
    # UCUM's codes are the symbols that people write, but for "1" and {annotations}.
    return meaning if not value or value == "1" or "{" in value else value


def _code(item: Dataset) -> str:
    return next((_meaning(code) for code in items(item, "ConceptCodeSequence")), "")


def _meaning(code: Dataset) -> str:
    return text(code, "CodeMeaning") or text(code, "CodeValue")


def _reference(item: Dataset) -> str:
    referenced = next(iter(items(item, "ReferencedSOPSequence")), Dataset())
    kind = UID(text(referenced, "ReferencedSOPClassUID")).name.replace(" Storage", "")
    frames = text(referenced, "ReferencedFrameNumber")
    uid = text(referenced, "ReferencedSOPInstanceUID")
    words = f"{kind or 'object'} {uid}".strip()
    plural = "s" if "," in frames else ""
    return f"{words}, frame{plural} {frames}" if frames else words


def _region(item: Dataset) -> str:
    numbers = text(item, "GraphicData").count(",") + 1
    points = numbers // (3 if text(item, "ValueType").upper() == "SCOORD3D" else 2)
    return f"{text(item, 'GraphicType').lower()} of {counted(points, 'point')}"


def _moment(item: Dataset) -> str:
    raw = text(item, "DateTime")
    return f"{date(raw[:8])} {clock(raw[8:])}".strip()


def _uid(item: Dataset) -> str:
    return UID(text(item, "UID")).name


_VALUES: dict[str, Callable[[Dataset], str]] = {
    "NUM": _number,
    "CODE": _code,
    "PNAME": lambda item: person(item, "PersonName"),
    "DATE": lambda item: date(text(item, "Date")),
    "TIME": lambda item: clock(text(item, "Time")),
    "DATETIME": _moment,
    "UIDREF": _uid,
    "IMAGE": _reference,
    "COMPOSITE": _reference,
    "WAVEFORM": _reference,
    "SCOORD": _region,
    "SCOORD3D": _region,
    "TCOORD": lambda item: text(item, "TemporalRangeType").lower(),
}

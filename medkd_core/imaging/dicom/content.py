"""The elements of a DICOM file as lines for a person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
from pydicom.charset import TEXT_VR_DELIMS, decode_bytes
from pydicom.datadict import (
    dictionary_description,
    keyword_for_tag,
    private_dictionary_description,
)
from pydicom.uid import UID
from pydicom.valuerep import PersonName

from medkd_core.errors import UnreadableFileError
from medkd_core.imaging.content import (
    CANNOT_BE_READ,
    LARGEST_LINES,
    ContentLine,
    FileContent,
    printable_line,
)
from medkd_core.imaging.dicom.documents import readable_text
from medkd_core.imaging.dicom.elements import ITEM, Element, elements_of

_PIXEL_KEYWORDS = {"PixelData", "FloatPixelData", "DoubleFloatPixelData"}
_MOST_CHARACTERS = 1000
_MOST_NUMBERS = 16
_MOST_HEX_BYTES = 16
_NUMBERS = {
    "US": "u2", "SS": "i2", "UL": "u4", "SL": "i4", "UV": "u8", "SV": "i8", "FL": "f4", "FD": "f8"
}  # fmt: skip
_CODED_TEXT = {"LO", "LT", "SH", "ST", "UC", "UT"}
_PLAIN_TEXT = {"AE", "AS", "CS", "DA", "DS", "DT", "IS", "TM", "UR"}


def read_content(path: Path) -> FileContent:
    """List the elements of a DICOM file, and tell what an object without pixels holds.

    Parameters
    ----------
    path : Path

    Raises
    ------
    UnreadableFileError
        There is no element in it, or a deflated file is too large.
    OSError
        The file cannot be read.
    """
    lines = tuple(
        _with_item_counts(list(islice(map(content_line, elements_of(path)), LARGEST_LINES + 1)))
    )
    if not lines:
        raise UnreadableFileError("Cannot read", because="it holds no element", path=path)
    title = object_title(_value(lines, "SOPClassUID") or _value(lines, "MediaStorageSOPClassUID"))
    text = "" if _has_picture(lines) else readable_text(path)
    if len(lines) > LARGEST_LINES:
        more = f"only the first {LARGEST_LINES - 1:,} elements are listed"
        lines = (*lines[: LARGEST_LINES - 1], ContentLine(0, "", "", "More elements", "", more))
    return FileContent(title, text, lines)


def _has_picture(lines: Sequence[ContentLine]) -> bool:
    keywords = {line.keyword for line in lines if line.depth == 0}
    # Of a long list the end, where pixels are, was not read.
    return bool(keywords & _PIXEL_KEYWORDS) or (len(lines) > LARGEST_LINES and "Rows" in keywords)


def object_title(uid: str) -> str:
    """A SOP class in words: ``"Basic Text SR"``; ``"DICOM object"`` when it is not known."""
    known = UID(uid.rpartition(" ")[2])
    return "DICOM object" if known.name == known else known.name.replace(" Storage", "")


def content_line(element: Element) -> ContentLine:
    """One element as a line; what makes no sense in it is told in its value."""
    if element.tag == ITEM:
        return ContentLine(element.depth, "", "", f"Item {element.number}", "", "")
    if element.tag == 0:
        return ContentLine(element.depth, "", "", "The rest of the file", "", CANNOT_BE_READ)
    return ContentLine(
        element.depth,
        f"({element.tag >> 16:04X},{element.tag & 0xFFFF:04X})",
        element.vr[:2],
        _name(element),
        keyword_for_tag(element.tag),
        _value_text(element),
    )


def _name(element: Element) -> str:
    group, number = element.tag >> 16, element.tag & 0xFFFF
    if group & 1:
        return _private_name(element, number)
    try:
        return dictionary_description(element.tag)
    except KeyError:
        return "Group Length" if number == 0 else "Unknown"


def _private_name(element: Element, number: int) -> str:
    if 0x10 <= number <= 0xFF:
        return "Private Creator"
    try:
        return private_dictionary_description(element.tag, element.creator).strip("[]")
    except KeyError:
        return f"Private, {printable_line(element.creator)}" if element.creator else "Private"


def _value_text(element: Element) -> str:
    if element.vr == "SQ":
        return ""
    try:
        text = _shortened(printable_line(_decoded(element)), element)
    except Exception:
        # A value may hold anything, and decoders of character sets raise anything.
        return CANNOT_BE_READ
    if element.whole:
        return text
    return f"{text} (the file ends here)".lstrip()


def _decoded(element: Element) -> str:
    vr = element.vr
    if element.number:
        # The first item is the table of offsets (PS3.5 A.4).
        fragments = element.number - 1
        plural = "" if fragments == 1 else "s"
        return f"{fragments:,} fragment{plural}, {element.length:,} bytes"
    if vr in _CODED_TEXT:
        return decode_bytes(element.head, element.encodings, TEXT_VR_DELIMS)
    if vr in _PLAIN_TEXT:
        return element.head.decode("latin-1")
    if vr in _NUMBERS or vr.startswith("US or SS"):
        return _numbers(element)
    return _FURTHER.get(vr, _bulk)(element)


def _persons(element: Element) -> str:
    return "\\".join(str(PersonName(one, element.encodings)) for one in element.head.split(b"\\"))


def _uids(element: Element) -> str:
    uids = element.head.decode("ascii", "replace").strip("\0 ").split("\\")
    return "\\".join(map(_named_uid, uids))


def _tags(element: Element) -> str:
    whole = element.head[: len(element.head) // 4 * 4]
    words = np.frombuffer(whole, _kind(element, "u2")).reshape(-1, 2)
    return "\\".join(f"({group:04X},{number:04X})" for group, number in words.tolist())


def _numbers(element: Element) -> str:
    vr = element.vr if element.vr in _NUMBERS else ("SS" if element.signed else "US")
    kind = np.dtype(_kind(element, _NUMBERS[vr]))
    count = len(element.head) // kind.itemsize
    shown = np.frombuffer(element.head, kind, count=min(count, _MOST_NUMBERS))
    text = "\\".join(f"{number:.9g}" if kind.kind == "f" else str(number) for number in shown)
    declared = (element.length or 0) // kind.itemsize
    return f"{text} … ({declared:,} values)" if declared > _MOST_NUMBERS else text


def _kind(element: Element, kind: str) -> str:
    return ("<" if element.order == "little" else ">") + kind


def _named_uid(uid: str) -> str:
    name = UID(uid).name
    return uid if name == uid else f"{name} · {uid}"


def _bulk(element: Element) -> str:
    length = element.length or 0
    if length <= _MOST_HEX_BYTES:
        return element.head.hex(" ").upper()
    return f"{length:,} bytes"


def _shortened(text: str, element: Element) -> str:
    is_text = element.vr in _CODED_TEXT or element.vr in _PLAIN_TEXT or element.vr in ("PN", "UI")
    cut = is_text and (element.length or 0) > len(element.head)
    if len(text) <= _MOST_CHARACTERS and not (cut and element.whole):
        return text
    return f"{text[:_MOST_CHARACTERS]} … ({element.length or 0:,} bytes)"


def _with_item_counts(lines: list[ContentLine]) -> list[ContentLine]:
    """Sequences say how many items they have, as far as these are listed."""
    counted = list(lines)
    open_sequences: dict[int, int] = {}
    counts: dict[int, int] = {}
    for number, line in enumerate(lines):
        if line.vr == "SQ":
            open_sequences[line.depth] = number
            counts[number] = 0
        elif line.name.startswith("Item ") and not line.tag:
            holder = open_sequences.get(line.depth - 1)
            if holder is not None:
                counts[holder] += 1
    for number, items in counts.items():
        words = "1 item" if items == 1 else f"{items:,} items"
        counted[number] = replace(lines[number], value=words)
    return counted


def _value(lines: Iterable[ContentLine], keyword: str) -> str:
    return next((line.value for line in lines if line.keyword == keyword and line.depth == 0), "")


_FURTHER = {"PN": _persons, "UI": _uids, "AT": _tags}

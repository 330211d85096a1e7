"""The elements of a DICOM file one after the other, without recursion and without trust.

pydicom parses nested sequences by calling itself and gives up a whole file for one bad length.
Here a file may nest as deep as it likes, lie about its lengths, or end anywhere: what comes before
is still told. The encoding is that of PS3.5 section 7.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Literal

from pydicom.charset import convert_encodings, default_encoding
from pydicom.datadict import dictionary_VR
from pydicom.uid import DeflatedExplicitVRLittleEndian

from medkd_core.imaging.archives import open_file
from medkd_core.imaging.dicom.source import inflated
from medkd_core.imaging.file_kind import VALUE_REPRESENTATIONS, has_preamble

VALUE_BYTES = 2048
"""No more of a value is read."""

ITEM = 0xFFFEE000
_ITEM_END = 0xFFFEE00D
_SEQUENCE_END = 0xFFFEE0DD
_PIXEL_DATA = 0x7FE00010
_CHARACTER_SET = 0x00080005
_TRANSFER_SYNTAX = 0x00020010
_PIXEL_REPRESENTATION = 0x00280103
_UNDEFINED_LENGTH = 0xFFFFFFFF
_LONG_HEADERS = frozenset(
    ("OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV")
)
_ITEM_START = b"\xfe\xff\x00\xe0"
_MOST_FRAGMENTS = 100_000


@dataclass(frozen=True, slots=True)
class Coding:
    """How elements are written.

    Attributes
    ----------
    implicit : bool
        Elements do not name their value representation.
    order : {"little", "big"}
    """

    implicit: bool
    order: Literal["little", "big"]


@dataclass(frozen=True, slots=True)
class Element:
    """One element as it was found.

    Attributes
    ----------
    depth : int
        As in `ContentLine`.
    tag : int
        Group and element; `ITEM` for an item of a sequence.
    vr : str
        As the file names it, else as the dictionary does; ``"UN"`` when neither knows.
    length : int or None
        Bytes of the value; None when a sequence's or item's is not given.
    head : bytes
        The first `VALUE_BYTES` of the value; empty for sequences.
    order : {"little", "big"}
    encodings : tuple of str
        Python's names of the character sets that text is written in.
    signed : bool
        Pixel values are signed, and so are elements that follow them.
    creator : str
        Who reserved the block of a private element.
    number : int
        Of an item, from 1; fragments of encapsulated pixel data.
    whole : bool
        The file holds all of it.
    """

    depth: int
    tag: int
    vr: str
    length: int | None
    head: bytes = b""
    order: Literal["little", "big"] = "little"
    encodings: tuple[str, ...] = (default_encoding,)
    signed: bool = False
    creator: str = ""
    number: int = 0
    whole: bool = True


@dataclass(slots=True)
class _Level:
    """A data set, a sequence or an item that is being read."""

    depth: int
    end: int
    delimited: bool
    coding: Coding
    encodings: tuple[str, ...] = (default_encoding,)
    signed: bool = False
    creators: dict[int, str] = field(default_factory=dict)
    items: int = 0


def elements_of(path: Path) -> Iterator[Element]:
    """Every element of a file in file order, those of the file meta group first.

    Parameters
    ----------
    path : Path

    Yields
    ------
    Element
        The last one has ``whole`` False when the file ends or makes no sense there.
    """
    with open_file(path) as file:
        start = 132 if has_preamble(file.read(132)) else 0
        file.seek(start)
        syntax = ""
        for element in _meta_elements(file):
            if element.tag == _TRANSFER_SYNTAX:
                syntax = element.head.decode("ascii", "replace").rstrip("\0 ")
            yield element
        if syntax == DeflatedExplicitVRLittleEndian:
            yield from _inflated_elements(path, file.read())
        else:
            yield from _data_set(file)


def _meta_elements(stream: BinaryIO) -> Iterator[Element]:
    coding = _coding(stream)
    level = _Level(0, _size(stream), False, replace(coding, order="little"))
    while _peek(stream, 2) == b"\x02\x00" and stream.tell() < level.end:
        yield from _read_element(stream, [level])


def _inflated_elements(path: Path, packed: bytes) -> Iterator[Element]:
    try:
        stream = inflated(path, packed)
    except zlib.error:
        yield Element(0, 0, "UN", None, whole=False)
        return
    yield from _data_set(stream)


def _data_set(stream: BinaryIO) -> Iterator[Element]:
    levels = [_Level(0, _size(stream), False, _coding(stream))]
    while levels:
        if stream.tell() >= levels[-1].end:
            # An open item or sequence ends with what holds it.
            levels.pop()
        else:
            yield from _read_element(stream, levels)


def _read_element(stream: BinaryIO, levels: list[_Level]) -> Iterator[Element]:
    """The element that comes next; `levels` is left as it is after it."""
    level = levels[-1]
    header = _read_header(stream, level.coding)
    if header is None:
        stream.seek(levels[0].end)
        yield _bare(level, 0, "UN", None, whole=False)
        return
    tag, vr, length, coding = header
    defined = length != _UNDEFINED_LENGTH
    if tag in (_ITEM_END, _SEQUENCE_END):
        if level.delimited:
            levels.pop()
    elif tag == ITEM:
        level.items += 1
        yield replace(_bare(level, tag, "", length if defined else None), number=level.items)
        levels.append(_opened(stream, level, length, coding))
    elif _is_sequence(stream, tag, vr, length):
        nested = Coding(True, "little") if vr == "UN" and not coding.implicit else coding
        yield _bare(level, tag, "SQ", length if defined else None)
        levels.append(_opened(stream, level, length, nested))
    elif not defined:
        yield _encapsulated(stream, level, tag, vr)
    else:
        yield _plain(stream, level, tag, vr, length)


def _read_header(stream: BinaryIO, coding: Coding) -> tuple[int, str, int, Coding] | None:
    """Tag, value representation, length and coding of the element that starts here."""
    head = stream.read(8)
    if len(head) < 8:
        return None
    order = coding.order
    tag = int.from_bytes(head[0:2], order) << 16 | int.from_bytes(head[2:4], order)
    if tag == 0:
        # Zeros beyond the data set would otherwise be listed as thousands of empty elements.
        return None
    # Items never name one, and files exist that mix both kinds.
    if coding.implicit or tag >> 16 == 0xFFFE or head[4:6] not in VALUE_REPRESENTATIONS:
        return (
            tag,
            _dictionary_vr(tag),
            int.from_bytes(head[4:8], order),
            replace(coding, implicit=coding.implicit or tag >> 16 != 0xFFFE),
        )
    vr = head[4:6].decode("ascii")
    if vr not in _LONG_HEADERS:
        return tag, vr, int.from_bytes(head[6:8], order), coding
    return tag, vr, int.from_bytes(stream.read(4), order), coding


def _dictionary_vr(tag: int) -> str:
    try:
        return dictionary_VR(tag)
    except KeyError:
        # Private creators (PS3.5 7.8.1) and group lengths (PS3.5 7.2) are in no dictionary.
        if tag >> 16 & 1 and 0x10 <= tag & 0xFFFF <= 0xFF:
            return "LO"
        return "UL" if tag & 0xFFFF == 0 else "UN"


def _is_sequence(stream: BinaryIO, tag: int, vr: str, length: int) -> bool:
    if vr == "SQ":
        return True
    if vr != "UN":
        return False
    return (
        length == _UNDEFINED_LENGTH
        or _dictionary_vr(tag) == "SQ"
        or (length >= 8 and _peek(stream, 4) == _ITEM_START)
    )


def _opened(stream: BinaryIO, outer: _Level, length: int, coding: Coding) -> _Level:
    delimited = length == _UNDEFINED_LENGTH
    end = outer.end if delimited else min(outer.end, stream.tell() + length)
    return _Level(outer.depth + 1, end, delimited, coding, outer.encodings, outer.signed)


def _plain(stream: BinaryIO, level: _Level, tag: int, vr: str, length: int) -> Element:
    start = stream.tell()
    whole = start + length <= level.end
    head = stream.read(min(length, VALUE_BYTES, max(0, level.end - start)))
    stream.seek(start + length if whole else level.end)
    _take_note(level, tag, head)
    known_vr = _dictionary_vr(tag) if vr == "UN" else vr
    return replace(_bare(level, tag, known_vr, length, whole=whole), head=head)


def _take_note(level: _Level, tag: int, head: bytes) -> None:
    """Remember what later elements are to be understood by."""
    if tag == _CHARACTER_SET:
        level.encodings = _encodings(head)
    elif tag == _PIXEL_REPRESENTATION:
        level.signed = any(head)
    elif tag >> 16 & 1 and 0x10 <= tag & 0xFFFF <= 0xFF:
        level.creators[tag] = head.decode("latin-1").strip("\0 ")


def _encodings(head: bytes) -> tuple[str, ...]:
    try:
        names = head.decode("ascii", "replace").rstrip("\0 ").split("\\")
        return tuple(convert_encodings([name.strip() for name in names]))
    except (LookupError, ValueError):
        return (default_encoding,)


def _encapsulated(stream: BinaryIO, level: _Level, tag: int, vr: str) -> Element:
    """Skip over the fragments of compressed pixel data (PS3.5 A.4)."""
    size = fragments = 0
    while fragments < _MOST_FRAGMENTS:
        header = _read_header(stream, level.coding)
        if header is None or header[0] != ITEM or stream.tell() + header[2] > level.end:
            whole = header is not None and header[0] == _SEQUENCE_END
            if not whole:
                stream.seek(level.end)
            return replace(_bare(level, tag, vr, size, whole=whole), number=fragments)
        fragments += 1
        size += header[2]
        stream.seek(header[2], os.SEEK_CUR)
    stream.seek(level.end)
    return replace(_bare(level, tag, vr, size, whole=False), number=fragments)


def _bare(level: _Level, tag: int, vr: str, length: int | None, *, whole: bool = True) -> Element:
    block = tag & 0xFFFF0000 | (tag & 0xFFFF) >> 8
    return Element(
        depth=level.depth,
        tag=tag,
        vr=vr,
        length=length,
        order=level.coding.order,
        encodings=level.encodings,
        signed=level.signed,
        creator=level.creators.get(block, ""),
        whole=whole,
    )


def _coding(stream: BinaryIO) -> Coding:
    """How the elements from here on are written, told from the first; headers lie about it."""
    head = _peek(stream, 6)
    # Data sets start with a group below 0x0100.
    return Coding(head[4:6] not in VALUE_REPRESENTATIONS, "big" if head[:1] == b"\0" else "little")


def _peek(stream: BinaryIO, count: int) -> bytes:
    start = stream.tell()
    head = stream.read(count)
    stream.seek(start)
    return head


def _size(stream: BinaryIO) -> int:
    if isinstance(stream, BytesIO):
        return stream.getbuffer().nbytes
    return os.fstat(stream.fileno()).st_size

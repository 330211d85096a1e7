"""Opening a DICOM file: the header is parsed, the pixel data found but not read."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Literal

from pydicom import Dataset, FileMetaDataset, config, dcmread
from pydicom.filereader import read_dataset
from pydicom.tag import BaseTag
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from medkd_core.errors import UnreadableFileError
from medkd_core.imaging.archives import open_file
from medkd_core.imaging.file_kind import has_preamble

LARGEST_INFLATED_BYTES = 2**28
"""A deflated file that grows beyond this is refused, unread."""

DEFLATED_IMAGE_FRAME = UID("1.2.840.10008.1.2.8.1")
"""Deflated Image Frame Compression (PS3.5 A.4.13), younger than pydicom's dictionary."""

_PREFIX_END = 132
_META_REACH = 4096
_UNDEFINED_LENGTH = 0xFFFFFFFF
_PIXEL_KEYWORDS = {
    0x7FE00008: "FloatPixelData",
    0x7FE00009: "DoubleFloatPixelData",
    0x7FE00010: "PixelData",
}
# What a value looks like is no reason to refuse a file or to warn on a terminal, where the value,
# which may be a patient's, would be printed.
config.settings.reading_validation_mode = config.IGNORE


@dataclass(frozen=True, slots=True)
class DicomSource:
    """A parsed header and the stream behind it.

    Attributes
    ----------
    path : Path
    header : Dataset
        Everything before the pixel data.
    stream : binary file
        Positioned at the first byte of the pixel data's value.
    transfer_syntax : UID
    pixel_keyword : str
        ``PixelData``, ``FloatPixelData``, ``DoubleFloatPixelData``; empty when there is none.
    pixel_vr : str
    pixel_bytes : int or None
        Length that the pixel data element declares; None when it is undefined (encapsulated).
    bytes_left : int
        What the file really has from there to its end.
    """

    path: Path
    header: Dataset
    stream: BinaryIO
    transfer_syntax: UID
    pixel_keyword: str
    pixel_vr: str
    pixel_bytes: int | None
    bytes_left: int

    @property
    def is_encapsulated(self) -> bool:
        """Whether each frame is compressed by itself and framed in fragments (PS3.5 A.4)."""
        syntax = self.transfer_syntax
        return syntax == DEFLATED_IMAGE_FRAME or bool(syntax.is_encapsulated)

    @property
    def pixel_bytes_there(self) -> int:
        """How much of the pixel data the file really has."""
        declared = self.pixel_bytes
        return self.bytes_left if declared is None else min(declared, self.bytes_left)

    def refusal(self, because: str, cure: str = "") -> UnreadableFileError:
        """The error that says why this file cannot be shown."""
        return UnreadableFileError("Cannot read", because=because, cure=cure, path=self.path)


@contextmanager
def open_dicom(path: Path) -> Iterator[DicomSource]:
    """Parse a file's header and find its pixel data.

    Raises
    ------
    UnreadableFileError
        When a deflated file is too large.
    Exception
        Whatever pydicom raises on a damaged header.
    """
    with open_file(path) as file:
        deflated = _deflated_data_set(path, file)
        if deflated is None:
            header = dcmread(file, stop_before_pixels=True, force=True)
            yield _source(path, header, file)
        else:
            meta, stream = deflated
            header = read_dataset(stream, False, True, stop_when=_at_pixels)
            header.file_meta = meta
            header.set_original_encoding(False, True)
            yield _source(path, header, stream)


def _source(path: Path, header: Dataset, stream: BinaryIO) -> DicomSource:
    implicit, little_endian = header.original_encoding
    keyword, vr, declared = _pixel_element(stream, bool(implicit), bool(little_endian))
    start = stream.tell()
    bytes_left = stream.seek(0, 2) - start
    stream.seek(start)
    syntax = _transfer_syntax(header, bool(implicit), bool(little_endian))
    return DicomSource(path, header, stream, syntax, keyword, vr, declared, bytes_left)


def _pixel_element(
    stream: BinaryIO, implicit: bool, little_endian: bool
) -> tuple[str, str, int | None]:
    order: Literal["little", "big"] = "little" if little_endian else "big"
    start = stream.read(8)
    tag = int.from_bytes(start[0:2], order) << 16 | int.from_bytes(start[2:4], order)
    if len(start) < 8 or tag not in _PIXEL_KEYWORDS:
        return "", "", 0
    vr = "OW" if implicit else start[4:6].decode("ascii", "replace")
    length_field = start[4:8] if implicit else stream.read(4)
    length = int.from_bytes(length_field, order)
    return _PIXEL_KEYWORDS[tag], vr, None if length == _UNDEFINED_LENGTH else length


def _transfer_syntax(header: Dataset, implicit: bool, little_endian: bool) -> UID:
    declared = header.file_meta.get("TransferSyntaxUID") if hasattr(header, "file_meta") else None
    if declared:
        return UID(declared)
    if implicit:
        return ImplicitVRLittleEndian
    return ExplicitVRLittleEndian if little_endian else ExplicitVRBigEndian


def _deflated_data_set(path: Path, file: BinaryIO) -> tuple[Dataset, BinaryIO] | None:
    """Meta header and inflated data set of a deflated file (PS3.5 A.5); None for any other."""
    head = file.read(_META_REACH)
    file.seek(0)
    if not has_preamble(head) or DeflatedExplicitVRLittleEndian.encode() not in head:
        return None
    # pydicom would inflate whatever is there, however large it grows.
    file.seek(_PREFIX_END)
    meta = FileMetaDataset(read_dataset(file, False, True, stop_when=_after_meta))
    if meta.get("TransferSyntaxUID") != DeflatedExplicitVRLittleEndian:
        file.seek(0)
        return None
    return meta, inflated(path, file.read())


def inflated(path: Path, packed: bytes) -> BytesIO:
    """The data set of a deflated file.

    Raises
    ------
    UnreadableFileError
        It is larger than `LARGEST_INFLATED_BYTES`.
    zlib.error
        It is damaged.
    """
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    unpacked = inflater.decompress(packed, LARGEST_INFLATED_BYTES)
    if inflater.unconsumed_tail:
        raise UnreadableFileError(
            "Cannot read",
            because=f"it inflates to more than {LARGEST_INFLATED_BYTES >> 20} MB",
            path=path,
        )
    return BytesIO(unpacked)


def object_kind(header: Dataset) -> str:
    """What kind of object a header describes, in words: ``"Basic Text SR"``."""
    meta = getattr(header, "file_meta", Dataset())
    uid = UID(str(header.get("SOPClassUID") or meta.get("MediaStorageSOPClassUID") or ""))
    if not uid or uid.name == uid:  # none, or one that the dictionary does not know
        return "DICOM object"
    return uid.name.replace(" Storage", "")


def _after_meta(tag: BaseTag, _vr: str | None, _length: int) -> bool:
    return int(tag) >> 16 != 2


def _at_pixels(tag: BaseTag, _vr: str | None, _length: int) -> bool:
    return int(tag) in _PIXEL_KEYWORDS

"""What a DICOM header declares about its pixels, checked before anything is allocated."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pydicom import Dataset
from pydicom.datadict import dictionary_description, dictionary_has_tag
from pydicom.dataelem import RawDataElement
from pydicom.uid import UID

from medkd_core.imaging.dicom.source import DEFLATED_IMAGE_FRAME, DicomSource, object_kind
from medkd_core.imaging.dicom.words import counted
from medkd_core.imaging.dicom.ybr import FULL_RANGE, OF_JPEG_2000, PARTIAL_RANGE, SHARED_BY_TWO

LARGEST_FRAME_PIXELS = 2**26
"""A frame that declares more (8192 x 8192) is refused."""

GREY = {"MONOCHROME1", "MONOCHROME2"}

FLOAT_BITS = {"FloatPixelData": 32, "DoubleFloatPixelData": 64}
"""Bits of a pixel by the element that holds it."""

_SMALLEST_FRAGMENT_BYTES = 8
_ASK_FOR_GREY_OR_RGB = "Ask for the study in grey or RGB, without compression."
_ONCE_MORE = "Copy or export it once more."
_SEE_CONTENT = "The viewer shows what it says as text."
_COLOUR = {"RGB"} | FULL_RANGE | PARTIAL_RANGE | OF_JPEG_2000
_RETIRED = {"HSV", "ARGB", "CMYK"}
_INTEGER_BITS = (1, 8, 12, 16, 32)
_COLOUR_BITS = (8, 16, 32)


@dataclass(frozen=True, slots=True)
class PixelFormat:
    """What the header declares about the pixels, checked against itself and the file's size."""

    rows: int
    columns: int
    samples: int
    frames: int
    bits_allocated: int
    bits_stored: int
    high_bit: int
    signed: bool
    photometric: str
    planar: int

    @property
    def shape(self) -> tuple[int, ...]:
        """Of a frame's array: rows, columns and, of colours, samples."""
        size = (self.rows, self.columns)
        return size if self.samples == 1 else (*size, self.samples)

    @property
    def frame_bits(self) -> int:
        """Bits of one frame that is not compressed."""
        bits = self.rows * self.columns * self.samples * self.bits_allocated
        return bits * 2 // 3 if self.photometric in SHARED_BY_TWO else bits


def has_picture(source: DicomSource) -> bool:
    """Whether there are pixels; False for reports, plans and the like.

    Raises
    ------
    UnreadableFileError
        The file is cut short before it says, or holds nothing that is known.
    """
    header = source.header
    if source.pixel_keyword:
        return True
    if _ends_within_a_value(header):
        raise source.refusal("it is damaged or cut short before its picture starts", _ONCE_MORE)
    if not header.file_meta and not any(map(dictionary_has_tag, header.keys())):
        raise source.refusal(
            "it starts like a DICOM file and holds nothing that is known", _ONCE_MORE
        )
    return False


def pixel_format(source: DicomSource) -> PixelFormat:
    """Read and check what a header declares about its pixels; nothing is allocated.

    Raises
    ------
    UnreadableFileError
        Something is missing, contradicts itself, is absurdly large, or the file is too short.
    """
    if not has_picture(source):
        raise source.refusal(f"it holds no picture ({object_kind(source.header)})", _SEE_CONTENT)
    declared = _declared_format(source)
    if not _colours_fit(declared):
        raise source.refusal(_foreign_colours(declared), _ASK_FOR_GREY_OR_RGB)
    because = (
        _wrong_size(declared) or _wrong_bits(source, declared) or _lack_of_bytes(source, declared)
    )
    if because:
        raise source.refusal(because, _ONCE_MORE)
    return declared


def _declared_format(source: DicomSource) -> PixelFormat:
    header = source.header
    float_bits = FLOAT_BITS.get(source.pixel_keyword)
    samples = _whole(source, "SamplesPerPixel", 1)
    bits_allocated = float_bits or _whole(source, "BitsAllocated")
    bits_stored = float_bits or _whole(source, "BitsStored", bits_allocated)
    high_bit = _whole(source, "HighBit", 0)
    if not bits_stored <= high_bit + 1 <= bits_allocated:
        high_bit = bits_stored - 1
    return PixelFormat(
        rows=_whole(source, "Rows"),
        columns=_whole(source, "Columns"),
        samples=samples,
        frames=_whole(source, "NumberOfFrames", 1) or 1,
        bits_allocated=bits_allocated,
        bits_stored=bits_stored,
        high_bit=high_bit,
        signed=not float_bits and samples == 1 and _whole(source, "PixelRepresentation", 0) == 1,
        photometric=str(header.get("PhotometricInterpretation", "")).strip().upper(),
        planar=int(samples > 1 and header.get("PlanarConfiguration") == 1),
    )


def _whole(source: DicomSource, keyword: str, default: int | None = None) -> int:
    try:
        value = source.header.get(keyword)
        if value in (None, "") and default is not None:
            return default
        return int(value)
    except (TypeError, ValueError, OverflowError):
        name = dictionary_description(keyword)
        raise source.refusal(
            f"its header gives no usable number for {name!r}", _ONCE_MORE
        ) from None


def _wrong_size(declared: PixelFormat) -> str:
    if declared.rows < 1 or declared.columns < 1:
        return f"it declares a picture of {declared.rows} x {declared.columns} pixels"
    if declared.frames < 1:
        return f"it declares {declared.frames} frames"
    if declared.rows * declared.columns > LARGEST_FRAME_PIXELS:
        return (
            f"it declares {declared.rows} x {declared.columns} pixels, "
            f"more than the {LARGEST_FRAME_PIXELS >> 20} million that are read"
        )
    return ""


def _wrong_bits(source: DicomSource, declared: PixelFormat) -> str:
    known_bits = (32, 64) if source.pixel_keyword in FLOAT_BITS else _INTEGER_BITS
    if declared.bits_allocated not in known_bits:
        return f"it declares {declared.bits_allocated} bits a pixel, which are not read"
    if declared.samples == 3 and declared.bits_allocated not in _COLOUR_BITS:
        return f"it declares {declared.photometric} of {declared.bits_allocated} bits, not shown"
    if not 1 <= declared.bits_stored <= declared.bits_allocated:
        return f"it declares {declared.bits_stored} bits stored in {declared.bits_allocated}"
    return ""


def _foreign_colours(declared: PixelFormat) -> str:
    if not re.fullmatch(r"[A-Z][A-Z0-9_ ]{1,15}", declared.photometric):
        return "it does not say what its pixel values mean (photometric interpretation)"
    if declared.photometric in _RETIRED:
        return f"its colours are {declared.photometric}, which DICOM has given up"
    samples = counted(declared.samples, "sample")
    return f"it declares {declared.photometric} with {samples} a pixel, which is not shown"


def _colours_fit(declared: PixelFormat) -> bool:
    if declared.samples == 1:
        return declared.photometric in GREY or declared.photometric == "PALETTE COLOR"
    return declared.samples == 3 and declared.photometric in _COLOUR


def _lack_of_bytes(source: DicomSource, declared: PixelFormat) -> str:
    if not _is_known(source.transfer_syntax):
        named = bool(re.fullmatch(r"[0-9.]{1,64}", source.transfer_syntax))
        return f"its transfer syntax is unknown ({source.transfer_syntax if named else 'damaged'})"
    if source.is_encapsulated:
        needed = declared.frames * _SMALLEST_FRAGMENT_BYTES
    elif source.pixel_bytes is None:
        return "its pixels are compressed and it does not say how"
    else:
        needed = (declared.frames * declared.frame_bits + 7) // 8
    there = source.pixel_bytes_there
    if needed > there and declared.photometric == "YBR_PARTIAL_420" and not source.is_encapsulated:
        return "it declares YBR_PARTIAL_420 and no compression, for which DICOM has no layout"
    if needed > there:
        return (
            f"it is cut short or damaged: {declared.frames} x {declared.rows} x "
            f"{declared.columns} pixels need {needed} bytes, {there} are there"
        )
    return ""


def _is_known(syntax: UID) -> bool:
    return syntax == DEFLATED_IMAGE_FRAME or (
        bool(syntax.is_transfer_syntax) and not syntax.is_private
    )


def _ends_within_a_value(header: Dataset) -> bool:
    last = header.get_item(max(header.keys())) if header else None
    return isinstance(last, RawDataElement) and len(last.value or b"") < last.length

"""One frame's pixels out of a DICOM file, after its declared sizes were checked."""

from __future__ import annotations

from dataclasses import dataclass
from os import SEEK_CUR
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.datadict import dictionary_has_tag
from pydicom.dataelem import RawDataElement
from pydicom.encaps import get_frame
from pydicom.pixels.common import PhotometricInterpretation as Colour
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.processing import apply_color_lut, convert_color_space
from pydicom.uid import JPEGExtended12Bit

from medkd_core.imaging.codestream import codestream_size
from medkd_core.imaging.dicom_jpeg12 import decode_extended_jpeg
from medkd_core.imaging.dicom_source import DicomSource, object_kind
from medkd_core.imaging.frame import Photometric, StoredArray

LARGEST_FRAME_PIXELS = 2**28
"""A frame that declares more (16384 x 16384) is refused before anything is allocated."""

_SMALLEST_FRAGMENT_BYTES = 8
_SEE_CONTENT = "The viewer shows what it says as text."
_GREY = {"MONOCHROME1", "MONOCHROME2"}
_COLOUR = {"RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT"}
_INTEGER_BITS = (1, 8, 16, 32)
_FLOAT_BITS = {"FloatPixelData": 32, "DoubleFloatPixelData": 64}


@dataclass(frozen=True, slots=True)
class PixelFormat:
    """What the header declares about the pixels, checked against itself and the file's size."""

    rows: int
    columns: int
    samples: int
    frames: int
    bits_allocated: int
    bits_stored: int
    signed: bool
    photometric: str
    planar: int

    @property
    def frame_bits(self) -> int:
        """Bits of one frame that is not compressed."""
        bits = self.rows * self.columns * self.samples * self.bits_allocated
        # Two pixels share their colour in 4:2:2.
        return bits * 2 // 3 if self.photometric == "YBR_FULL_422" else bits


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
        raise source.refusal("it is cut short, before the picture starts")
    if not header.file_meta and not any(map(dictionary_has_tag, header.keys())):
        raise source.refusal("it starts like a DICOM file and holds nothing that is known")
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
    because = _contradiction(source, declared) or _lack_of_bytes(source, declared)
    if because:
        raise source.refusal(because)
    return declared


def frame_pixels(
    source: DicomSource, declared: PixelFormat, index: int
) -> tuple[StoredArray, Photometric, int]:
    """Decode one frame.

    Parameters
    ----------
    source : DicomSource
    declared : PixelFormat
        From `pixel_format`.
    index : int
        From 0.

    Returns
    -------
    stored : ndarray, (rows, columns) or (rows, columns, 3) uint8 or uint16
        Sign extended, byte order of this machine.
    photometric : Photometric
    bits_stored : int

    Raises
    ------
    UnreadableFileError
        There is no such frame, or nothing here decodes this transfer syntax.
    Exception
        Whatever a decoder raises on damaged pixels.
    """
    if not 0 <= index < declared.frames:
        raise source.refusal(f"it has no frame {index + 1}, only {declared.frames}")
    array, photometric = _decode(source, declared, index)
    array = array.astype(array.dtype.newbyteorder("="), copy=False)
    if photometric == "PALETTE COLOR":
        array = apply_color_lut(array, source.header)
        return array, Photometric.RGB, 8 * array.dtype.itemsize
    if photometric in _GREY:
        return array, Photometric(photometric), declared.bits_stored
    return _as_rgb(array, photometric, declared.bits_stored)


def _decode(source: DicomSource, declared: PixelFormat, index: int) -> tuple[StoredArray, str]:
    try:
        decoder = get_decoder(source.transfer_syntax)
    except NotImplementedError:
        raise source.refusal(
            f"nothing here decodes its transfer syntax ({source.transfer_syntax.name})",
            "Ask for the study without compression.",
        ) from None
    if source.transfer_syntax.is_encapsulated:
        encoded = _encoded_frame(source, declared, index)
        if _is_12_bit_jpeg(source, declared):
            array = decode_extended_jpeg(encoded, declared.rows, declared.columns)
            return array, declared.photometric
    elif declared.bits_allocated == 1:
        return _single_bits(source, declared, index), declared.photometric
    try:
        array, properties = decoder.as_array(
            source.stream, index=index, raw=False, **_decoder_options(source, declared)
        )
    except RuntimeError as error:  # each decoder was tried, the message lists what each said
        raise source.refusal(
            f"its pixels ({source.transfer_syntax.name}) are damaged or not supported"
        ) from error
    return array, str(properties["photometric_interpretation"])


def _encoded_frame(source: DicomSource, declared: PixelFormat, index: int) -> bytes:
    """One frame's compressed bytes; its own idea of its size must be that of the header.

    A decoder allocates what the stream declares.
    """
    start = source.stream.tell()
    encoded = get_frame(source.stream, index, number_of_frames=declared.frames)
    source.stream.seek(start)
    size = codestream_size(encoded)
    if size is not None and size != (declared.rows, declared.columns):
        raise source.refusal(
            f"its header declares {declared.rows} x {declared.columns} pixels, "
            f"its compressed picture {size[0]} x {size[1]}"
        )
    return encoded


def _single_bits(source: DicomSource, declared: PixelFormat, index: int) -> NDArray[np.uint8]:
    """One frame of packed bits; frames need not start at a byte (PS3.5 8.1.1)."""
    # pydicom 3.0 reads a byte too few where a frame straddles one more than its length fills.
    first = index * declared.frame_bits
    last = first + declared.frame_bits
    source.stream.seek(first // 8, SEEK_CUR)
    packed = np.frombuffer(source.stream.read((last + 7) // 8 - first // 8), np.uint8)
    bits = np.unpackbits(packed, bitorder="little")[first % 8 :][: declared.frame_bits]
    return bits.reshape(declared.rows, declared.columns)


def _is_12_bit_jpeg(source: DicomSource, declared: PixelFormat) -> bool:
    return (
        source.transfer_syntax == JPEGExtended12Bit
        and declared.photometric in _GREY
        and 8 < declared.bits_stored <= 12
    )


def _decoder_options(source: DicomSource, declared: PixelFormat) -> dict[str, Any]:
    options: dict[str, Any] = {
        "transfer_syntax_uid": source.transfer_syntax,
        "pixel_keyword": source.pixel_keyword,
        "pixel_vr": source.pixel_vr,
        "rows": declared.rows,
        "columns": declared.columns,
        "samples_per_pixel": declared.samples,
        "number_of_frames": declared.frames,
        "bits_allocated": declared.bits_allocated,
        "bits_stored": declared.bits_stored,
        "pixel_representation": int(declared.signed),
        "photometric_interpretation": declared.photometric,
        "planar_configuration": declared.planar,
    }
    offsets = source.header.get("ExtendedOffsetTable")
    lengths = source.header.get("ExtendedOffsetTableLengths")
    if offsets and lengths:
        options["extended_offsets"] = (offsets, lengths)
    return options


def _as_rgb(
    array: NDArray[Any], photometric: str, bits_stored: int
) -> tuple[StoredArray, Photometric, int]:
    if photometric in ("YBR_FULL", "YBR_FULL_422"):
        array = convert_color_space(array, Colour.YBR_FULL, Colour.RGB)
    if array.dtype.itemsize <= 2:
        return array, Photometric.RGB, bits_stored
    return (array >> max(0, bits_stored - 16)).astype(np.uint16), Photometric.RGB, 16


def _declared_format(source: DicomSource) -> PixelFormat:
    header = source.header
    float_bits = _FLOAT_BITS.get(source.pixel_keyword)
    samples = _whole(source, "SamplesPerPixel")
    bits_allocated = float_bits or _whole(source, "BitsAllocated")
    return PixelFormat(
        rows=_whole(source, "Rows"),
        columns=_whole(source, "Columns"),
        samples=samples,
        frames=_whole(source, "NumberOfFrames", 1) or 1,
        bits_allocated=bits_allocated,
        bits_stored=float_bits or _whole(source, "BitsStored"),
        signed=not float_bits and samples == 1 and _whole(source, "PixelRepresentation") == 1,
        photometric=str(header.get("PhotometricInterpretation", "")).strip().upper(),
        planar=_whole(source, "PlanarConfiguration", 0) if samples > 1 else 0,
    )


def _whole(source: DicomSource, keyword: str, default: int | None = None) -> int:
    try:
        value = source.header.get(keyword)
        if value in (None, "") and default is not None:
            return default
        return int(value)
    except (TypeError, ValueError):
        raise source.refusal(f"its header has no usable {keyword}") from None


def _contradiction(source: DicomSource, declared: PixelFormat) -> str:
    if declared.rows < 1 or declared.columns < 1 or declared.frames < 1:
        return f"it declares a picture of {declared.rows} x {declared.columns} pixels"
    if declared.rows * declared.columns > LARGEST_FRAME_PIXELS:
        return (
            f"it declares {declared.rows} x {declared.columns} pixels, "
            f"more than the {LARGEST_FRAME_PIXELS >> 20} million that are read"
        )
    if not _colours_fit(declared):
        kind = (
            repr(declared.photometric) if declared.photometric else "no photometric interpretation"
        )
        return f"it declares {kind} with {declared.samples} samples a pixel, which is not shown"
    known_bits = (32, 64) if source.pixel_keyword in _FLOAT_BITS else _INTEGER_BITS
    if declared.bits_allocated not in known_bits:
        return f"it declares {declared.bits_allocated} bits a pixel"
    if not 1 <= declared.bits_stored <= declared.bits_allocated:
        return f"it declares {declared.bits_stored} bits stored in {declared.bits_allocated}"
    return ""


def _colours_fit(declared: PixelFormat) -> bool:
    if declared.samples == 1:
        return declared.photometric in _GREY or declared.photometric == "PALETTE COLOR"
    return declared.samples == 3 and declared.photometric in _COLOUR


def _lack_of_bytes(source: DicomSource, declared: PixelFormat) -> str:
    if source.transfer_syntax.is_private or not source.transfer_syntax.is_transfer_syntax:
        return f"its transfer syntax is unknown ({source.transfer_syntax})"
    if source.transfer_syntax.is_encapsulated:
        needed = declared.frames * _SMALLEST_FRAGMENT_BYTES
    elif source.pixel_bytes is None:
        return "its pixels are compressed and it does not say how"
    else:
        needed = (declared.frames * declared.frame_bits + 7) // 8
    there = source.bytes_left
    if source.pixel_bytes is not None:
        there = min(there, source.pixel_bytes)
    if needed > there:
        return (
            f"it is cut short or damaged: {declared.frames} x {declared.rows} x "
            f"{declared.columns} pixels need {needed} bytes, {there} are there"
        )
    return ""


def _ends_within_a_value(header: Dataset) -> bool:
    last = header.get_item(max(header.keys())) if header else None
    return isinstance(last, RawDataElement) and len(last.value or b"") < last.length

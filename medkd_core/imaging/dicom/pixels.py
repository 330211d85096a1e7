"""One frame's pixels out of a DICOM file, after its declared sizes were checked."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from os import SEEK_CUR
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.encaps import get_frame
from pydicom.pixels.common import PhotometricInterpretation as Colour
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.processing import convert_color_space
from pydicom.uid import (
    UID,
    ExplicitVRLittleEndian,
    JPEGExtended12Bit,
    JPEGLSTransferSyntaxes,
    RLELossless,
)

from medkd_core.imaging.dicom.codestream import codestream_size
from medkd_core.imaging.dicom.jpeg12 import decode_extended_jpeg
from medkd_core.imaging.dicom.palette import palette_colours
from medkd_core.imaging.dicom.pixel_format import FLOAT_BITS, GREY, PixelFormat
from medkd_core.imaging.dicom.source import DEFLATED_IMAGE_FRAME, DicomSource, inflated
from medkd_core.imaging.frame import Photometric, StoredArray

_DECODED_AS = {
    UID(f"1.2.840.10008.1.2.4.{retired}"): JPEGExtended12Bit for retired in (52, 53, 54, 55)
}
"""Retired kinds of JPEG that the decoders read, but pydicom does not hand to them."""

_NO_BITS_FOR_GDCM = (6, 7)
"""Of JPEG-LS, as pydicom knows."""

_STRIP_ROWS = 256

_WITHOUT_COMPRESSION = "Ask for the study without compression."


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
        return _looked_up(source, array)
    if photometric in GREY:
        return array, Photometric(photometric), declared.bits_stored
    return _as_rgb(array, photometric, declared.bits_stored)


def _decode(source: DicomSource, declared: PixelFormat, index: int) -> tuple[StoredArray, str]:
    if not source.is_encapsulated:
        if declared.bits_allocated == 1:
            return _single_bits(source, declared, index), declared.photometric
        return _decoded_by_pydicom(source, declared, index)
    encoded = _encoded_frame(source, declared, index)
    if source.transfer_syntax == DEFLATED_IMAGE_FRAME:
        inflated_frame = _as_native(source, inflated(source.path, encoded))
        return _decode(inflated_frame, replace(declared, frames=1), 0)
    if declared.bits_allocated == 1 and source.transfer_syntax == RLELossless:
        packed, _ = _decoded_by_pydicom(source, _packed(source, declared), index)
        return _unpacked(packed.tobytes(), declared, 0), declared.photometric
    if _is_12_bit_jpeg(source, declared):
        array = decode_extended_jpeg(encoded, declared.rows, declared.columns)
        return array, declared.photometric
    return _decoded_by_pydicom(source, declared, index)


def _decoded_by_pydicom(
    source: DicomSource, declared: PixelFormat, index: int
) -> tuple[StoredArray, str]:
    try:
        decoder = get_decoder(_DECODED_AS.get(source.transfer_syntax, source.transfer_syntax))
    except NotImplementedError:
        name = source.transfer_syntax.name
        if name.startswith(("MPEG", "HEVC")):
            raise source.refusal(f"it is a video ({name}), and only pictures are shown") from None
        raise source.refusal(
            f"nothing here decodes its transfer syntax ({name})", _WITHOUT_COMPRESSION
        ) from None
    try:
        array, properties = decoder.as_array(
            source.stream,
            index=index,
            raw=False,
            decoding_plugin=_plugin(source, declared),
            **_decoder_options(source, declared),
        )
    except RuntimeError as error:  # each decoder was tried, the message lists what each said
        raise source.refusal(
            f"its pixels ({source.transfer_syntax.name}) are damaged or not supported",
            _WITHOUT_COMPRESSION,
        ) from error
    if _is_stored_as_declared(source):
        array = _significant_bits(array, declared)
    return array, str(properties["photometric_interpretation"])


def _plugin(source: DicomSource, declared: PixelFormat) -> str:
    """The decoder to use; empty for whichever is there."""
    is_jpeg_ls = source.transfer_syntax in JPEGLSTransferSyntaxes
    # Damaged streams keep pyjpegls busy for up to a minute.
    return "gdcm" if is_jpeg_ls and declared.bits_stored not in _NO_BITS_FOR_GDCM else ""


def _as_native(source: DicomSource, frame: BytesIO) -> DicomSource:
    """The source as if it held nothing but this frame, not compressed."""
    return replace(source, stream=frame, transfer_syntax=ExplicitVRLittleEndian)


def _packed(source: DicomSource, declared: PixelFormat) -> PixelFormat:
    """A frame of single bits as one of bytes that hold eight each."""
    rows, columns = declared.rows, declared.columns
    if columns % 8 == 0:
        columns //= 8
    elif rows % 8 == 0:
        rows //= 8
    else:
        raise source.refusal(
            "its single bits are compressed in a way that is not read", _WITHOUT_COMPRESSION
        )
    return replace(
        declared, rows=rows, columns=columns, bits_allocated=8, bits_stored=8, high_bit=7
    )


def _is_stored_as_declared(source: DicomSource) -> bool:
    """Whether samples fill the bits allocated, as no other compression keeps them."""
    syntax = source.transfer_syntax
    is_float = source.pixel_keyword in FLOAT_BITS
    return not is_float and (not source.is_encapsulated or syntax == RLELossless)


def _keeps_planes(source: DicomSource) -> bool:
    """Whether the planar configuration counts; JPEG and JPEG 2000 interleave by themselves."""
    syntax = source.transfer_syntax
    return not source.is_encapsulated or syntax in (*JPEGLSTransferSyntaxes, RLELossless)


def _significant_bits(array: NDArray[Any], declared: PixelFormat) -> NDArray[Any]:
    """Without the bits above and below the stored ones, which may hold overlays (PS3.5 8.1.1)."""
    above = declared.bits_allocated - 1 - declared.high_bit
    around = declared.bits_allocated - declared.bits_stored
    return np.right_shift(np.left_shift(array, above), around) if around else array


def _encoded_frame(source: DicomSource, declared: PixelFormat, index: int) -> bytes:
    """One frame's compressed bytes; its own idea of its size must be that of the header.

    A decoder allocates what the stream declares.
    """
    start = source.stream.tell()
    encoded = get_frame(
        source.stream,
        index,
        number_of_frames=declared.frames,
        extended_offsets=_extended_offsets(source),
    )
    source.stream.seek(start)
    size = codestream_size(encoded)
    if size is not None and size != (declared.rows, declared.columns):
        raise source.refusal(
            f"its header declares {declared.rows} x {declared.columns} pixels, "
            f"its compressed picture {size[0]} x {size[1]}"
        )
    if declared.bits_stored in _NO_BITS_FOR_GDCM and _is_cut_short(source, encoded):
        raise source.refusal("its compressed picture is cut short")
    return encoded


def _is_cut_short(source: DicomSource, encoded: bytes) -> bool:
    """Whether a JPEG-LS stream has no end (ITU-T T.87 C.1.1)."""
    is_jpeg_ls = source.transfer_syntax in JPEGLSTransferSyntaxes
    return is_jpeg_ls and not encoded.rstrip(b"\0").endswith(b"\xff\xd9")


def _single_bits(source: DicomSource, declared: PixelFormat, index: int) -> NDArray[np.uint8]:
    """One frame of packed bits; frames need not start at a byte (PS3.5 8.1.1)."""
    # pydicom 3.0 reads a byte too few where a frame straddles one more than its length fills.
    first = index * declared.frame_bits
    last = first + declared.frame_bits
    source.stream.seek(first // 8, SEEK_CUR)
    return _unpacked(source.stream.read((last + 7) // 8 - first // 8), declared, first % 8)


def _unpacked(packed: bytes, declared: PixelFormat, skipped: int) -> NDArray[np.uint8]:
    bits = np.unpackbits(np.frombuffer(packed, np.uint8), bitorder="little")
    return bits[skipped:][: declared.frame_bits].reshape(declared.rows, declared.columns)


def _is_12_bit_jpeg(source: DicomSource, declared: PixelFormat) -> bool:
    return (
        _DECODED_AS.get(source.transfer_syntax, source.transfer_syntax) == JPEGExtended12Bit
        and declared.photometric in GREY
        and 8 < declared.bits_stored <= 12
    )


def _decoder_options(source: DicomSource, declared: PixelFormat) -> dict[str, Any]:
    # pydicom takes the stored bits to be the lowest.
    bits = declared.bits_allocated if _is_stored_as_declared(source) else declared.bits_stored
    options: dict[str, Any] = {
        "as_rgb": False,
        "transfer_syntax_uid": _DECODED_AS.get(source.transfer_syntax, source.transfer_syntax),
        "pixel_keyword": source.pixel_keyword,
        "pixel_vr": source.pixel_vr,
        "rows": declared.rows,
        "columns": declared.columns,
        "samples_per_pixel": declared.samples,
        "number_of_frames": declared.frames,
        "bits_allocated": declared.bits_allocated,
        "bits_stored": bits,
        "pixel_representation": int(declared.signed),
        "photometric_interpretation": declared.photometric,
        "planar_configuration": declared.planar if _keeps_planes(source) else 0,
    }
    extended_offsets = _extended_offsets(source)
    if extended_offsets is not None:
        options["extended_offsets"] = extended_offsets
    return options


def _extended_offsets(source: DicomSource) -> tuple[bytes, bytes] | None:
    offsets = source.header.get("ExtendedOffsetTable")
    lengths = source.header.get("ExtendedOffsetTableLengths")
    return (offsets, lengths) if offsets and lengths else None


def _looked_up(source: DicomSource, index: NDArray[Any]) -> tuple[StoredArray, Photometric, int]:
    try:
        colours, bits = palette_colours(index, source.header)
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise source.refusal("its palette is missing or damaged") from error
    return colours, Photometric.RGB, bits


def _as_rgb(
    array: NDArray[Any], photometric: str, bits_stored: int
) -> tuple[StoredArray, Photometric, int]:
    if photometric in ("YBR_FULL", "YBR_FULL_422"):
        array = _rgb_of_ybr(array)
    if array.dtype.itemsize <= 2:
        return array, Photometric.RGB, bits_stored
    return (array >> max(0, bits_stored - 16)).astype(np.uint16), Photometric.RGB, 16


def _rgb_of_ybr(array: NDArray[np.uint8]) -> NDArray[np.uint8]:
    # The conversion takes 24 bytes a pixel, so it is made in strips.
    rgb = np.empty_like(array)
    for first in range(0, len(array), _STRIP_ROWS):
        strip = slice(first, first + _STRIP_ROWS)
        rgb[strip] = convert_color_space(array[strip], Colour.YBR_FULL, Colour.RGB)
    return rgb

"""Compressed frames, each by itself in its fragments (PS3.5 A.4)."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

from pydicom.encaps import get_frame
from pydicom.uid import (
    ExplicitVRLittleEndian,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLSTransferSyntaxes,
    RLELossless,
)

from medkd_core.imaging.dicom.codestream import CodestreamShape, codestream_shape
from medkd_core.imaging.dicom.jpeg12 import decode_extended_jpeg
from medkd_core.imaging.dicom.native import native_pixels, unpacked_bits
from medkd_core.imaging.dicom.pixel_format import PixelFormat
from medkd_core.imaging.dicom.pydicom_decoder import (
    NO_BITS_FOR_GDCM,
    decoded_as,
    decoded_by_pydicom,
    extended_offsets,
)
from medkd_core.imaging.dicom.source import DEFLATED_IMAGE_FRAME, DicomSource, inflated
from medkd_core.imaging.dicom.words import counted
from medkd_core.imaging.dicom.ybr import FULL_RANGE, OF_JPEG_2000, PARTIAL_RANGE
from medkd_core.imaging.frame import StoredArray


def encapsulated_pixels(
    source: DicomSource, declared: PixelFormat, index: int
) -> tuple[StoredArray, str]:
    """Decode one compressed frame.

    Parameters
    ----------
    source : DicomSource
        Encapsulated.
    declared : PixelFormat
    index : int
        From 0, of a frame that is there.

    Returns
    -------
    stored : ndarray, (rows, columns) or (rows, columns, 3)
    photometric : str
        What the decoder made of the colours, else what the header declares.

    Raises
    ------
    UnreadableFileError
        The frame is damaged, or nothing here decodes it.
    """
    encoded = _encoded_frame(source, declared, index)
    if source.transfer_syntax == DEFLATED_IMAGE_FRAME:
        frame = _as_native(source, inflated(source.path, encoded))
        return native_pixels(frame, replace(declared, frames=1), 0), declared.photometric
    if declared.bits_allocated == 1 and source.transfer_syntax == RLELossless:
        packed, _ = decoded_by_pydicom(source, _packed(declared), index)
        return unpacked_bits(packed.tobytes(), declared), declared.photometric
    known = _as_decoders_know(source, declared)
    array, photometric = _decoded(source, known, encoded, index)
    is_partial = photometric == "YBR_FULL" and declared.photometric in PARTIAL_RANGE
    return array, declared.photometric if is_partial else photometric


def _as_decoders_know(source: DicomSource, declared: PixelFormat) -> PixelFormat:
    """In their words: the stream says how colours are shared, and none packs 12 bits."""
    bits = 16 if declared.bits_allocated == 12 else declared.bits_allocated
    ybr = FULL_RANGE | PARTIAL_RANGE
    if decoded_as(source) in (JPEGBaseline8Bit, JPEGExtended12Bit):
        ybr |= OF_JPEG_2000  # a wrong name, for this JPEG knows one YBR only
    photometric = "YBR_FULL" if declared.photometric in ybr else declared.photometric
    return replace(declared, bits_allocated=bits, photometric=photometric)


def _decoded(
    source: DicomSource, known: PixelFormat, encoded: bytes, index: int
) -> tuple[StoredArray, str]:
    if _is_12_bit_jpeg(source, known):
        return decode_extended_jpeg(encoded, known.shape, known.photometric), known.photometric
    return decoded_by_pydicom(source, known, index)


def _packed(declared: PixelFormat) -> PixelFormat:
    """A frame of single bits as one row of bytes that hold eight each."""
    columns = (declared.frame_bits + 7) // 8
    return replace(declared, rows=1, columns=columns, bits_allocated=8, bits_stored=8, high_bit=7)


def _as_native(source: DicomSource, frame: BytesIO) -> DicomSource:
    """The source as if it held nothing but this frame, not compressed."""
    size = frame.getbuffer().nbytes
    return replace(
        source,
        stream=frame,
        transfer_syntax=ExplicitVRLittleEndian,
        pixel_bytes=size,
        bytes_left=size,
    )


def _encoded_frame(source: DicomSource, declared: PixelFormat, index: int) -> bytes:
    """One frame's compressed bytes; its own idea of its shape must be that of the header.

    A decoder allocates what the stream declares, or writes that much into what it allocated for
    the header.
    """
    start = source.stream.tell()
    encoded = get_frame(
        source.stream,
        index,
        number_of_frames=declared.frames,
        extended_offsets=extended_offsets(source),
    )
    source.stream.seek(start)
    contradiction = _contradiction(declared, codestream_shape(encoded))
    if contradiction:
        raise source.refusal(contradiction)
    if declared.bits_stored in NO_BITS_FOR_GDCM and _is_cut_short(source, encoded):
        raise source.refusal("its compressed picture is cut short")
    return encoded


def _contradiction(declared: PixelFormat, shape: CodestreamShape | None) -> str:
    """How a header and its compressed picture differ; empty where they do not."""
    if shape is None:
        return ""
    if (shape.rows, shape.columns) != (declared.rows, declared.columns):
        return (
            f"its header declares {declared.rows} x {declared.columns} pixels, "
            f"its compressed picture {shape.rows} x {shape.columns}"
        )
    if shape.components != declared.samples:
        return (
            f"its header declares {counted(declared.samples, 'sample')} a pixel, "
            f"its compressed picture {shape.components}"
        )
    return ""


def _is_cut_short(source: DicomSource, encoded: bytes) -> bool:
    """Whether a JPEG-LS stream has no end (ITU-T T.87 C.1.1)."""
    is_jpeg_ls = source.transfer_syntax in JPEGLSTransferSyntaxes
    return is_jpeg_ls and not encoded.rstrip(b"\0").endswith(b"\xff\xd9")


def _is_12_bit_jpeg(source: DicomSource, declared: PixelFormat) -> bool:
    return decoded_as(source) == JPEGExtended12Bit and 8 < declared.bits_stored <= 12

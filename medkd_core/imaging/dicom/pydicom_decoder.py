"""One frame through whichever of pydicom's decoders reads its transfer syntax."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import UID, JPEGExtended12Bit, JPEGLSTransferSyntaxes, RLELossless

from medkd_core.imaging.dicom.pixel_format import FLOAT_BITS, PixelFormat
from medkd_core.imaging.dicom.source import DicomSource
from medkd_core.imaging.frame import StoredArray

_DECODED_AS = {
    UID(f"1.2.840.10008.1.2.4.{retired}"): JPEGExtended12Bit for retired in (52, 53, 54, 55)
}
"""Retired kinds of JPEG that the decoders read, but pydicom does not hand to them."""

NO_BITS_FOR_GDCM = (6, 7)
"""Of JPEG-LS, as pydicom knows."""

WITHOUT_COMPRESSION = "Ask for the study without compression."


def decoded_as(source: DicomSource) -> UID:
    """The transfer syntax whose decoder reads this one."""
    return _DECODED_AS.get(source.transfer_syntax, source.transfer_syntax)


def decoded_by_pydicom(
    source: DicomSource, declared: PixelFormat, index: int
) -> tuple[StoredArray, str]:
    """Decode or read one frame.

    Parameters
    ----------
    source : DicomSource
    declared : PixelFormat
        What pydicom is told, which need not be what the header declares.
    index : int
        From 0, of a frame that is there.

    Returns
    -------
    stored : ndarray, (rows, columns) or (rows, columns, 3)
        Only the bits stored, sign extended; byte order of the file.
    photometric : str
        What the decoder made of the colours, else that of `declared`.

    Raises
    ------
    UnreadableFileError
        Nothing here decodes the transfer syntax, or every decoder failed.
    """
    try:
        decoder = get_decoder(decoded_as(source))
    except NotImplementedError:
        name = source.transfer_syntax.name
        if name.startswith(("MPEG", "HEVC")):
            raise source.refusal(f"it is a video ({name}), and only pictures are shown") from None
        raise source.refusal(
            f"nothing here decodes its transfer syntax ({name})", WITHOUT_COMPRESSION
        ) from None
    try:
        array, properties = decoder.as_array(
            source.stream,
            index=index,
            raw=False,
            validate=False,  # done already; packed bits make rows longer than it allows
            decoding_plugin=_plugin(source, declared),
            **_decoder_options(source, declared),
        )
    except RuntimeError as error:  # each decoder was tried, the message lists what each said
        raise source.refusal(
            f"its pixels ({source.transfer_syntax.name}) are damaged or not supported",
            WITHOUT_COMPRESSION,
        ) from error
    if _is_stored_as_declared(source):
        array = significant_bits(array, declared)
    return array, str(properties["photometric_interpretation"])


def _plugin(source: DicomSource, declared: PixelFormat) -> str:
    """The decoder to use; empty for whichever is there."""
    is_jpeg_ls = source.transfer_syntax in JPEGLSTransferSyntaxes
    # Damaged streams keep pyjpegls busy for up to a minute.
    return "gdcm" if is_jpeg_ls and declared.bits_stored not in NO_BITS_FOR_GDCM else ""


def _is_stored_as_declared(source: DicomSource) -> bool:
    """Whether samples fill the bits allocated, as no other compression keeps them."""
    syntax = source.transfer_syntax
    is_float = source.pixel_keyword in FLOAT_BITS
    return not is_float and (not source.is_encapsulated or syntax == RLELossless)


def _keeps_planes(source: DicomSource) -> bool:
    """Whether the planar configuration counts; JPEG and JPEG 2000 interleave by themselves."""
    syntax = source.transfer_syntax
    return not source.is_encapsulated or syntax in (*JPEGLSTransferSyntaxes, RLELossless)


def significant_bits(array: NDArray[Any], declared: PixelFormat) -> NDArray[Any]:
    """Without the bits above and below the stored ones, which may hold overlays (PS3.5 8.1.1)."""
    above = declared.bits_allocated - 1 - declared.high_bit
    around = declared.bits_allocated - declared.bits_stored
    return np.right_shift(np.left_shift(array, above), around) if around else array


def _decoder_options(source: DicomSource, declared: PixelFormat) -> dict[str, Any]:
    # pydicom takes the stored bits to be the lowest.
    bits = declared.bits_allocated if _is_stored_as_declared(source) else declared.bits_stored
    options: dict[str, Any] = {
        "as_rgb": False,
        "transfer_syntax_uid": decoded_as(source),
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
    offsets = extended_offsets(source)
    if offsets is not None:
        options["extended_offsets"] = offsets
    return options


def extended_offsets(source: DicomSource) -> tuple[bytes, bytes] | None:
    """Where frames start and how long they are, as 64-bit numbers (PS3.3 C.7.6.3.1.8)."""
    offsets = source.header.get("ExtendedOffsetTable")
    lengths = source.header.get("ExtendedOffsetTableLengths")
    return (offsets, lengths) if offsets and lengths else None

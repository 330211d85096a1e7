"""Pixels without compression, in every way that samples are laid out (PS3.5 8.1.1)."""

from __future__ import annotations

from dataclasses import replace
from os import SEEK_CUR
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medkd_core.imaging.dicom.pixel_format import PixelFormat
from medkd_core.imaging.dicom.pydicom_decoder import decoded_by_pydicom, significant_bits
from medkd_core.imaging.dicom.source import DicomSource
from medkd_core.imaging.dicom.ybr import SHARED_BY_TWO, ybr_of_pairs


def native_pixels(source: DicomSource, declared: PixelFormat, index: int) -> NDArray[Any]:
    """Read one frame that is not compressed.

    Parameters
    ----------
    source : DicomSource
        Not encapsulated.
    declared : PixelFormat
    index : int
        From 0, of a frame that is there.

    Returns
    -------
    ndarray, (rows, columns) or (rows, columns, 3)
        Colours as they are declared, each pixel with its own.

    Raises
    ------
    UnreadableFileError
        The samples cannot be laid out as they are declared.
    """
    if declared.bits_allocated == 1:
        return _single_bits(source, declared, index)
    if declared.bits_allocated == 12:
        return _packed_12_bits(source, declared, index)
    if declared.photometric in SHARED_BY_TWO:
        return _pairs(source, declared, index)
    return decoded_by_pydicom(source, declared, index)[0]


def _single_bits(source: DicomSource, declared: PixelFormat, index: int) -> NDArray[np.uint8]:
    """One frame of packed bits; frames need not start at a byte."""
    # pydicom 3.0 reads a byte too few where a frame straddles one more than its length fills.
    first, skipped = divmod(index * declared.frame_bits, 8)
    source.stream.seek(first, SEEK_CUR)
    return unpacked_bits(
        source.stream.read((skipped + declared.frame_bits + 7) // 8), declared, skipped
    )


def unpacked_bits(packed: bytes, declared: PixelFormat, skipped: int = 0) -> NDArray[np.uint8]:
    """Write single bits out.

    Parameters
    ----------
    packed : bytes
        Eight pixels each, the first in the lowest bit.
    declared : PixelFormat
    skipped : int
        Bits before the frame.

    Returns
    -------
    uint8, (rows, columns), 0 or 1
    """
    bits = np.unpackbits(np.frombuffer(packed, np.uint8), bitorder="little")
    return bits[skipped:][: declared.frame_bits].reshape(declared.rows, declared.columns)


def _packed_12_bits(source: DicomSource, declared: PixelFormat, index: int) -> NDArray[Any]:
    """Two pixels in three bytes, the first in the lower bits; a frame may start at the second."""
    if not source.transfer_syntax.is_little_endian:
        raise source.refusal("its pixels of 12 bits are packed in big endian order")
    pixels = declared.rows * declared.columns
    pair, skipped = divmod(index * pixels, 2)
    source.stream.seek(3 * pair, SEEK_CUR)
    size = 3 * ((skipped + pixels + 1) // 2)
    # The last pixel may end half way through its pair.
    packed = np.frombuffer((source.stream.read(size) + b"\0")[:size], np.uint8)
    low, middle, high = packed.reshape(-1, 3).astype(np.uint16).T
    words = np.stack([low | (middle & 15) << 8, middle >> 4 | high << 4], -1).ravel()
    frame = words[skipped:][:pixels].reshape(declared.rows, declared.columns)
    stored = frame.view(np.int16) if declared.signed else frame
    return significant_bits(stored, replace(declared, bits_allocated=16))


def _pairs(source: DicomSource, declared: PixelFormat, index: int) -> NDArray[Any]:
    """4:2:2 (PS3.3 C.7.6.3.1.2); the length of the pixel data tells how it is laid out."""
    there = source.pixel_bytes_there // declared.frames
    column = declared.rows * declared.bits_allocated // 8
    columns = declared.columns
    if there >= 3 * columns * column:  # made 4:4:4 and not renamed
        return decoded_by_pydicom(source, replace(declared, photometric="YBR_FULL"), index)[0]
    if there >= 2 * (columns + 1) * column:
        columns += columns % 2  # each row is filled up to whole pairs
    if declared.rows * columns % 2:
        raise source.refusal("its pixels share their colours in pairs and one is left over")
    samples = replace(declared, samples=1, photometric="MONOCHROME2", columns=2 * columns)
    stored, _ = decoded_by_pydicom(source, samples, index)
    return ybr_of_pairs(stored, columns)[:, : declared.columns]

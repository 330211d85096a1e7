"""What a compressed picture declares of its own size, read without decoding it."""

from __future__ import annotations

from typing import NamedTuple

_START_OF_CODESTREAM_AND_SIZE = b"\xff\x4f\xff\x51"
_START_OF_IMAGE = b"\xff\xd8"
_START_OF_SCAN = 0xDA
_NOT_A_FRAME = {0xC4, 0xC8, 0xCC}
_STANDALONE = {0x01, 0xFF, *range(0xD0, 0xD9)}
_JPEG_LS_FRAME = 0xF7


class CodestreamShape(NamedTuple):
    """Rows and columns in pixels, and how many components (samples) each pixel has."""

    rows: int
    columns: int
    components: int


def codestream_shape(encoded: bytes) -> CodestreamShape | None:
    """What a JPEG, JPEG-LS or JPEG 2000 stream declares of its size and its colours.

    Parameters
    ----------
    encoded : bytes
        The start of the stream suffices.

    Returns
    -------
    CodestreamShape or None
        None when the stream is of another kind or does not say.
    """
    if encoded.startswith(_START_OF_IMAGE):
        return _jpeg_shape(encoded)
    start = encoded.find(_START_OF_CODESTREAM_AND_SIZE, 0, 1024)
    return None if start < 0 else _jpeg_2000_shape(encoded[start + 4 : start + 42])


def _jpeg_shape(encoded: bytes) -> CodestreamShape | None:
    """From the frame header (ISO/IEC 10918-1 B.2.2)."""
    position = 2
    while position + 10 <= len(encoded) and encoded[position] == 0xFF:
        marker = encoded[position + 1]
        if marker in _STANDALONE:
            position += 1 if marker == 0xFF else 2
        elif marker == _JPEG_LS_FRAME or (0xC0 <= marker <= 0xCF and marker not in _NOT_A_FRAME):
            rows, columns = _word(encoded, position + 5), _word(encoded, position + 7)
            return CodestreamShape(rows, columns, encoded[position + 9]) if rows else None
        elif marker == _START_OF_SCAN:
            return None
        else:
            position += 2 + _word(encoded, position + 2)
    return None


def _jpeg_2000_shape(segment: bytes) -> CodestreamShape | None:
    """From the SIZ marker segment, from its length on (ISO/IEC 15444-1 A.5.1)."""
    if len(segment) < 38:
        return None
    right, bottom, left, top = (
        int.from_bytes(segment[start : start + 4], "big") for start in (4, 8, 12, 16)
    )
    return CodestreamShape(bottom - top, right - left, _word(segment, 36))


def _word(encoded: bytes, position: int) -> int:
    return int.from_bytes(encoded[position : position + 2], "big")

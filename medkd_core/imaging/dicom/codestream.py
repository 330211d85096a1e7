"""The size that a compressed picture declares for itself, read without decoding it."""

from __future__ import annotations

_START_OF_CODESTREAM_AND_SIZE = b"\xff\x4f\xff\x51"
_START_OF_IMAGE = b"\xff\xd8"
_START_OF_SCAN = 0xDA
_NOT_A_FRAME = {0xC4, 0xC8, 0xCC}
_STANDALONE = {0x01, 0xFF, *range(0xD0, 0xD9)}
_JPEG_LS_FRAME = 0xF7


def codestream_size(encoded: bytes) -> tuple[int, int] | None:
    """Rows and columns that a JPEG, JPEG-LS or JPEG 2000 stream declares.

    Parameters
    ----------
    encoded : bytes
        The start of the stream suffices.

    Returns
    -------
    (rows, columns) or None
        None when the stream is of another kind or does not say.
    """
    if encoded.startswith(_START_OF_IMAGE):
        return _jpeg_size(encoded)
    start = encoded.find(_START_OF_CODESTREAM_AND_SIZE, 0, 1024)
    return None if start < 0 else _jpeg_2000_size(encoded[start + 4 : start + 24])


def _jpeg_size(encoded: bytes) -> tuple[int, int] | None:
    """From the frame header (ISO/IEC 10918-1 B.2.2)."""
    position = 2
    while position + 9 <= len(encoded) and encoded[position] == 0xFF:
        marker = encoded[position + 1]
        if marker in _STANDALONE:
            position += 1 if marker == 0xFF else 2
        elif marker == _JPEG_LS_FRAME or (0xC0 <= marker <= 0xCF and marker not in _NOT_A_FRAME):
            rows, columns = _word(encoded, position + 5), _word(encoded, position + 7)
            return (rows, columns) if rows else None
        elif marker == _START_OF_SCAN:
            return None
        else:
            position += 2 + _word(encoded, position + 2)
    return None


def _jpeg_2000_size(segment: bytes) -> tuple[int, int] | None:
    """From the SIZ marker segment, from its length on (ISO/IEC 15444-1 A.5.1)."""
    if len(segment) < 20:
        return None
    right, bottom, left, top = (
        int.from_bytes(segment[start : start + 4], "big") for start in (4, 8, 12, 16)
    )
    return bottom - top, right - left


def _word(encoded: bytes, position: int) -> int:
    return int.from_bytes(encoded[position : position + 2], "big")

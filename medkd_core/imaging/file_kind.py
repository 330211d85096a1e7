"""What kind of file it is, told from its first bytes and never from its name."""

from __future__ import annotations

from typing import Literal

HEAD_BYTES = 256
"""How much of a file is enough to tell."""

_RASTER_SIGNATURES = (
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff",
    b"II*\x00",
    b"MM\x00*",
    b"II+\x00",
    b"MM\x00+",
)
_BYTE_ORDERS: tuple[Literal["little", "big"], ...] = ("little", "big")
_FIRST_GROUPS = (0x0002, 0x0004, 0x0008)
VALUE_REPRESENTATIONS = frozenset(
    b"AE AS AT CS DA DS DT FL FD IS LO LT OB OD OF OL OV OW PN SH SL SQ SS ST SV TM UC UI UL UN "
    b"UR US UT UV".split()
)


def looks_like_dicom(head: bytes) -> bool:
    """Whether a file that starts with `head` (132 bytes or more) should be parsed as DICOM.

    Either it has the preamble and ``DICM``, or its first element is one that a data set without
    them starts with.
    """
    return has_preamble(head) or any(_is_first_element(head, order) for order in _BYTE_ORDERS)


def has_preamble(head: bytes) -> bool:
    """Whether ``DICM`` follows the 128 bytes of the preamble (PS3.10 7.1)."""
    return head[128:132] == b"DICM"


def _is_first_element(head: bytes, order: Literal["little", "big"]) -> bool:
    group = int.from_bytes(head[0:2], order)
    element = int.from_bytes(head[2:4], order)
    if len(head) < 8 or group not in _FIRST_GROUPS or element > 0x0100:
        return False
    implicit_length = int.from_bytes(head[4:8], order)
    return head[4:6] in VALUE_REPRESENTATIONS or implicit_length <= 1024


def looks_like_raster(head: bytes) -> bool:
    """Whether a file starts like a PNG, JPEG or TIFF file."""
    return head.startswith(_RASTER_SIGNATURES)


def looks_like_zip(head: bytes) -> bool:
    """Whether a file starts like a ZIP file, also an empty one."""
    return head.startswith((b"PK\x03\x04", b"PK\x05\x06"))

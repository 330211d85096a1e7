"""Parts of a line, apart by dots."""

from __future__ import annotations

import unicodedata

BETWEEN_PARTS = " · "
"""Stands between the parts of a line, the most important first."""

_LEFT_TO_RIGHT_MARK = "\N{LEFT-TO-RIGHT MARK}"


def joined(*parts: str) -> str:
    """The parts that are not empty, in this order from left to right in any script."""
    return BETWEEN_PARTS.join(map(_closed, filter(None, parts)))


def _closed(part: str) -> str:
    """Else the figures of the next part would join one that is written from right to left."""
    runs_left = any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in part)
    return part + _LEFT_TO_RIGHT_MARK if runs_left else part

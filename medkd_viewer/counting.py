"""Counts in words."""

from __future__ import annotations


def plural(count: int, one: str, many: str = "") -> str:
    """Return ``1 epoch``, ``1,200 epochs``; `many` where an ``s`` does not make the plural."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"

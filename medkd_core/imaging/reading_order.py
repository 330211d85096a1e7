"""The order in which a person counts and reads: by number, and film 9 before film 10."""

from __future__ import annotations

import re


def natural(name: str) -> list[tuple[int, str]]:
    """Sort key that puts ``film 9`` before ``film 10``."""
    pieces = re.findall(r"([0-9]+)|([^0-9]+)", name)
    return [(int(digits[:18]), digits) if digits else (-1, text) for digits, text in pieces]


def by_number(number: int | None, name: str) -> tuple[bool, int, list[tuple[int, str]]]:
    """Sort key by number, things without one last, and by name where numbers are equal."""
    return number is None, number or 0, natural(name)

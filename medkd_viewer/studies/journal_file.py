"""The journal's file: one JSON object, each study on a line of its own.

Ten thousand studies are so split and put together in milliseconds; each is read when asked for.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path

_log = logging.getLogger(__name__)

Lines = dict[str, str]
"""What is noted on each study, by its UID, as JSON."""

Identity = tuple[int, int, int] | None
"""What differs between a file and another that took its place; None where there is none."""

_BEGIN, _BETWEEN, _END = "{\n", ",\n", "\n}\n"


def identity(path: Path) -> Identity:
    """Which file stands there now."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def read_lines(path: Path) -> Lines | None:
    """What is there, None where nothing is.

    A file that cannot be read makes way to a copy.

    Raises
    ------
    OSError
        It can neither be read nor set aside.
    """
    try:
        return _split(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError):
        path.replace(path.with_suffix(".damaged"))
        _log.warning("The journal was unreadable; it is kept as a copy and begun anew.")
        return None


def joined(lines: Lines) -> str:
    """What a file with these lines holds."""
    body = _BETWEEN.join(f"{json.dumps(uid)}: {notes}" for uid, notes in lines.items())
    return f"{_BEGIN}{body}{_END}"


def _split(text: str) -> Lines:
    """The lines of a file; `ValueError` where it is damaged."""
    if not (text.startswith(_BEGIN) and text.endswith(_END)):
        return _rewritten(text)
    body = text.removeprefix(_BEGIN).removesuffix(_END)
    return dict(map(_study, body.split(_BETWEEN))) if body else {}


def _study(line: str) -> tuple[str, str]:
    uid, end = json.JSONDecoder().raw_decode(line)
    notes = line[end:].removeprefix(": ")
    if not (isinstance(uid, str) and notes.startswith("{") and notes.endswith("}")):
        raise ValueError("not the notes on a study")
    return uid, notes


def _rewritten(text: str) -> Lines:
    """The lines of a journal that was written otherwise."""
    studies = json.loads(text)
    if not isinstance(studies, dict) or not all(isinstance(v, dict) for v in studies.values()):
        raise ValueError("not an object for each study")
    return {uid: json.dumps(notes) for uid, notes in studies.items()}

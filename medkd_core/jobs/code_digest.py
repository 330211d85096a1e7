"""Which code computed something: a digest for the keys of what is kept on disk."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PACKAGE = Path(__file__).parents[1]


@cache
def code_digest(places: tuple[str, ...], libraries: tuple[str, ...] = ()) -> str:
    """SHA-256 of modules of MedKD and of the versions of libraries that they stand on.

    Parameters
    ----------
    places : tuple of str
        Rooms and files of ``medkd_core``: ``("imaging", "datasets/films.py")``.
    libraries : tuple of str
        Names of distributions; one that is not installed counts as such.

    Returns
    -------
    str
        Hexadecimal digits; another version of any of them gives others.
    """
    digest = hashlib.sha256()
    for place in places:
        path = _PACKAGE / place
        for file in [path] if path.is_file() else sorted(path.rglob("*.py")):
            digest.update(file.relative_to(_PACKAGE).as_posix().encode())
            digest.update(file.read_bytes())
    for library in libraries:
        digest.update(f"{library} {_version(library)}".encode())
    return digest.hexdigest()


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "none"

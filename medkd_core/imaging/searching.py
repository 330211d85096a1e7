"""Files and folders to studies, in reading order, with a reason for every file left out."""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from medkd_core.errors import UnreadableFileError
from medkd_core.imaging.reading import read_entry
from medkd_core.imaging.study import FileList, FoundStudies, Instance, Refusal, Series, Study

ReadEntry = Callable[[Path], Study | FileList]
"""As `medkd_core.imaging.reading.read_entry`; elsewhere, the same in another process."""


def find_studies(
    paths: Iterable[Path | str],
    progress: Callable[[int], None] | None = None,
    read: ReadEntry = read_entry,
) -> FoundStudies:
    """Look into files and folders and sort what they hold.

    Folders are searched to the bottom, hidden files and folders left out. A DICOMDIR stands for
    the files that it lists. No single file ends the search: it is refused with its reason.

    Parameters
    ----------
    paths : iterable of Path or str
    progress : callable, optional
        Called with the number of files looked into so far; what it raises ends the search.
    read : callable, optional
        What looks into a file.

    Returns
    -------
    FoundStudies
        Studies in the order they were met, series and instances by number.
    """
    found: list[Study] = []
    refused: list[Refusal] = []
    seen: set[Path] = set()
    waiting = deque(file for path in paths for file in _below(Path(path), refused))
    while waiting:
        path = waiting.popleft()
        if path.absolute() in seen:
            continue
        seen.add(path.absolute())
        entry = _look_into(path, read)
        if isinstance(entry, Refusal):
            refused.append(entry)
        elif isinstance(entry, FileList):
            waiting.extendleft(reversed(entry.files))
        else:
            found.append(entry)
        if progress is not None:
            progress(len(seen))
    return FoundStudies(_grouped(found), tuple(refused))


def _look_into(path: Path, read: ReadEntry) -> Study | FileList | Refusal:
    try:
        entry = read(path)
    except UnreadableFileError as error:
        return Refusal(path, error.because)
    if isinstance(entry, FileList) and not entry.files:
        return Refusal(path, "it lists files, and none of them is here")
    return entry


def _below(path: Path, refused: list[Refusal]) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        refused.append(Refusal(Path(error.filename), "the folder may not be read"))

    if not _is_folder(path):
        yield path
        return
    for folder, folders, files in os.walk(path, onerror=refuse):
        folders[:] = sorted((name for name in folders if not name.startswith(".")), key=_natural)
        for name in sorted(files, key=_natural):
            if not name.startswith("."):
                yield Path(folder, name)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a name too long for the system, for one; whoever reads it says so
        return False


def _grouped(found: list[Study]) -> tuple[Study, ...]:
    studies: dict[str, list[Study]] = {}
    for study in found:
        studies.setdefault(study.uid, []).append(study)
    return tuple(
        replace(parts[0], series=_merged(series for part in parts for series in part.series))
        for parts in studies.values()
    )


def _merged(parts: Iterable[Series]) -> tuple[Series, ...]:
    groups: dict[str, list[Series]] = {}
    for part in parts:
        groups.setdefault(part.uid, []).append(part)
    merged = [
        replace(same[0], instances=_in_order(i for part in same for i in part.instances))
        for same in groups.values()
    ]
    return tuple(sorted(merged, key=lambda series: _by_number(series.number, series.uid)))


def _in_order(instances: Iterable[Instance]) -> tuple[Instance, ...]:
    return tuple(sorted(instances, key=lambda one: _by_number(one.number, str(one.path))))


def _by_number(number: int | None, name: str) -> tuple[bool, int, list[tuple[int, str]]]:
    return number is None, number or 0, _natural(name)


def _natural(name: str) -> list[tuple[int, str]]:
    """Sort key that puts ``film 9`` before ``film 10``."""
    pieces = re.findall(r"(\d+)|(\D+)", name)
    return [(int(digits), "") if digits else (-1, text) for digits, text in pieces]

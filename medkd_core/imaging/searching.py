"""Files and folders to studies, in reading order, with a reason for every file left out."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path

from medkd_core.errors import UnreadableFileError
from medkd_core.imaging.reading import read_entry
from medkd_core.imaging.reading_order import by_number, natural
from medkd_core.imaging.study import FileList, FoundStudies, Instance, Refusal, Series, Study

Entry = Study | FileList | Refusal
"""What looking into a file gave."""

# Links may lead in a circle, or to a whole disk.
_LINK = "it is a link to another folder. Open that folder itself"
_NONE_IS_HERE = "it lists files, and none of them is here. Open the folder that holds them"


def find_studies(
    paths: Iterable[Path | str], progress: Callable[[int], None] | None = None
) -> FoundStudies:
    """Look into files, folders and ZIP files and sort what they hold.

    Folders are searched to the bottom, hidden files and folders left out and links to folders
    refused. A DICOMDIR stands for
    the files that it lists. No single file ends the search: it is refused with its reason.

    Parameters
    ----------
    paths : iterable of Path or str
    progress : callable, optional
        Called with the number of files looked into so far; what it raises ends the search.

    Returns
    -------
    FoundStudies
        Studies in the order they were met, series and instances by number.
    """
    search = Search(paths)
    while batch := search.next_files(1):
        search.take(batch[0], entry_or_refusal(batch[0]))
        if progress is not None:
            progress(search.count)
    return search.found()


def entry_or_refusal(path: Path) -> Entry:
    """What a file holds, or why it is not shown."""
    try:
        return read_entry(path)
    except UnreadableFileError as error:
        return Refusal.of(path, error)


def merged(studies: Iterable[Study]) -> tuple[Study, ...]:
    """Put the parts of each study together, as a search in steps gives them.

    Parameters
    ----------
    studies : iterable of Study
        Several may have one UID; an instance that two of them hold is kept once.

    Returns
    -------
    tuple of Study
        One for each UID, in the order they were met; series and instances by number.
    """
    parts_by_uid: dict[str, list[Study]] = {}
    for study in studies:
        parts_by_uid.setdefault(study.uid, []).append(study)
    return tuple(
        replace(parts[0], series=_merged_series(chain(*(part.series for part in parts))))
        for parts in parts_by_uid.values()
    )


class Search:
    """A search in progress: which files come next, and what was found in those before.

    It reads no file itself, so that they can be read elsewhere and several at a time.

    Attributes
    ----------
    count : int
        Files looked into so far.
    """

    def __init__(self, paths: Iterable[Path | str]) -> None:
        self.count = 0
        self._found: list[Study] = []
        self._refused: list[Refusal] = []
        self._told = (0, 0)
        self._seen: set[str] = set()
        self._listed: deque[Path] = deque()
        self._walked = (file for path in paths for file in _below(Path(path), self._refused))

    def next_files(self, most: int) -> tuple[Path, ...]:
        """Files to be looked into; none when there are no more at this moment."""
        return tuple(islice(self._unseen(), most))

    def take(self, path: Path, entry: Entry) -> None:
        """Note what a file holds."""
        self.count += 1
        if isinstance(entry, Study):
            self._found.append(entry)
        elif isinstance(entry, Refusal):
            self._refused.append(entry)
        else:
            self._listed.extendleft(reversed(entry.files))
            self._refused.extend(entry.refused)
            if not entry.files and not entry.refused:
                self._refused.append(Refusal(path, _NONE_IS_HERE))

    def found(self) -> FoundStudies:
        """Everything found so far."""
        return FoundStudies(merged(self._found), tuple(self._refused))

    def newly_found(self) -> FoundStudies:
        """What was found since this was last asked."""
        studies, refused = self._told
        self._told = len(self._found), len(self._refused)
        return FoundStudies(merged(self._found[studies:]), tuple(self._refused[refused:]))

    def _unseen(self) -> Iterator[Path]:
        while (path := self._next()) is not None:
            absolute = str(path.absolute())
            if absolute not in self._seen:
                self._seen.add(absolute)
                yield path

    def _next(self) -> Path | None:
        return self._listed.popleft() if self._listed else next(self._walked, None)


def _below(path: Path, refused: list[Refusal]) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        refused.append(Refusal(Path(error.filename), "the folder may not be read"))

    if not _is_folder(path):
        yield path
        return
    waiting = [path]
    while waiting:
        folder = waiting.pop()
        # One folder at a time: `os.walk` calls itself for those within, and they may be deep.
        for _, folders, files in islice(os.walk(folder, onerror=refuse), 1):
            yield from (folder / name for name in _in_sight(files))
            inner = [folder / name for name in _in_sight(folders)]
            refused.extend(Refusal(link, _LINK) for link in inner if link.is_symlink())
            waiting.extend(one for one in reversed(inner) if not one.is_symlink())


def _in_sight(names: Iterable[str]) -> list[str]:
    return sorted((name for name in names if not name.startswith(".")), key=natural)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a name too long for the system, for one; whoever reads it says so
        return False


def _merged_series(parts: Iterable[Series]) -> tuple[Series, ...]:
    groups: dict[str, list[Series]] = {}
    for part in parts:
        groups.setdefault(part.uid, []).append(part)
    merged_groups = [
        replace(same[0], instances=_in_order(i for part in same for i in part.instances))
        for same in groups.values()
    ]
    return tuple(sorted(merged_groups, key=lambda series: by_number(series.number, series.uid)))


def _in_order(instances: Iterable[Instance]) -> tuple[Instance, ...]:
    # By path and not by UID: a copy with a UID of its own original is still another file.
    once = {instance.path: instance for instance in instances}
    return tuple(sorted(once.values(), key=lambda one: by_number(one.number, str(one.path))))

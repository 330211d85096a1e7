"""Groups that were found before, kept in the user's cache by the tiles' content.

Nothing has to be declared stale by hand: other bytes in any tile, another order, or another version
of the search have another name. A cache that cannot be written costs time, never an error.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import platformdirs

from medkd_core.datasets.record import ImageDone
from medkd_core.datasets.tissue_groups.grouping import TissueGroups, find_tissue_groups
from medkd_core.jobs.code_digest import code_digest
from medkd_core.jobs.durable import write_durably

_CODE = ("imaging", "datasets/tissue_groups")
_LIBRARIES = ("numpy", "opencv-python-headless", "Pillow")
_NAMES = ("originals", "tissues")

_log = logging.getLogger(__name__)


def remembered_groups(
    paths: Sequence[Path], progress: ImageDone | None = None, *, skip_unreadable: bool = False
) -> TissueGroups:
    """As `find_tissue_groups`, but what was found once is not looked for again.

    Processes that ask for the same tiles at the same time wait for the one that came first.
    """
    entry = _folder() / f"{content_digest(paths)}.json"
    with _alone(entry, lambda: progress and progress(0, 2 * len(paths))):
        groups = _read(entry, len(paths))
        if groups is None:
            groups = find_tissue_groups(paths, progress, skip_unreadable=skip_unreadable)
            _keep(entry, groups)
    return groups


def content_digest(paths: Sequence[Path]) -> str:
    """SHA-256 of the files' contents in their order, and of the code that groups them.

    A file that cannot be opened counts as such; whoever decodes it says so.
    """
    digest = hashlib.sha256(code_digest(_CODE, _LIBRARIES).encode())
    for path in paths:
        try:
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        except OSError:
            digest.update(b"none")
    return digest.hexdigest()


def _folder() -> Path:
    return platformdirs.user_cache_path("medkd", appauthor=False) / "tissue_groups"


@contextmanager
def _alone(entry: Path, waiting: Callable[[], object]) -> Iterator[None]:
    """Let one process at a time look for the groups of the same tiles.

    `waiting` is called twice a second while another does; what it raises ends the waiting.
    """
    # Imported here: a reading room, which needs no groups, has no such library.
    from filelock import FileLock, Timeout

    lock = FileLock(entry.with_suffix(".lock"))
    try:
        entry.parent.mkdir(parents=True, exist_ok=True)
        while not lock.is_locked:
            try:
                lock.acquire(timeout=0.5)
            except Timeout:
                waiting()
    except (OSError, NotImplementedError) as error:
        # NotImplementedError is what a file system without locks gives.
        _log.warning("Groups of tiles are looked for without a lock: %s", error)
    try:
        yield
    finally:
        lock.release()


def _read(entry: Path, tiles: int) -> TissueGroups | None:
    try:
        kept = json.loads(entry.read_text())
        groups = TissueGroups(*(tuple(map(int, kept[name])) for name in _NAMES))
    except OSError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        _log.warning("Kept groups are damaged (%s): looked for again", type(error).__name__)
        return None
    return groups if len(groups.originals) == len(groups.tissues) == tiles else None


def _keep(entry: Path, groups: TissueGroups) -> None:
    try:
        write_durably(entry, json.dumps(asdict(groups)))
    except OSError as error:
        _log.warning("Groups of tiles are not kept: %s", error.strerror)

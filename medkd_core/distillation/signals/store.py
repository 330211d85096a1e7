"""The folder of all remembered rows, bounded in size."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import platformdirs

from medkd_core.distillation.signals.holding import unless_held
from medkd_core.distillation.signals.rows import (
    FACTS_FILE,
    ROWS_FILE,
    Contents,
    StoredRows,
    create_rows,
    mend_rows,
    told,
)
from medkd_core.errors import JobError

LIMIT_VARIABLE = "MEDKD_TEACHERS_GIB"
_LIMIT_GIB = 16.0
_GIB = 2**30
_REMOVED = ".removed"


class RowStore:
    """Rows of many jobs, each under the key of its contents; several processes may use one store.

    Rows that nobody uses make room for new ones, those first that were not used for longest.

    Parameters
    ----------
    root : Path, optional
        ``teachers`` in the user's cache when left out.
    limit_bytes : int, optional
        What all rows may take together; left out: the environment's ``MEDKD_TEACHERS_GIB``, else
        16 GiB.
    """

    def __init__(self, root: Path | None = None, limit_bytes: int | None = None) -> None:
        self.root = root or platformdirs.user_cache_path("medkd", appauthor=False) / "teachers"
        self._limit = _limit_of_environment() if limit_bytes is None else limit_bytes

    def open(self, wanted: Sequence[Contents]) -> list[StoredRows]:
        """Find or make the rows of a job; none of them is removed while the answer lives.

        Raises
        ------
        JobError
            The disk refuses or is too small, or the rows would pass the limit.
        """
        with told(self.root):
            self.root.mkdir(parents=True, exist_ok=True)
            there = {
                contents.key: self._opened(contents)
                for contents in wanted
                if (self.root / contents.key).exists()
            }
            absent = sum(
                there[contents.key].missing_bytes() if contents.key in there else contents.nbytes
                for contents in wanted
            )
            if absent:
                self._make_room(wanted, absent)
            return [there.get(contents.key) or self._opened(contents) for contents in wanted]

    def _opened(self, contents: Contents) -> StoredRows:
        folder = self.root / contents.key
        while True:
            if not folder.exists():
                # Another process may have been faster.
                try:
                    create_rows(folder, contents)
                except OSError:
                    if not folder.exists():
                        raise
            # Another process may be about to remove it.
            with suppress(FileNotFoundError):
                mend_rows(folder, contents)
                rows = StoredRows(folder, contents)
                if rows.is_held:
                    return rows

    def _make_room(self, wanted: Sequence[Contents], absent: int) -> None:
        for leftover in self.root.glob(f".*{_REMOVED}"):
            shutil.rmtree(leftover, ignore_errors=True)
        own = {contents.key for contents in wanted}
        needed = sum(contents.nbytes for contents in wanted)
        if needed > self._limit:
            raise self._too_large(needed)
        others = sorted(_used_last(folder) for folder in self._folders() if folder.name not in own)
        taken = needed + sum(size for _, size, _ in others)
        for _, size, folder in others:
            if taken > self._limit or self._free_bytes() < absent:
                taken -= size if _removed(folder) else 0
        if taken > self._limit:
            raise self._too_large(taken)
        if self._free_bytes() < absent:
            raise JobError(
                "Cannot remember the teachers' answers in",
                path=self.root,
                because=f"they take {absent / _GIB:.1f} GiB, and "
                f"{self._free_bytes() / _GIB:.1f} GiB are free",
                cure="Free some space, or leave distillation.remember out.",
            )

    def _folders(self) -> list[Path]:
        return [folder for folder in self.root.iterdir() if not folder.name.startswith(".")]

    def _free_bytes(self) -> int:
        return shutil.disk_usage(self.root).free

    def _too_large(self, needed: int) -> JobError:
        return JobError(
            "Cannot remember the teachers' answers in",
            path=self.root,
            because=f"those in use would take {needed / _GIB:.2f} GiB, of {self._limit / _GIB:.2f} "
            "GiB that may be used",
            cure=f"Set {LIMIT_VARIABLE} higher, or lower distillation.views.",
        )


def _limit_of_environment() -> int:
    text = os.environ.get(LIMIT_VARIABLE, str(_LIMIT_GIB))
    try:
        return int(float(text) * _GIB)
    except (ValueError, OverflowError):
        raise JobError(
            "Cannot remember the teachers' answers",
            because=f"{LIMIT_VARIABLE} is {text!r}, no number",
            cure="Set it to a number of GiB, or leave it out.",
        ) from None


def _used_last(folder: Path) -> tuple[float, int, Path]:
    """When a folder's rows were used last, their bytes, and the folder."""
    try:
        return (folder / FACTS_FILE).stat().st_mtime, (folder / ROWS_FILE).stat().st_size, folder
    except OSError:
        # No whole folder of ours: nothing is gained or lost by it.
        return 0.0, 0, folder


def _removed(folder: Path) -> bool:
    """Remove rows unless somebody uses them."""
    try:
        with unless_held(folder / FACTS_FILE) as free:
            if free:
                # Renamed first: a removal that is cut short leaves nothing that looks like rows.
                doomed = folder.with_name(f".{folder.name}{_REMOVED}")
                folder.rename(doomed)
                shutil.rmtree(doomed, ignore_errors=True)
            return free
    except OSError:
        return False

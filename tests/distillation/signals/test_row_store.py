"""Rows on the disk: whole or not there, whoever is killed, and never more than may be."""

import gc
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from medkd_core.distillation.signals.rows import (
    DONE_FILE,
    FACTS_FILE,
    ROWS_FILE,
    Contents,
    StoredRows,
    filling,
)
from medkd_core.distillation.signals.store import LIMIT_VARIABLE, RowStore
from medkd_core.errors import JobError, OperationCancelled

DTYPE = np.dtype([("number", "<i8")])
ROWS, BLOCK = 120, 10
SIZE = ROWS * DTYPE.itemsize

posix_only = pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals and limits")


def contents(name: str = "rows") -> Contents:
    return Contents({"name": name}, DTYPE, ROWS, BLOCK)


def numbers(block: range) -> np.ndarray:
    return np.array(block).astype(np.int64).view(DTYPE)


def fill(rows: StoredRows) -> None:
    with filling([rows], lambda: None):
        for block in rows.missing():
            rows.write(block, numbers(block))


def used(store: RowStore, name: str, at: float) -> None:
    """Rows that were used at a moment and are now used by nobody."""
    (rows,) = store.open([contents(name)])
    os.utime(rows.folder / FACTS_FILE, (at, at))


def names(store: RowStore) -> set[str]:
    gc.collect()
    text = "".join((folder / FACTS_FILE).read_text() for folder in store.root.iterdir())
    return {name for name in "abcd" if f'"name": "{name}"' in text}


def test_rows_are_missing_until_they_are_written_and_then_read_as_written(store: RowStore) -> None:
    (rows,) = store.open([contents()])
    assert rows.missing() == rows.contents.blocks()
    rows.write(range(20, 30), numbers(range(20, 30)))
    assert range(20, 30) not in rows.missing()
    fill(rows)
    assert rows.missing() == []
    assert np.array_equal(rows.mapped()["number"], np.arange(ROWS))
    assert not rows.mapped().flags.writeable


def test_last_block_may_be_shorter(store: RowStore) -> None:
    (rows,) = store.open([Contents({}, DTYPE, 25, BLOCK)])
    fill(rows)
    assert rows.contents.blocks()[-1] == range(20, 25)
    assert rows.mapped()["number"].tolist() == list(range(25))


@pytest.mark.parametrize("file", [ROWS_FILE, DONE_FILE])
def test_damaged_or_lost_file_costs_work_and_no_error(store: RowStore, file: str) -> None:
    for damage in (b"", b"nonsense", None):
        (rows,) = store.open([contents()])
        fill(rows)
        path = rows.folder / file
        path.unlink() if damage is None else path.write_bytes(damage)
        (again,) = store.open([contents()])
        assert len(again.missing()) == ROWS // BLOCK
        fill(again)
        assert np.array_equal(again.mapped()["number"], np.arange(ROWS))


def test_rows_used_longest_ago_make_room_first(tmp_path: Path) -> None:
    store = RowStore(tmp_path, limit_bytes=3 * SIZE)
    for moment, name in enumerate("bac", start=1):
        used(store, name, moment)
    store.open([contents("d")])
    assert names(store) == {"a", "c", "d"}


def test_rows_in_use_are_never_removed(tmp_path: Path) -> None:
    store = RowStore(tmp_path, limit_bytes=2 * SIZE)
    (held,) = store.open([contents("a")])
    os.utime(held.folder / FACTS_FILE, (1, 1))
    used(store, "b", 2)
    store.open([contents("c")])
    assert names(store) == {"a", "c"}
    with pytest.raises(JobError, match=f"Set {LIMIT_VARIABLE} higher"):
        RowStore(tmp_path, limit_bytes=SIZE).open([contents("c")])
    del held
    store = RowStore(tmp_path, limit_bytes=SIZE)
    store.open([contents("d")])
    assert names(store) == {"d"}


def test_rows_that_are_whole_may_be_used_whatever_the_limit(tmp_path: Path) -> None:
    (rows,) = RowStore(tmp_path).open([contents()])
    fill(rows)
    (again,) = RowStore(tmp_path, limit_bytes=1).open([contents()])
    assert again.missing() == []


def test_limit_comes_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LIMIT_VARIABLE, str(0.5 * SIZE / 2**30))
    with pytest.raises(JobError, match=r"would take 0.00 GiB.*lower distillation.views"):
        RowStore(tmp_path).open([contents()])
    monkeypatch.setenv(LIMIT_VARIABLE, "much")
    with pytest.raises(JobError, match="'much', no number"):
        RowStore(tmp_path)


def test_rows_larger_than_the_disk_are_refused_before_any_is_computed(tmp_path: Path) -> None:
    twice = 2 * shutil.disk_usage(tmp_path).free // DTYPE.itemsize
    vast = Contents({}, DTYPE, twice, twice)
    with pytest.raises(JobError, match=r"they take .* GiB, and .* GiB are free"):
        RowStore(tmp_path, limit_bytes=2**60).open([vast])
    assert not list(tmp_path.iterdir())


def test_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(JobError, match=r"Cannot remember .*file.teachers: Not a dir"):
        RowStore(tmp_path / "file" / "teachers").open([contents()])


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)


@posix_only
def test_full_disk_is_told_and_what_was_written_is_kept(store: RowStore) -> None:
    (rows,) = store.open([contents()])
    with (
        largest_file(SIZE // 2 + 5),
        pytest.raises(JobError, match=r"File too large\. Free some space"),
    ):
        fill(rows)
    missing = rows.missing()
    assert len(missing) == ROWS // BLOCK // 2
    fill(rows)
    assert np.array_equal(rows.mapped()["number"], np.arange(ROWS))


FILL = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from test_row_store import RowStore, contents, filling, numbers
(rows,) = RowStore(Path(sys.argv[2])).open([contents()])
with filling([rows], lambda: None):
    for block in rows.missing():
        rows.write(block, numbers(block))
        print(block.start, flush=True)
        time.sleep(float(sys.argv[3]))
"""


def filler(store: RowStore, pause: float) -> subprocess.Popen[str]:
    """A process that fills the rows; it prints the first row of each block that it has written."""
    arguments = [str(Path(__file__).parent), str(store.root), str(pause)]
    return subprocess.Popen(
        [sys.executable, "-c", FILL, *arguments], stdout=subprocess.PIPE, text=True
    )


@posix_only
@pytest.mark.slow
def test_killed_at_any_moment_rows_are_whole_and_go_on(store: RowStore) -> None:
    rng = random.Random(0)
    before = ROWS // BLOCK
    for _ in range(10):
        with filler(store, 0.02) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(rng.uniform(0, 0.15))
            process.kill()
            printed = process.stdout.read().split()
        (rows,) = store.open([contents()])
        left = [block.start for block in rows.missing()]
        assert not set(left) & {int(start) for start in printed}
        assert len(left) <= before
        before = len(left)
        written = set(range(0, ROWS, BLOCK)) - set(left)
        for start in written:
            assert rows.mapped()["number"][start : start + BLOCK].tolist() == [
                *range(start, start + BLOCK)
            ]
        if not left:
            break
    fill(rows)
    assert np.array_equal(rows.mapped()["number"], np.arange(ROWS))


@posix_only
def test_second_process_waits_for_the_first_and_writes_nothing_itself(store: RowStore) -> None:
    (rows,) = store.open([contents()])
    waited = []
    with filler(store, 0.1) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with filling([rows], lambda: waited.append(1)):
            missing = rows.missing()
        process.stdout.read()
    assert waited
    assert missing == []


@posix_only
def test_waiting_can_be_given_up(store: RowStore) -> None:
    def give_up() -> None:
        raise OperationCancelled

    (rows,) = store.open([contents()])
    with filler(store, 10) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(OperationCancelled), filling([rows], give_up):
            pass
        process.kill()
        process.stdout.read()

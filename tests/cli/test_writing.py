"""Files of a command are written together; when they cannot be, the cure fits the cause."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pytest

from medkd_core.cli.writing import remove_files, write_together
from medkd_core.errors import MedKDError

FILES = {"map.npy": np.zeros((2, 2), np.float32), "page.html": b"<p>"}


def refusal(folder: Path, files: dict[str, bytes] | None = None) -> str:
    with pytest.raises(MedKDError) as refused:
        write_together(folder, files or FILES)
    assert refused.value.path == folder
    return refused.value.cure


def test_all_files_are_there_and_nothing_else(tmp_path: Path) -> None:
    write_together(tmp_path / "new" / "folder", FILES)
    assert {file.name for file in (tmp_path / "new" / "folder").iterdir()} == set(FILES)


def test_a_file_where_a_folder_is_to_be_is_to_be_moved_away(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("mine")
    assert "Move away" in refusal(tmp_path / "taken")
    assert "Move away" in refusal(tmp_path / "taken" / "below")
    assert (tmp_path / "taken").read_text() == "mine"


def test_a_folder_where_a_file_is_to_be_is_to_be_moved_away(tmp_path: Path) -> None:
    (tmp_path / "page.html").mkdir()
    assert "Move away" in refusal(tmp_path, {"page.html": b"<p>"})


def test_nothing_is_replaced_or_removed_where_a_folder_is_in_the_way_of_one(tmp_path: Path) -> None:
    (tmp_path / "film.png").write_bytes(b"before")
    (tmp_path / "last.png").mkdir()
    with pytest.raises(MedKDError, match=r"last\.png is a folder there"):
        write_together(tmp_path, {"film.png": b"now", "last.png": b"now"}, ["film.png"])
    assert (tmp_path / "film.png").read_bytes() == b"before"
    assert {file.name for file in tmp_path.iterdir()} == {"film.png", "last.png"}


def test_what_is_to_go_is_gone_before_the_first_file_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.png", "list.json"):
        (tmp_path / name).write_bytes(b"before")

    def killed(self: Path, target: Path) -> Path:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        write_together(tmp_path, {"a.png": b"now", "list.json": b"now"}, ["list.json"])
    assert [file.name for file in tmp_path.iterdir()] == ["a.png"]


def test_what_cannot_be_removed_is_told_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "map.png").write_bytes(b"")
    remove_files(tmp_path, ["map.png", "not there.png"])
    assert not [*tmp_path.iterdir()]

    def denied(self: Path, missing_ok: bool = False) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "unlink", denied)
    with pytest.raises(MedKDError, match=r"Permission denied\. Choose a folder that you may"):
        remove_files(tmp_path, ["map.png"])


def test_what_a_killed_run_left_long_ago_is_swept_away(tmp_path: Path) -> None:
    old, new = tmp_path / ".medkd-old", tmp_path / ".medkd-new"
    for folder in (old, new):
        folder.mkdir()
        (folder / "film.png").write_bytes(b"")
    os.utime(old, (0, 0))
    write_together(tmp_path, FILES)
    assert {file.name for file in tmp_path.iterdir()} == {*FILES, new.name}


def test_a_name_that_is_too_long_is_to_be_shorter(tmp_path: Path) -> None:
    assert "shorter" in refusal(tmp_path / ("x" * 300))


@pytest.mark.skipif(not Path("/proc/version").exists(), reason="needs a folder nobody writes into")
def test_nobody_is_told_to_free_space_where_no_file_can_be(tmp_path: Path) -> None:
    assert "space" not in refusal(Path("/proc/medkd"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_space_is_to_be_freed_where_there_is_none(tmp_path: Path) -> None:
    assert "Free some space" in refusal(tmp_path, {"/dev/full": b"<p>"})
    assert not [*tmp_path.iterdir()]

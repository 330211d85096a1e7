"""``medkd explain`` into a folder that holds an earlier run's answers."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Medkd = Callable[..., Any]


def names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def test_maps_of_an_earlier_question_do_not_stay(
    medkd: Medkd, films: Path, small_bundle: Path, tmp_path: Path
) -> None:
    out = tmp_path / "maps"
    given = ("explain", films / "film.png", "--model", small_bundle, "-o", out)
    assert medkd(*given, "--class", "Normal").status == 0
    assert {"vgg19_bn.npy", "vgg19_bn.png"} <= names(out)
    assert medkd(*given, "--class", "COVID-19", "--network", "vgg19").status == 0
    of_film = {"film.png", "vgg19.npy", "vgg19.png", "explanation.json"}
    assert names(out) == {*of_film, "index.html", "maps.csv"}


def test_a_film_that_fails_keeps_nothing_of_an_earlier_run(
    medkd: Medkd,
    films: Path,
    small_bundle: Path,
    broken: Callable[[str], Path],
    tmp_path: Path,
) -> None:
    out = tmp_path / "maps"
    given = ("explain", films, "--network", "vgg19_bn", "-o", out)
    assert medkd(*given, "--model", small_bundle).status == 0
    (out / "film.png" / "notes.txt").write_text("mine")
    assert medkd(*given, "--model", broken("vgg19_bn")).status == 1
    assert names(out / "film.png") == {"notes.txt"}
    assert not names(out / "film.dcm")


def test_a_run_killed_while_it_replaces_files_leaves_nothing_that_counts_as_finished(
    medkd: Medkd,
    films: Path,
    small_bundle: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    heeded_interrupts: None,
) -> None:
    out = tmp_path / "maps"
    given = ("explain", films / "film.png", "--model", small_bundle, "--network", "vgg19")
    normal, covid = (
        (*given, "--class", class_name, "-o", out) for class_name in ("Normal", "COVID-19")
    )
    assert medkd(*normal).status == 0
    of_normal = (out / "vgg19.npy").read_bytes()
    put_in_place = Path.replace

    def killed(self: Path, target: Path) -> Path:
        if target.name == "vgg19.png":
            raise KeyboardInterrupt
        return put_in_place(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", killed)
        assert medkd(*covid).status == 130
    assert not (out / "explanation.json").exists()
    assert (out / "vgg19.npy").read_bytes() != of_normal
    assert medkd(*normal).status == 0
    assert (out / "vgg19.npy").read_bytes() == of_normal


def test_a_torn_map_is_made_again(
    medkd: Medkd, films: Path, small_bundle: Path, tmp_path: Path
) -> None:
    out = tmp_path / "maps"
    given = ("explain", films / "film.png", "--model", small_bundle, "--network", "vgg19")
    assert medkd(*given, "-o", out).status == 0
    (out / "vgg19.npy").write_bytes(b"\x93N")
    assert medkd(*given, "-o", out).status == 0
    assert np.load(out / "vgg19.npy").shape == (128, 128)


def test_films_that_were_moved_are_named_where_they_are(
    medkd: Medkd, films: Path, small_bundle: Path, tmp_path: Path
) -> None:
    out, moved = tmp_path / "maps", tmp_path / "moved"
    given = ("--model", small_bundle, "--network", "vgg19", "-o", out)
    assert medkd("explain", films, *given).status == 0
    before = (out / "film.png" / "vgg19.npy").stat().st_mtime_ns
    films.rename(moved)
    assert medkd("explain", moved, *given).status == 0
    assert (out / "film.png" / "vgg19.npy").stat().st_mtime_ns == before
    document = json.loads((out / "film.png" / "explanation.json").read_text())
    assert document["file"] == str(moved / "film.png")
    page = (out / "index.html").read_text()
    assert str(moved / "film.png") in page
    assert str(films) not in page


@pytest.mark.skipif(sys.platform != "linux", reason="such names are not allowed elsewhere")
def test_a_film_whose_name_is_no_unicode_is_not_asked_again(
    medkd: Medkd, films: Path, small_bundle: Path, tmp_path: Path
) -> None:
    odd, out = films / os.fsdecode(b"fi\xfflm.png"), tmp_path / "maps"
    (films / "film.png").rename(odd)
    given = ("explain", odd, "--model", small_bundle, "--network", "vgg19", "-o", out)
    assert medkd(*given).status == 0
    before = (out / "explanation.json").stat().st_mtime_ns
    assert medkd(*given).status == 0
    assert (out / "explanation.json").stat().st_mtime_ns == before

"""Names that a terminal, a disk or JSON may stumble over, and places that cannot be written."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from medkd_core.datasets.phantom import draw_phantom
from medkd_core.datasets.phantom_files import write_png

Medkd = Callable[..., Any]

TOO_LONG = "a" * 300


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "film.png"
    write_png(path, draw_phantom(4, "Normal", 64))
    return path


@pytest.mark.parametrize("name", ["[red].png", "out[/b].png", ":smile:.png"])
def test_a_name_that_looks_like_markup_is_told_as_it_is(
    medkd: Medkd, film: Path, name: str
) -> None:
    done = medkd("render", film, "-o", film.parent / name)
    assert done.status == 0, done.errors
    assert name in done.output


def test_a_film_is_never_written_over_by_its_own_picture(medkd: Medkd, film: Path) -> None:
    before = film.read_bytes()
    done = medkd("render", film, "-o", film.parent / "." / film.name)
    assert done.status == 1
    assert "film itself" in done.errors
    assert film.read_bytes() == before


@pytest.mark.skipif(os.name == "nt", reason="names are Unicode there")
def test_a_name_that_is_no_unicode_goes_through_json_and_back(medkd: Medkd, film: Path) -> None:
    odd = Path(os.fsdecode(os.fsencode(film.parent) + b"/bad\xff.png"))
    film.rename(odd)
    done = medkd("open", odd, "--json")
    assert done.status == 0, done.errors
    path = done.document["studies"][0]["series"][0]["instances"][0]["path"]
    assert os.fsencode(path) == os.fsencode(odd)


@pytest.mark.parametrize(
    "arguments",
    [
        ("open", TOO_LONG),
        ("render", TOO_LONG, "-o", "out.png"),
        ("verify", TOO_LONG),
        ("jobs", "show", TOO_LONG),
    ],
)
def test_a_name_too_long_for_the_system_costs_one_sentence(
    medkd: Medkd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    done = medkd(*arguments)
    assert done.status == 1
    assert TOO_LONG in done.errors
    assert "unexpectedly" not in done.errors


@pytest.mark.parametrize(
    "arguments",
    [
        ("explain", "film.png", "-o", "taken"),
        ("evaluate", "--data", "spec.toml", "-o", "taken"),
        ("recipe", "quick-look", "-o", "taken"),
    ],
)
def test_a_file_where_a_folder_is_to_be_is_named_before_any_work(
    medkd: Medkd, film: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.chdir(film.parent)
    Path("taken").write_text("mine")
    done = medkd(*arguments)
    assert done.status == 1
    assert "Cannot write into taken" in done.errors
    assert Path("taken").read_text() == "mine"


def test_a_log_that_cannot_be_written_stops_nothing(
    medkd: Medkd, film: Path, tmp_path: Path
) -> None:
    (tmp_path / "home" / "xdg_state_home" / "medkd" / "log" / "medkd.log").mkdir(parents=True)
    assert medkd("open", film).status == 0


def test_explaining_leaves_ascii_json_and_asks_each_network_once(
    medkd: Medkd, film: Path, small_bundle: Path, tmp_path: Path
) -> None:
    twice = ("--network", "vgg19", "--network", "vgg19")
    done = medkd("explain", film, "--model", small_bundle, *twice, "-o", tmp_path / "maps")
    assert done.status == 0, done.errors
    document = json.loads((tmp_path / "maps" / "explanation.json").read_text("ascii"))
    assert [entry["network"] for entry in document["networks"]] == ["vgg19"]


@pytest.mark.skipif(os.name == "nt", reason="such names are not allowed there")
def test_a_name_that_steers_the_terminal_is_spelled_on_one_line(medkd: Medkd, film: Path) -> None:
    odd = film.rename(film.parent / "two\nlines\x1b[31m.png")
    opened, refused = medkd("open", odd), medkd("open", odd.with_name("no\n\x1b[31m.png"))
    assert "two\\nlines\\x1b[31m.png: 64 x 64" in opened.output
    assert "no\\n\\x1b[31m.png: there is no such file" in refused.errors
    assert "\x1b" not in opened.output + refused.errors


def test_a_folder_without_files_is_told_as_such(medkd: Medkd, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    done = medkd("open", empty)
    assert done.status == 1
    assert f"Cannot open {empty}: no file is in it. Name a folder" in done.errors

"""``medkd explain`` goes on after a film or a network that fails, and says so everywhere."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from medkd_core.cli import console, explaining

Medkd = Callable[..., Any]
Calls = list[tuple[int, int]]


def rows(out: Path) -> list[dict[str, str]]:
    with (out / "maps.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def progress(monkeypatch: pytest.MonkeyPatch) -> Calls:
    """What the bar of the command is told."""
    calls: Calls = []

    @contextmanager
    def recorded(text: str) -> Iterator[Callable[[int, int], None]]:
        yield lambda done, total: calls.append((done, total))

    monkeypatch.setattr(explaining, "progress_bar", recorded)
    return calls


def test_films_inside_the_output_folder_are_refused_in_a_sentence(
    medkd: Medkd, films: Path, small_bundle: Path
) -> None:
    done = medkd("explain", films, "--model", small_bundle, "-o", films.parent)
    assert done.status == 1
    assert "the films are in it. Name another folder" in done.errors


def test_films_in_an_output_folder_among_the_films_are_named(
    medkd: Medkd, films: Path, small_bundle: Path
) -> None:
    out = films / "maps"
    out.mkdir()
    (films / "film.png").rename(out / "mine.png")
    given = ("--model", small_bundle, "--network", "vgg19", "-o", out)
    for _ in range(2):
        done = medkd("explain", films, *given)
        assert done.status == 0, done.errors
        assert "mine.png: it lies in the folder that is written into" in done.errors
        assert len(rows(out)) == 1


@pytest.mark.parametrize("name", ["film.png", "vgg19.png"])
def test_a_film_is_never_written_over_by_its_own_picture(
    medkd: Medkd, films: Path, small_bundle: Path, name: str
) -> None:
    film = (films / "film.png").rename(films / name)
    before = film.read_bytes()
    done = medkd("explain", film, "--model", small_bundle, "-o", films)
    assert done.status == 1
    assert f"{name} of it is the film itself" in done.errors
    assert film.read_bytes() == before


def test_a_film_that_cannot_be_written_or_decoded_takes_nothing_from_the_others(
    medkd: Medkd, films: Path, small_bundle: Path, tmp_path: Path
) -> None:
    out = tmp_path / "maps"
    (out / "film.dcm" / "vgg19.png").mkdir(parents=True)
    whole = (films / "film.dcm").read_bytes()
    (films / "a torn.dcm").write_bytes(whole[: len(whole) - 9000])
    done = medkd("explain", films, "--model", small_bundle, "--network", "vgg19", "-o", out)
    assert done.status == 1
    assert "film.dcm: vgg19.png is a folder there. Move away" in done.errors
    assert "a torn.dcm: " in done.errors
    assert not (out / "film.dcm" / "film.png").exists()
    assert (out / "film.png" / "vgg19.npy").is_file()
    failures = {Path(row["file"]).name: row["failure"] for row in rows(out)}
    assert not failures.pop("film.png")
    assert set(failures) == {"film.dcm", "a torn.dcm"}
    assert all(failures.values())
    page = (out / "index.html").read_text()
    assert "vgg19.png is a folder there" in page
    assert "Films that could not be explained: 2." in page


def test_a_layer_that_is_not_there_takes_no_map_from_the_other_network(
    medkd: Medkd, films: Path, without_layer: Path, tmp_path: Path
) -> None:
    out = tmp_path / "maps"
    given = ("--model", without_layer, "--method", "grad-cam", "-o", out)
    done = medkd("explain", films, *given)
    assert done.status == 1
    assert "VGG-19-BN: there is no layer of that name" in done.errors
    assert (out / "film.png" / "vgg19.npy").is_file()
    assert [bool(row["failure"]) for row in rows(out)] == 2 * [False, True]


def test_a_stopped_run_leaves_the_page_of_what_was_done(
    medkd: Medkd,
    films: Path,
    small_bundle: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    heeded_interrupts: None,
) -> None:
    out = tmp_path / "maps"
    of_one = explaining.explain_into

    def stopped(folder: Path, *given: Any) -> Any:
        if folder.name == "film.png":
            raise KeyboardInterrupt
        return of_one(folder, *given)

    monkeypatch.setattr(explaining, "explain_into", stopped)
    done = medkd("explain", films, "--model", small_bundle, "--network", "vgg19", "-o", out)
    assert done.status == 130
    assert [Path(row["file"]).name for row in rows(out)] == ["film.dcm"]
    page = (out / "index.html").read_text()
    assert "Stopped: films that were not asked about any more: 1." in page


def test_films_of_one_name_are_not_measured_against_each_others_findings(
    medkd: Medkd, films: Path, small_bundle: Path, tmp_path: Path
) -> None:
    masks, out = tmp_path / "masks", tmp_path / "maps"
    for folder in ("a", "b", "c"):
        (films / folder).mkdir()
        (films / folder / "f.png").write_bytes((films / "film.png").read_bytes())
    (masks / "a").mkdir(parents=True)
    for name in ("a/f.png", "f.png"):
        Image.fromarray(np.tri(128, dtype=np.uint8) * 255).save(masks / name)
    given = ("--model", small_bundle, "--network", "vgg19", "--masks", masks, "-o", out)
    done = medkd("explain", films / "a", films / "b", films / "c", *given)
    assert done.status == 0, done.errors
    assert "fits other films as well" in done.errors
    done = medkd("explain", films, *given)
    measured = {Path(row["file"]).parent.name: row["finding_mass_accuracy"] for row in rows(out)}
    assert [bool(measured[folder]) for folder in ("a", "b", "c")] == [True, False, False]
    assert done.errors.count("fits other films as well") == 2


def test_the_bar_reaches_its_end(
    medkd: Medkd, films: Path, small_bundle: Path, tmp_path: Path, progress: Calls
) -> None:
    given = ("--model", small_bundle, "--network", "vgg19", "-o", tmp_path / "maps")
    assert medkd("explain", films, *given).status == 0
    assert progress[0] == (0, 2)
    assert progress[-1] == (2, 2)


def test_the_bar_of_one_film_says_that_measuring_takes_nobody_knows_how_long(
    medkd: Medkd, films: Path, small_bundle: Path, tmp_path: Path, progress: Calls
) -> None:
    given = ("--model", small_bundle, "--network", "vgg19", "--preview", "-o", tmp_path / "maps")
    assert medkd("explain", films / "film.png", *given, "--measure").status == 0
    done, total = progress[-2]
    assert done == total > 0
    assert progress[-1] == (0, 0)


def test_a_total_that_is_not_known_any_more_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(console, "errors", Console(file=screen, force_terminal=True, width=80))
    with console.progress_bar("Explaining") as update:
        update(3, 3)
        update(0, 0)
    assert screen.getvalue().rstrip().count("0/?")


def test_what_is_said_of_one_film_is_one_line(
    medkd: Medkd, films: Path, small_bundle: Path, tmp_path: Path
) -> None:
    Image.fromarray(np.full((64, 64), 90, np.uint8)).save(films / "grey.png")
    given = ("--model", small_bundle, "--network", "vgg19_bn", "-o", tmp_path / "maps")
    done = medkd("explain", films / "grey.png", *given)
    assert done.status == 0, done.errors
    (line,) = (line for line in done.output.splitlines() if "no map" in line)
    assert line.endswith(" s)")
    assert len(line) > 80


def test_a_method_that_knows_no_class_is_labelled_so(
    medkd: Medkd, films: Path, small_bundle: Path, tmp_path: Path
) -> None:
    out = tmp_path / "maps"
    given = ("--model", small_bundle, "--network", "vgg19", "--method", "eigen-cam", "-o", out)
    done = medkd("explain", films, *given)
    assert done.status == 0, done.errors
    remark = "Eigen-CAM: The main pattern of the activations, whatever was asked"
    page = (out / "index.html").read_text()
    assert remark in done.output
    assert remark in page
    assert page.count("the map is the same for every class") == 2
    assert {(row["method"], row["class_dependent"]) for row in rows(out)} == {
        ("eigen-cam", "False")
    }

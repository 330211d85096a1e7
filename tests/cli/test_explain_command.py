"""``medkd explain``: maps, pictures and numbers, a page and a table, whatever films come."""

from __future__ import annotations

import csv
import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from medkd_core.datasets.phantom import draw_phantom
from medkd_core.datasets.phantom_files import write_png
from resources import DEMO_BUNDLE

Medkd = Callable[..., Any]

needs_demo = pytest.mark.skipif(not DEMO_BUNDLE.is_dir(), reason="the demo was not built yet")


@needs_demo
def test_explain_writes_a_map_a_picture_and_the_numbers_for_each_network(
    medkd: Medkd, films: Path, tmp_path: Path
) -> None:
    out = tmp_path / "maps"
    done = medkd("explain", films / "film.dcm", "--preview", "-o", out)
    assert done.status == 0, done.errors
    document = json.loads((out / "explanation.json").read_text())
    assert len(document["networks"]) == 4
    for entry in document["networks"]:
        overlay = np.load(out / f"{entry['network']}.npy")
        assert overlay.dtype == np.float32
        assert overlay.shape == (160, 160)
        assert entry["forwards"] <= 32
        assert (out / f"{entry['network']}.png").is_file()
    assert not [path for path in out.iterdir() if path.name.startswith(".")]


@needs_demo
def test_explain_of_a_class_that_is_not_there_names_the_classes(
    medkd: Medkd, films: Path, tmp_path: Path
) -> None:
    done = medkd("explain", films / "film.dcm", "--class", "fracture", "-o", tmp_path / "maps")
    assert done.status == 1
    assert "COVID-19" in done.errors
    assert not (tmp_path / "maps").exists()


def test_explaining_a_folder_leaves_a_page_a_table_and_a_folder_a_film(
    medkd: Medkd, films: Path, small_bundle: Path, tmp_path: Path
) -> None:
    out = tmp_path / "maps"
    done = medkd("explain", films, "--model", small_bundle, "-o", out)
    assert done.status == 0, done.errors
    assert "notes.txt" in done.errors
    page = (out / "index.html").read_text()
    assert "Research use only" in page
    with (out / "maps.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {(Path(row["file"]).name, row["network"]) for row in rows} == {
        (film, network) for film in ("film.dcm", "film.png") for network in ("vgg19", "vgg19_bn")
    }
    for film in ("film.dcm", "film.png"):
        assert f"{film}/vgg19.png" in page
        assert (out / film / "vgg19.npy").is_file()


def test_films_that_were_explained_already_are_not_asked_again(
    medkd: Medkd, films: Path, small_bundle: Path, tmp_path: Path
) -> None:
    arguments = ("explain", films, "--model", small_bundle, "-o", tmp_path / "maps")
    assert medkd(*arguments).status == 0
    kept = tmp_path / "maps" / "film.png" / "explanation.json"
    other = tmp_path / "maps" / "film.dcm" / "explanation.json"
    other.write_text("torn")
    before = kept.stat().st_mtime_ns
    assert medkd(*arguments).status == 0
    assert kept.stat().st_mtime_ns == before
    assert json.loads(other.read_text())["networks"]
    assert medkd(*arguments, "--class", "normal").status == 0
    assert json.loads(kept.read_text())["class"] == "Normal"


def test_what_is_seen_under_a_mask_changes_the_map_and_is_said(
    medkd: Medkd, films: Path, small_bundle: Path, tmp_path: Path
) -> None:
    maps = {}
    for name in ("mean", "black"):
        out = tmp_path / name
        arguments = ("explain", films / "film.png", "--model", small_bundle, "-o", out)
        assert medkd(*arguments, "--class", "normal", "--baseline", name).status == 0
        assert json.loads((out / "explanation.json").read_text())["baseline"] == name
        assert f"seen under a mask: {name}" in (out / "index.html").read_text()
        maps[name] = np.load(out / "vgg19.npy")
    assert not np.array_equal(maps["mean"], maps["black"])


def test_measured_maps_stand_beside_maps_that_know_nothing(
    medkd: Medkd, films: Path, small_bundle: Path, tmp_path: Path
) -> None:
    masks = tmp_path / "masks"
    masks.mkdir()
    marked = np.zeros((128, 128), np.uint8)
    marked[30:70, 20:50] = 255
    Image.fromarray(marked).save(masks / "film.png")
    out = tmp_path / "maps"
    given = ("--measure", "--masks", masks, "--lungs", masks, "--network", "vgg19_bn")
    done = medkd("explain", films / "film.png", "--model", small_bundle, *given, "-o", out)
    assert done.status == 0, done.errors
    measures = json.loads((out / "explanation.json").read_text())["networks"][0]["measures"]
    by_name = {measure["name"]: measure for measure in measures}
    assert {"deletion", "road", "adcc", "finding_mass_accuracy", "lungs_mass"} <= set(by_name)
    for name in ("deletion", "finding_mass_accuracy", "lungs_mass"):
        assert all(by_name[name][of] is not None for of in ("value", "random", "centre"))
    assert "Deletion area" in (out / "index.html").read_text()


@pytest.mark.parametrize(
    ("option", "value", "known"),
    [("--dialect", "tea leaves", "grad-cam"), ("--baseline", "pink", "blurred")],
)
def test_unknown_methods_and_baselines_are_refused_with_the_known_ones(
    medkd: Medkd, films: Path, tmp_path: Path, option: str, value: str, known: str
) -> None:
    done = medkd("explain", films, option, value, "-o", tmp_path / "maps")
    assert done.status == 1
    assert known in done.errors
    assert not (tmp_path / "maps").exists()


def test_masks_that_are_no_folder_are_refused_before_any_work(
    medkd: Medkd, films: Path, tmp_path: Path
) -> None:
    done = medkd("explain", films, "--masks", films / "film.png", "-o", tmp_path / "maps")
    assert done.status == 1
    assert "it is no folder" in done.errors


def test_films_with_and_without_masks_are_measured_by_name(
    medkd: Medkd, films: Path, small_bundle: Path, tmp_path: Path
) -> None:
    write_png(films / "other.png", draw_phantom(5, "Normal", 128))
    findings, lungs = tmp_path / "findings", tmp_path / "lungs"
    for folder, names in ((findings, ("other",)), (lungs, ("film", "other"))):
        folder.mkdir()
        for name in names:
            Image.fromarray(np.tri(128, dtype=np.uint8) * 255).save(folder / f"{name}.png")
    (findings / "film.png").write_bytes(b"torn")
    given = ("--masks", findings, "--lungs", lungs, "--network", "vgg19_bn")
    out = tmp_path / "maps"
    done = medkd("explain", films, "--model", small_bundle, *given, "-o", out)
    assert done.status == 0, done.errors
    assert f"{findings / 'film.png'}: it is no picture" in done.errors
    with (out / "maps.csv").open(newline="") as file:
        rows = {Path(row["file"]).name: row for row in csv.DictReader(file)}
    assert rows["other.png"]["finding_mass_accuracy"]
    assert not rows["film.png"]["finding_mass_accuracy"]
    assert rows["film.png"]["lungs_mass"]


def test_pictures_of_an_earlier_run_are_no_films(
    medkd: Medkd, films: Path, small_bundle: Path
) -> None:
    given = ("explain", films, "--model", small_bundle, "--network", "vgg19", "-o", films / "maps")
    assert medkd(*given).status == 0
    kept = films / "maps" / "film.png" / "vgg19.png"
    kept.unlink()
    assert medkd(*given).status == 0
    assert kept.is_file()
    with (films / "maps" / "maps.csv").open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 2
    done = medkd("explain", films, "--model", small_bundle, "-o", films)
    assert done.status == 1
    assert "the films are in it" in done.errors


@pytest.mark.skipif(sys.platform != "linux", reason="such names are not allowed elsewhere")
def test_a_film_whose_name_is_no_unicode_is_on_the_page(
    medkd: Medkd, films: Path, small_bundle: Path, tmp_path: Path
) -> None:
    odd = films / os.fsdecode(b"fi\xfflm <b>.png")
    (films / "film.png").rename(odd)
    given = ("--model", small_bundle, "--network", "vgg19", "-o", tmp_path / "maps")
    assert medkd("explain", films, *given).status == 0
    page = (tmp_path / "maps" / "index.html").read_text()
    assert "fi%FFlm%20%3Cb%3E.png/vgg19.png" in page
    assert "<b>" not in page


def test_a_film_called_like_the_page_takes_no_place_of_it(
    medkd: Medkd, films: Path, small_bundle: Path, tmp_path: Path
) -> None:
    (films / "film.png").rename(films / "index.html")
    out = tmp_path / "maps"
    given = ("--model", small_bundle, "--network", "vgg19", "-o", out)
    assert medkd("explain", films, *given).status == 0
    assert (out / "index.html").is_file()
    assert (out / "index.html (2)" / "vgg19.png").is_file()


def test_a_broken_network_takes_no_map_from_the_others(
    medkd: Medkd, films: Path, small_bundle: Path, broken: Callable[[str], Path], tmp_path: Path
) -> None:
    out = tmp_path / "maps"
    assert medkd("explain", films, "--model", small_bundle, "-o", out).status == 0
    done = medkd("explain", films, "--model", broken("vgg19_bn"), "-o", out)
    assert done.status == 1
    assert "film.png: VGG-19-BN: the network answers with values that are not finite" in done.errors
    assert "Model: small" in done.output
    document = json.loads((out / "film.png" / "explanation.json").read_text())
    assert [entry["network"] for entry in document["networks"]] == ["vgg19"]
    (failed,) = document["failed"]
    assert failed["network"] == "vgg19_bn"
    assert (out / "film.png" / "vgg19.png").is_file()
    assert not (out / "film.png" / "vgg19_bn.png").exists()
    assert not (out / "film.png" / "vgg19_bn.npy").exists()
    assert "Not explained: the network answers with values" in (out / "index.html").read_text()
    with (out / "maps.csv").open(newline="") as file:
        rows = [(row["network"], bool(row["failure"])) for row in csv.DictReader(file)]
    assert rows == 2 * [("vgg19", False), ("vgg19_bn", True)]


def test_a_film_that_no_network_can_explain_is_named_with_the_reason(
    medkd: Medkd, films: Path, broken: Callable[[str], Path], tmp_path: Path
) -> None:
    out = tmp_path / "maps"
    given = ("--model", broken("vgg19_bn"), "--network", "vgg19_bn", "-o", out)
    for asked, count in ((films, 2), (films / "film.png", 1)):
        done = medkd("explain", asked, *given)
        assert done.status == 1
        assert "film.png: the network answers with values that are not finite" in done.errors
        page = (out / "index.html").read_text()
        assert page.count("Not explained: the network answers with values") == count
        assert f"Films that could not be explained: {count}." in page
        with (out / "maps.csv").open(newline="") as file:
            failures = [row["failure"] for row in csv.DictReader(file)]
        assert len(failures) == count
        assert all("not finite" in failure for failure in failures)


def test_a_student_without_an_answer_leaves_the_class_to_be_named(
    medkd: Medkd, films: Path, broken: Callable[[str], Path], tmp_path: Path
) -> None:
    given = ("explain", films / "film.png", "--model", broken("vgg19"), "-o", tmp_path / "maps")
    done = medkd(*given)
    assert done.status == 1
    assert "Name the class with --class." in done.errors
    assert medkd(*given, "--class", "Normal").status == 1
    assert (tmp_path / "maps" / "vgg19_bn.png").is_file()


def test_a_network_that_failed_is_asked_again_the_next_time(
    medkd: Medkd, films: Path, broken: Callable[[str], Path], tmp_path: Path
) -> None:
    given = ("explain", films, "--model", broken("vgg19_bn"), "-o", tmp_path / "maps")
    document = tmp_path / "maps" / "film.png" / "explanation.json"
    assert medkd(*given).status == 1
    before = document.stat().st_mtime_ns
    assert medkd(*given).status == 1
    assert document.stat().st_mtime_ns != before


def test_page_and_terminal_hold_agreement_against_maps_that_share_nothing(
    medkd: Medkd, films: Path, small_bundle: Path, tmp_path: Path
) -> None:
    out = tmp_path / "maps"
    done = medkd("explain", films, "--model", small_bundle, "-o", out)
    page = (out / "index.html").read_text()
    row = re.search(r"<tr><td>VGG-19-BN</td>(.*?)</tr>", page)
    assert row is not None
    cells = re.findall(r"<td>([^<]*)</td>", row[1])
    like_first, other_films, random = (float(cell.replace("−", "-")) for cell in cells[-3:])
    shown = next(line for line in done.output.splitlines() if "VGG-19-BN" in line)
    of_terminal = [float(cell) for cell in shown.split()[-3:]]
    assert of_terminal == pytest.approx([like_first, other_films, random], abs=0.006)
    assert page.count("… of different films") == page.count("… of random maps") == 2

"""Reading from the command line, with the embedded demo and with rubbish."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread
from pydicom.uid import BasicTextSRStorage

from medkd_core.datasets.phantom import draw_phantom
from medkd_core.datasets.phantom_dicom import write_dicom_study
from medkd_core.datasets.phantom_files import write_png
from resources import DEMO_BUNDLE

Medkd = Callable[..., Any]

needs_demo = pytest.mark.skipif(not DEMO_BUNDLE.is_dir(), reason="the demo was not built yet")


@pytest.fixture
def films(tmp_path: Path) -> Path:
    folder = tmp_path / "films"
    folder.mkdir()
    write_dicom_study(folder / "film.dcm", draw_phantom(3, "COVID-19", 160))
    write_png(folder / "film.png", draw_phantom(4, "Normal", 128))
    (folder / "notes.txt").write_text("not a picture")
    return folder


def test_open_lists_what_is_shown_and_what_is_refused(medkd: Medkd, films: Path) -> None:
    done = medkd("open", films, "--json")
    assert done.status == 0
    assert len(done.document["studies"]) == 2
    (refused,) = done.document["refused"]
    assert refused["path"].endswith("notes.txt")


def test_open_of_nothing_but_rubbish_fails(medkd: Medkd, films: Path) -> None:
    assert medkd("open", films / "notes.txt").status == 1


def test_open_lists_objects_without_a_picture_by_their_kind(medkd: Medkd, tmp_path: Path) -> None:
    write_dicom_study(tmp_path / "report.dcm", draw_phantom(3, "COVID-19", 64))
    report = dcmread(tmp_path / "report.dcm")
    del report.PixelData
    report.SOPClassUID = report.file_meta.MediaStorageSOPClassUID = BasicTextSRStorage
    report.save_as(tmp_path / "report.dcm")
    done = medkd("open", tmp_path / "report.dcm")
    assert done.status == 0
    assert "report.dcm: no picture: Basic Text SR" in done.output
    listed = medkd("open", tmp_path / "report.dcm", "--json").document
    (instance,) = listed["studies"][0]["series"][0]["instances"]
    assert (instance["frames"], instance["kind"]) == (0, "Basic Text SR")
    refused = medkd("render", tmp_path / "report.dcm", "-o", tmp_path / "film.png")
    assert refused.status == 1
    assert "it holds no picture (Basic Text SR)" in refused.errors


def test_films_in_a_zip_are_opened_and_rendered(medkd: Medkd, films: Path, tmp_path: Path) -> None:
    packed = Path(shutil.make_archive(str(tmp_path / "study"), "zip", films))
    done = medkd("open", packed, "--json")
    assert done.status == 0
    assert len(done.document["studies"]) == 2
    assert done.document["refused"][0]["path"] == str(packed / "notes.txt")
    assert medkd("render", packed / "film.dcm", "-o", tmp_path / "film.png").status == 0


def test_render_writes_the_display_chain_as_numbers_and_as_a_picture(
    medkd: Medkd, films: Path, tmp_path: Path
) -> None:
    assert medkd("render", films / "film.dcm", "-o", tmp_path / "film.npy").status == 0
    assert medkd("render", films / "film.dcm", "-o", tmp_path / "film.png").status == 0
    shown = np.load(tmp_path / "film.npy")
    assert shown.dtype == np.float32
    assert shown.shape == (160, 160)
    assert 0 <= shown.min() < shown.max() <= 1
    with Image.open(tmp_path / "film.png") as picture:
        assert "Research use only" in picture.info["Comment"]
        assert np.abs(np.asarray(picture) / 255 - shown).max() <= 0.51 / 255


def test_render_with_a_window_the_file_does_not_have_names_those_it_has(
    medkd: Medkd, films: Path, tmp_path: Path
) -> None:
    done = medkd("render", films / "film.dcm", "--window", "liver", "-o", tmp_path / "film.png")
    assert done.status == 1
    assert "HARDER" in done.errors
    assert not (tmp_path / "film.png").exists()


@needs_demo
def test_predict_gives_one_document_with_probabilities(medkd: Medkd, films: Path) -> None:
    done = medkd("predict", films, "--json")
    assert done.status == 0
    assert done.document["model"]["demo"] is True
    assert "Research use only" in done.document["research_use_only"]
    assert len(done.document["images"]) == 2
    for image in done.document["images"]:
        assert sum(image["probabilities"].values()) == pytest.approx(1, abs=1e-4)
    assert [refusal["path"] for refusal in done.document["refused"]] == [str(films / "notes.txt")]


@needs_demo
def test_predict_for_a_person_says_that_the_demo_answered(medkd: Medkd, films: Path) -> None:
    done = medkd("predict", films / "film.dcm")
    assert "demo" in done.output
    assert "Research use only" in done.output


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


@needs_demo
def test_verify_passes_the_demo_and_names_the_file_that_was_altered(
    medkd: Medkd, tmp_path: Path
) -> None:
    assert medkd("verify", DEMO_BUNDLE).status == 0
    altered = tmp_path / "bundle"
    shutil.copytree(DEMO_BUNDLE, altered)
    card = altered / "model_card.md"
    card.write_text(card.read_text() + "Fit for diagnosis.")
    done = medkd("verify", altered)
    assert done.status == 1
    assert "model_card.md" in done.errors


@pytest.mark.parametrize("content", [b"", b"DICM", b"\x89PNG\r\n\x1a\n", b"hello"])
def test_a_file_that_is_no_picture_costs_one_sentence(
    medkd: Medkd, tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "broken.dcm"
    file.write_bytes(content)
    done = medkd("render", file, "-o", tmp_path / "out.png")
    assert done.status == 1
    assert "broken.dcm" in done.errors
    assert not (tmp_path / "out.png").exists()


def test_a_truncated_dicom_is_refused_and_named(medkd: Medkd, films: Path, tmp_path: Path) -> None:
    whole = (films / "film.dcm").read_bytes()
    file = tmp_path / "cut.dcm"
    file.write_bytes(whole[: len(whole) // 2])
    done = medkd("render", file, "-o", tmp_path / "out.png")
    assert done.status == 1
    assert "cut.dcm" in done.errors


def test_a_missing_file_is_named(medkd: Medkd, tmp_path: Path) -> None:
    done = medkd("render", tmp_path / "nowhere.dcm", "-o", tmp_path / "out.png")
    assert done.status == 1
    assert "nowhere.dcm" in done.errors


def test_wrong_usage_has_status_2(medkd: Medkd) -> None:
    assert medkd("render").status == 2
    assert medkd("no-such-command").status == 2


@needs_demo
def test_reading_needs_no_training_library(
    films: Path, tmp_path: Path, in_a_reading_room: str
) -> None:
    """The same commands where torch, timm, onnx and Lightning cannot be found."""
    code = """
from medkd_core.cli.app import app
for arguments in (
    ['open', FILMS], ['render', FILM, '-o', OUT + '/film.png'], ['predict', FILM],
    ['explain', FILM, '--preview', '-o', OUT], ['verify', BUNDLE],
):
    app(arguments, standalone_mode=False)
"""
    names = {
        "FILMS": str(films),
        "FILM": str(films / "film.dcm"),
        "OUT": str(tmp_path),
        "BUNDLE": str(DEMO_BUNDLE),
    }
    header = "".join(f"{name} = {value!r}\n" for name, value in names.items())
    done = subprocess.run(
        [sys.executable, "-c", header + in_a_reading_room + code],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


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

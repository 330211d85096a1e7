"""Reading from the command line, with the embedded demo and with rubbish."""

from __future__ import annotations

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
from resources import DEMO_BUNDLE

Medkd = Callable[..., Any]

needs_demo = pytest.mark.skipif(not DEMO_BUNDLE.is_dir(), reason="the demo was not built yet")


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

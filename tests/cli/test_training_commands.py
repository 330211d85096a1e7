"""From drawn films to a published bundle, and every way to ask for it wrongly."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Medkd = Callable[..., Any]

SPEC = """
kind = "{kind}"
name = "{kind} check"
{teachers}
[data]
kind = "covid-qu-ex"
root = "films"
[network]
name = "{network}"
width = 0.125
image_size = 64
[training]
epochs = 1
batch_size = 8
"""


def write_spec(folder: Path, kind: str, network: str, teachers: str = "") -> Path:
    path = folder / f"{kind}.toml"
    path.write_text(SPEC.format(kind=kind, network=network, teachers=teachers))
    return path


def only_job(medkd: Medkd, kind: str) -> str:
    listed = medkd("jobs", "list", "--json").document["jobs"]
    (found,) = [job["job"] for job in listed if job["kind"] == kind]
    return str(found)


@pytest.mark.slow
def test_the_whole_loop_from_films_to_a_bundle_that_predicts(medkd: Medkd, tmp_path: Path) -> None:
    films = tmp_path / "films"
    counts = ("--train", "8", "--validation", "4", "--test", "4", "--side", "64")
    assert medkd("datasets", "phantom", films, *counts).status == 0
    audit = medkd("datasets", "audit", films, "--kind", "covid-qu-ex", "--json")
    assert audit.document["images"] == 48

    done = medkd("train", write_spec(tmp_path, "teacher", "visformer_s"))
    assert done.status == 0, done.errors
    teacher = only_job(medkd, "teacher")
    teachers = f'teachers = [{{ job = "{teacher}" }}]'
    done = medkd("train", write_spec(tmp_path, "distill", "ofa_595", teachers))
    assert done.status == 0, done.errors
    student = only_job(medkd, "distill")

    bundle = tmp_path / "bundle"
    done = medkd("publish", student, "-o", bundle, "--name", "Check")
    assert done.status == 0, done.errors
    assert medkd("verify", bundle).status == 0
    assert medkd("publish", student, "-o", bundle).status == 1

    film = next(films.rglob("Normal (*.png"))
    answer = medkd("predict", film, "--model", bundle, "--json").document
    assert answer["model"] == {
        "name": "Check",
        "version": "1.0",
        "demo": False,
        "device": answer["model"]["device"],
    }
    assert list(answer["images"][0]["opinions"]) == ["ofa_595", "visformer_s"]

    compared = medkd("compare", teacher, student, "--json").document["runs"]
    assert [run["kind"] for run in compared] == ["teacher", "distill"]
    report = tmp_path / "report"
    spec = tmp_path / "distill.toml"
    done = medkd("evaluate", "--model", bundle, "--data", spec, "-o", report)
    assert done.status == 0, done.errors
    assert json.loads((report / "report.json").read_text())
    costs = medkd("profile", "--model", bundle, "--json").document["networks"]
    assert [row["network"] for row in costs] == ["ofa_595", "visformer_s"]

    assert medkd("jobs", "delete", student).status == 0
    assert medkd("jobs", "show", student).status == 1


def test_a_misspelt_key_is_named_with_the_right_one(medkd: Medkd, tmp_path: Path) -> None:
    spec = write_spec(tmp_path, "student", "ofa_595")
    spec.write_text(spec.read_text().replace("batch_size", "bach_size"))
    done = medkd("train", spec)
    assert done.status == 2
    assert "bach_size" in done.errors
    assert "batch_size" in done.errors
    assert medkd("jobs", "list", "--json").document["jobs"] == []


def test_a_missing_spec_is_named(medkd: Medkd, tmp_path: Path) -> None:
    done = medkd("train", tmp_path / "nowhere.toml")
    assert done.status == 2
    assert "nowhere.toml" in done.errors


def test_a_missing_data_set_fails_the_job_in_a_sentence(medkd: Medkd, tmp_path: Path) -> None:
    done = medkd("train", write_spec(tmp_path, "student", "ofa_595"))
    assert done.status == 1
    assert str(tmp_path / "films") in done.errors


def test_recipes_are_specs_that_load(medkd: Medkd, tmp_path: Path) -> None:
    from medkd_core.jobs.experiment import load_experiment
    from medkd_core.jobs.recipes import RECIPES

    for name in RECIPES:
        folder = tmp_path / name
        assert medkd("recipe", name, "-o", folder).status == 0
        assert load_experiment(folder).arms
        assert medkd("recipe", name, "-o", folder).status == 1


def test_an_unknown_recipe_names_the_known_ones(medkd: Medkd) -> None:
    done = medkd("recipe", "magic")
    assert done.status == 2
    assert "quick-look" in done.errors


def test_an_unknown_job_is_named(medkd: Medkd) -> None:
    for command in ("show", "follow", "pause", "cancel", "resume", "delete"):
        done = medkd("jobs", command, "no-such-job")
        assert done.status == 1
        assert "no-such-job" in done.errors


def test_weights_that_are_no_weights_are_refused(medkd: Medkd, tmp_path: Path) -> None:
    file = tmp_path / "weights.pth"
    file.write_bytes(b"not a checkpoint")
    done = medkd("weights", "import", "densenet201", file)
    assert done.status == 1
    assert "weights.pth" in done.errors


def test_weights_are_listed_with_their_licences(medkd: Medkd) -> None:
    assert "autoformer_v2_t" in medkd("weights", "list").output


def test_job_can_be_made_without_being_started(medkd: Medkd, tmp_path: Path) -> None:
    done = medkd("train", write_spec(tmp_path, "teacher", "visformer_s"), "--no-start")
    assert done.status == 0, done.errors
    shown = medkd("jobs", "show", only_job(medkd, "teacher"), "--json").document
    assert shown["state"]["status"] == "queued"
    assert shown["folder"] in done.output.replace("\n", "")

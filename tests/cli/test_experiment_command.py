"""An experiment from one command: refused, run, stopped, killed and gone on with."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from medkd_core.jobs.state import JobStatus
from medkd_core.jobs.store import JobStore

Medkd = Callable[..., Any]

PATIENCE_SECONDS = 200.0
SPEC = """
kind = "{kind}"
name = "{name}"
{teachers}
[data]
kind = "covid-qu-ex"
root = "films"
[network]
name = "{network}"
width = 0.05
image_size = 32
[training]
epochs = {epochs}
batch_size = 4
device = "cpu"
"""


def write_specs(folder: Path) -> Path:
    folder.mkdir()
    jobs = {
        "1-teacher": ("teacher", "check teacher", "vgg19_bn", 2, ""),
        "2-baseline": ("student", "check baseline", "ofa_595", 1, ""),
        "3-distilled": (
            "distill",
            "check distilled",
            "ofa_595",
            1,
            'teachers = [{ job = "check teacher" }]',
        ),
    }
    for file, (kind, name, network, epochs, teachers) in jobs.items():
        text = SPEC.format(kind=kind, name=name, network=network, epochs=epochs, teachers=teachers)
        (folder / f"{file}.toml").write_text(text)
    return folder


def wait_until(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not what():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def test_data_that_is_not_there_is_told_before_any_job(medkd: Medkd, tmp_path: Path) -> None:
    folder = write_specs(tmp_path / "check")
    done = medkd("experiment", folder)
    assert done.status == 2
    assert str(folder / "films") in done.errors
    assert "--data" in done.errors
    assert medkd("jobs", "list", "--json").document["jobs"] == []


def test_a_data_set_elsewhere_that_is_not_there_is_told(medkd: Medkd, tmp_path: Path) -> None:
    folder = write_specs(tmp_path / "check")
    done = medkd("experiment", folder, "--data", tmp_path, "--elsewhere", tmp_path / "there")
    assert done.status == 2
    assert "--elsewhere" in done.errors


def test_other_classes_elsewhere_are_told_before_any_job(medkd: Medkd, tmp_path: Path) -> None:
    films, other = tmp_path / "films", tmp_path / "other"
    counts = ("--train", "3", "--validation", "1", "--test", "1", "--side", "64")
    for root in (films, other):
        assert medkd("datasets", "phantom", root, *counts).status == 0
    for folder in list(other.rglob("Normal")):
        folder.rename(folder.with_name("Healthy"))
    folder = write_specs(tmp_path / "check")
    (folder / "experiment.toml").write_text('[elsewhere]\nkind = "folder"\nroot = "there"\n')
    there = next(other.rglob("Train"))
    done = medkd("experiment", folder, "--data", films, "--elsewhere", there)
    assert done.status == 1
    assert "Healthy" in done.errors
    assert medkd("jobs", "list", "--json").document["jobs"] == []


def test_a_recipe_is_written_into_its_folder_once(
    medkd: Medkd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert medkd("experiment", "quick-look").status == 2
    spec = tmp_path / "quick-look" / "2-baseline.toml"
    spec.write_text(spec.read_text() + "nonsense\n")
    done = medkd("experiment", "quick-look")
    assert "2-baseline.toml" in done.errors


def test_a_relative_data_set_is_taken_from_where_the_command_is_given(
    medkd: Medkd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert medkd("recipe", "quick-look", "--data", "films", "-o", "specs").status == 0
    done = medkd("experiment", "specs")
    assert str(tmp_path / "films") in done.errors


def test_neither_folder_nor_recipe_names_the_recipes(medkd: Medkd) -> None:
    done = medkd("experiment", "magic")
    assert done.status == 2
    assert "scratch-or-distilled" in done.errors


@pytest.mark.slow
@pytest.mark.usefixtures("heeded_interrupts")
def test_an_experiment_is_stopped_killed_and_gone_on_with(
    medkd: Medkd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    films, other = tmp_path / "films", tmp_path / "other"
    counts = ("--train", "4", "--validation", "3", "--test", "4", "--side", "64")
    assert medkd("datasets", "phantom", films, *counts).status == 0
    assert medkd("datasets", "phantom", other, *counts, "--seed", "1").status == 0
    folder, store = write_specs(tmp_path / "check"), JobStore(tmp_path / "jobs")
    arguments = ("experiment", folder, "--data", films, "--elsewhere", other, "--seeds", "1")
    everything = (*arguments, "--jobs", store.root)
    command = [sys.executable, "-m", "medkd_core.cli.app", *map(str, everything)]

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen(command, stderr=subprocess.PIPE)

    stopped = start()
    wait_until(lambda: any(job.state().status is JobStatus.RUNNING for job in store.list()))
    second = medkd(*everything)
    assert second.status == 1
    assert "being run already" in second.errors
    stopped.send_signal(signal.SIGINT)
    _, told = stopped.communicate(timeout=PATIENCE_SECONDS)
    assert stopped.returncode == 130
    assert b"the same command goes on from there" in told
    (teacher,) = store.list()
    assert teacher.state().status in (JobStatus.PAUSED, JobStatus.COMPLETED)

    killed = start()
    wait_until(lambda: len(store.list()) > 1)
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate()

    done = medkd(*everything, "--json")
    assert done.status == 0, done.errors
    assert [job.state().status for job in store.list()] == [JobStatus.COMPLETED] * 3
    here, there = done.document["tests"]
    assert [arm["arm"] for arm in here["arms"]] == ["teacher", "baseline", "distilled"]
    assert (here["images"], there["images"]) == (12, 33)
    assert (here["trained_here"], there["trained_here"]) == (True, False)
    assert here["comparisons"][0]["against"] == "baseline"
    assert "Research use only" in (folder / "results.md").read_text()

    again = medkd(*everything)
    assert again.errors.count("was completed before") == 3
    assert "distilled − baseline" in again.output

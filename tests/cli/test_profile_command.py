"""``medkd profile``: the table, the document, the picture, and how it is stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from medkd_core import RESEARCH_USE_ONLY
from medkd_core.evaluation.efficiency_schema import EfficiencyReport

Medkd = Callable[..., Any]


@pytest.mark.slow
def test_table_fits_eighty_columns_and_the_picture_is_drawn(
    medkd: Medkd, small_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    picture = tmp_path / "pictures" / "cost.png"
    done = medkd("profile", "--model", small_bundle, "--network", "vgg19", "--picture", picture)
    assert done.status == 0, done.errors
    assert max(map(len, done.output.splitlines())) <= 80
    for told in ("VGG-19", "onnxruntime, CPU", "torch, CPU", "images/s", RESEARCH_USE_ONLY):
        assert told in done.output
    assert "VGG-19-BN" not in done.output
    assert "Measuring VGG-19: onnxruntime" in done.errors
    with Image.open(picture) as drawn:
        assert drawn.size == (1920, 1280)


@pytest.mark.slow
def test_published_networks_are_measured_without_a_bundle(medkd: Medkd) -> None:
    done = medkd("profile", "--published", "--network", "ofa_595", "--device", "cpu", "--json")
    assert done.status == 0, done.errors
    report = EfficiencyReport.model_validate(done.document)
    (student,) = report.networks
    assert (student.network, student.parameters, student.input_size) == ("ofa_595", 9_135_928, 236)
    assert not student.miscounted
    assert student.score is None
    assert all(engine.times for engine in student.engines)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--picture", "cost.jpg"], ".png"),
        (["--network", "resnet"], "vgg19_bn"),
        (["--device", "cuda:9"], "cuda:9"),
        (["--published"], "exclude"),
    ],
)
def test_wrong_options_are_refused_before_anything_is_measured(
    medkd: Medkd, small_bundle: Path, options: list[str], told: str
) -> None:
    done = medkd("profile", "--model", small_bundle, *options)
    assert done.status in {1, 2}
    assert told in done.errors
    assert "Measuring" not in done.errors


@pytest.mark.usefixtures("heeded_interrupts")
@pytest.mark.skipif(sys.platform == "win32", reason="a terminal's Ctrl-C is a signal on POSIX")
def test_ctrl_c_ends_command_and_measurement_at_once(small_bundle: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "medkd_core.cli.app", "profile", "--model", str(small_bundle)]
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env=environment, start_new_session=True
    ) as running:
        assert running.stderr is not None
        assert running.stderr.readline().startswith("Measuring")
        os.killpg(running.pid, signal.SIGINT)
        said = running.stderr.read()  # ends when the last process of the group has ended
    assert running.returncode == 130
    assert "Traceback" not in said


@pytest.fixture
def medkd_without_training_packages(tmp_path: Path, in_a_reading_room: str) -> Medkd:
    # Read at the start of every interpreter, also of the measuring child.
    (tmp_path / "sitecustomize.py").write_text(in_a_reading_room)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "XDG_STATE_HOME": str(tmp_path)}

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "medkd_core.cli.app", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)

    return run


def test_onnxruntime_is_profiled_where_torch_is_not_installed(
    medkd_without_training_packages: Medkd, small_bundle: Path
) -> None:
    done = medkd_without_training_packages(
        "profile", "--model", small_bundle, "--network", "vgg19", "--json"
    )
    assert done.returncode == 0, done.stderr
    report = EfficiencyReport.model_validate_json(done.stdout)
    (student,) = report.networks
    (engine,) = student.engines
    assert engine.runtime == "onnxruntime"
    assert engine.times is not None
    assert student.recount is None


@pytest.mark.parametrize(
    ("options", "package"),
    [(["--picture", "cost.png"], "matplotlib"), (["--published"], "onnx_ir")],
)
def test_a_missing_package_is_named_with_its_cure(
    medkd_without_training_packages: Medkd, options: list[str], package: str
) -> None:
    done = medkd_without_training_packages("profile", *options)
    assert done.returncode == 1
    assert f"the package {package} is not installed" in done.stderr
    assert "pip install" in done.stderr
    assert "Measuring" not in done.stderr

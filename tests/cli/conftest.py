"""Runs the real command line in this process, as a shell would."""

from __future__ import annotations

import hashlib
import json
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from medkd_core.cli.app import main
from medkd_core.datasets.phantom import draw_phantom
from medkd_core.datasets.phantom_dicom import write_dicom_study
from medkd_core.datasets.phantom_files import write_png


@dataclass(frozen=True)
class Done:
    status: int
    output: str
    errors: str

    @property
    def document(self) -> Any:
        return json.loads(self.output)


Medkd = Callable[..., Done]


@pytest.fixture
def medkd(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> Medkd:
    for variable in ("XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "MEDKD_JOBS"):
        monkeypatch.setenv(variable, str(tmp_path / "home" / variable.lower()))

    def run(*arguments: str | Path) -> Done:
        monkeypatch.setattr(sys, "argv", ["medkd", *map(str, arguments)])
        status = 0
        try:
            main()
        except SystemExit as leaving:
            status = int(leaving.code or 0)
        written = capfd.readouterr()
        assert "Traceback" not in written.err
        return Done(status, written.out, written.err)

    return run


@pytest.fixture
def films(tmp_path: Path) -> Path:
    folder = tmp_path / "films"
    folder.mkdir()
    write_dicom_study(folder / "film.dcm", draw_phantom(3, "COVID-19", 160))
    write_png(folder / "film.png", draw_phantom(4, "Normal", 128))
    (folder / "notes.txt").write_text("not a picture")
    return folder


@pytest.fixture
def broken(small_bundle: Path, tmp_path: Path) -> Callable[[str], Path]:
    """Makes a bundle one network of which answers with values that are not finite."""

    def copy(network: str) -> Path:
        folder = shutil.copytree(small_bundle, tmp_path / f"broken {network}")
        weights = load_file(folder / f"{network}.safetensors")
        weights["features.0.bias"][:] = np.nan
        save_file(weights, folder / f"{network}.safetensors")
        _sign(folder)
        return folder

    return copy


@pytest.fixture
def without_layer(small_bundle: Path, tmp_path: Path) -> Path:
    """A bundle whose manifest names a layer of the teacher that is not there."""
    folder = shutil.copytree(small_bundle, tmp_path / "without layer")
    manifest = json.loads((folder / "bundle.json").read_text())
    manifest["networks"][1]["target_layer"] = "features.99"
    (folder / "bundle.json").write_text(json.dumps(manifest))
    _sign(folder)
    return folder


def _sign(bundle: Path) -> None:
    names = sorted(file.name for file in bundle.iterdir() if file.name != "SHA256SUMS")
    digests = {name: hashlib.sha256((bundle / name).read_bytes()).hexdigest() for name in names}
    sums = "".join(f"{digest}  {name}\n" for name, digest in digests.items())
    (bundle / "SHA256SUMS").write_text(sums)


@pytest.fixture
def heeded_interrupts() -> Iterator[None]:
    """A shell has what it starts in the background ignore Ctrl-C, and that is passed on."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)

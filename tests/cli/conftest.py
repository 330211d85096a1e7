"""Runs the real command line in this process, as a shell would."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

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
def heeded_interrupts() -> Iterator[None]:
    """A shell has what it starts in the background ignore Ctrl-C, and that is passed on."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)

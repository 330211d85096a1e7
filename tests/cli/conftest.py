"""Runs the real command line in this process, as a shell would."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from medkd_core.cli.app import main


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

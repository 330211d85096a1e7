"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ModelOption = Annotated[
    Path | None, typer.Option("--model", help="Bundle (folder or zip); the demo when left out.")
]
DeviceOption = Annotated[str, typer.Option("--device", help="auto, cpu, cuda or cuda:N.")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
JobsOption = Annotated[
    Path | None,
    typer.Option("--jobs", envvar="MEDKD_JOBS", help="Folder of the jobs; the user's by default."),
]

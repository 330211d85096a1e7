"""``medkd demo``: make the embedded demo again."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Annotated

import typer

from medkd_core.cli.console import answers
from resources import DEMO_BUNDLE

app = typer.Typer(help="The embedded demo.", no_args_is_help=True)


@app.command()
def build(
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Folder; the embedded one when left out.")
    ] = DEMO_BUNDLE.parent,
    seed: Annotated[int, typer.Option(min=0)] = 0,
) -> None:
    """Draw films, train teachers, distil the student and publish: under an hour on 2 cores."""
    # As in launching: torch reads it when it is imported.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from medkd_core.distillation.demo import build_demo

    began = time.monotonic()

    def say(sentence: str) -> None:
        minutes, seconds = divmod(round(time.monotonic() - began), 60)
        answers.print(f"{minutes:3}:{seconds:02}  {sentence}", soft_wrap=True)

    build_demo(output, seed, say)

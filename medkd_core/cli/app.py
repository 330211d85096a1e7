"""The ``medkd`` command: gathers the sub-commands and turns errors into one sentence."""

from __future__ import annotations

import io
import logging
import sys
from pathlib import Path
from typing import Annotated

import platformdirs
import typer

from medkd_core import RESEARCH_USE_ONLY, __version__
from medkd_core.cli import (
    datasets,
    demo,
    evaluating,
    experiments,
    explaining,
    jobs,
    models,
    profiling,
    reading,
)
from medkd_core.cli.console import errors, on_one_line
from medkd_core.errors import MedKDError, SpecError

_COULD_NOT, _WRONG_USAGE, _INTERRUPTED = 1, 2, 130

app = typer.Typer(
    name="medkd",
    help=f"Explainable knowledge distillation for medical images. {RESEARCH_USE_ONLY}",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
reading.register(app)
explaining.register(app)
jobs.register(app)
experiments.register(app)
evaluating.register(app)
profiling.register(app)
models.register(app)
app.add_typer(datasets.app, name="datasets")
app.add_typer(demo.app, name="demo")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"medkd {__version__}. {RESEARCH_USE_ONLY}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Say which.")
    ] = False,
) -> None:
    """Options that stand before any command."""


def main() -> None:
    """Run the command line; exit status 0: done, 1: could not, 2: wrong usage."""
    log_file = _start_log()
    if isinstance(sys.stdout, io.TextIOWrapper):
        # File names need not be valid Unicode, and a terminal need not know every letter.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        app()
    except SpecError as error:
        _leave(str(error), _WRONG_USAGE)
    except MedKDError as error:
        _leave(str(error), _COULD_NOT)
    except KeyboardInterrupt:
        _leave("Stopped.", _INTERRUPTED)
    except BrokenPipeError:
        # The reader of our output (head, less) has seen enough.
        sys.stderr.close()
        sys.exit(_COULD_NOT)
    except Exception as error:
        logging.getLogger(__name__).exception("Unexpected failure")
        _leave(
            f"MedKD failed unexpectedly ({type(error).__name__}: {error}). "
            f"The details are in {log_file}.",
            _COULD_NOT,
        )


def _leave(sentence: str, status: int) -> None:
    # Some sentences are lists of faults; a file's name in them may hold anything.
    lines = "\n".join(map(on_one_line, sentence.split("\n")))
    errors.print(lines, style="red", soft_wrap=True)
    sys.exit(status)


def _start_log() -> Path:
    log_file = platformdirs.user_log_path("medkd") / "medkd.log"
    try:
        log_file.parent.mkdir(parents=True, exist_ok=True)
        # Opened once to see that it can be: the handler itself would raise at the first message.
        log_file.open("a").close()
        handler: logging.Handler = logging.FileHandler(log_file, delay=True)
    except OSError:
        handler = logging.NullHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    return log_file


if __name__ == "__main__":
    main()

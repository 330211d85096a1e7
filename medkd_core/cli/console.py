"""Where commands write: answers to standard output, everything else to standard error."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer
from pydantic import BaseModel
from pydantic_core import to_jsonable_python
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

# What is printed comes from files and folders: "[/b]" and ":smile:" may be in any of their names.
answers = Console(markup=False, emoji=False, highlight=False)
errors = Console(stderr=True, markup=False, emoji=False, highlight=False)


def on_one_line(text: str) -> str:
    r"""A name from a file as it may be printed: what steers a terminal is spelled (``\x1b``)."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def write_json(document: BaseModel | dict[str, object]) -> None:
    """Print one JSON document, and nothing else, to standard output."""
    typer.echo(json_text(document))


def json_text(document: BaseModel | dict[str, object]) -> str:
    """A document as JSON in ASCII: file names need not be valid Unicode."""
    return json.dumps(to_jsonable_python(document), indent=2)


@contextmanager
def progress_bar(text: str, *, in_bytes: bool = False) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error while the block runs; call the result with done and total.

    A total of 0 is one that is not known.
    """
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn() if in_bytes else MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    # Redirected, a bar would only leave empty lines in the file.
    hidden = not errors.is_terminal
    with Progress(*columns, console=errors, transient=True, disable=hidden) as bar:
        task = bar.add_task(text, total=None)

        def update(done: int, total: int) -> None:
            if not total:
                bar.tasks[0].total = None  # `Progress.update` takes None for "as before"
            bar.update(task, completed=done, total=total or None)

        yield update

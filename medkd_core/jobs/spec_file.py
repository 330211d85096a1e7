"""Specifications as TOML files: read with care, written with an explanation of every entry."""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from medkd_core.errors import SpecError
from medkd_core.jobs.spec import JobSpec


def load_spec(path: Path) -> JobSpec:
    """Read a job's specification.

    Parameters
    ----------
    path : Path
        TOML. Relative paths in it are taken from the file's own folder.

    Raises
    ------
    SpecError
        Not readable, not TOML, a misspelt key, a wrong value, or entries that do not fit together;
        the sentence names the entry and, for a key, the nearest one that exists.
    """
    try:
        spec = JobSpec.model_validate(_read_toml(path))
    except ValidationError as error:
        raise _explained(path, error.errors()[0]) from error
    _check_teachers(spec, path)
    return with_absolute_paths(spec, path.absolute().parent)


def check_spec(spec: JobSpec) -> None:
    """Check that the entries of a specification fit together.

    Raises
    ------
    SpecError
        Teachers are missing, or not wanted for this kind of job.
    """
    _check_teachers(spec, None)


def with_absolute_paths(spec: JobSpec, folder: Path) -> JobSpec:
    """Take relative paths, also of teachers that are folders, from `folder`; ``~`` is the home."""
    data, network = spec.data, spec.network
    groups = _absolute(data.groups, folder) if data.groups else None
    table = _absolute(data.table, folder) if data.table else None
    weights = _absolute(network.weights, folder) if network.weights else None
    teachers = tuple(
        teacher.model_copy(update={"job": str(folder / teacher.job)})
        if is_job_folder(folder / teacher.job)
        else teacher
        for teacher in spec.teachers
    )
    return spec.model_copy(
        update={
            "data": data.model_copy(
                update={
                    "root": _absolute(data.root, folder),
                    "groups": groups,
                    "table": table,
                }
            ),
            "network": network.model_copy(update={"weights": weights}),
            "teachers": teachers,
        }
    )


def is_job_folder(folder: Path) -> bool:
    """Whether a folder holds a job, damaged or not."""
    try:
        return (folder / "spec.json").is_file()
    except OSError:  # a name too long for the system, for one
        return False


def spec_to_toml(spec: JobSpec, comments: Mapping[str, str] | None = None) -> str:
    """Write a specification with an explanation above each entry.

    Parameters
    ----------
    spec : JobSpec
    comments : mapping, optional
        More to say above an entry or table: ``{"training.epochs": "The paper used 100."}``; the key
        ``""`` stands for the head of the file.

    Returns
    -------
    str
        TOML that `load_spec` reads back to the same specification.
    """
    return "\n".join(_table_lines(spec, "", comments or {})).strip() + "\n"


def _absolute(path: Path, folder: Path) -> Path:
    try:
        return folder / path.expanduser()
    except RuntimeError:  # "~someone" without a home: a folder may be called so
        return folder / path


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        reason, cure = error.strerror or str(error), "Check the path."
    except UnicodeDecodeError:
        reason, cure = "it is not UTF-8 text", "A specification is a TOML file."
    except (ValueError, RecursionError) as error:
        reason, cure = f"it is not TOML ({error})".replace("\n", " "), "Quote texts and paths."
    raise SpecError("Cannot read the specification", path=path, because=reason, cure=cure)


def _explained(path: Path, detail: ErrorDetails) -> SpecError:
    """The first fault that pydantic found, in a sentence."""
    location = [str(part) for part in detail["loc"]]
    entry = ".".join(location)
    what = "Cannot use the specification"
    if detail["type"] == "extra_forbidden":
        allowed = _allowed_keys(location[:-1])
        near = difflib.get_close_matches(location[-1], allowed, n=1, cutoff=0.5)
        cure = f"Did you mean '{near[0]}'? " if near else ""
        cure += f"Allowed here: {', '.join(allowed)}."
        return SpecError(what, path=path, because=f"there is no entry '{entry}'", cure=cure)
    if detail["type"] == "missing":
        return SpecError(
            what, path=path, because=f"the entry '{entry}' is missing", cure="Add it to the file."
        )
    value = repr(detail["input"])
    shown = value if len(value) <= 60 else value[:57] + "..."
    message = detail["msg"][:1].lower() + detail["msg"][1:]
    return SpecError(
        what, path=path, because=f"'{entry}' is {shown}: {message}", cure="Correct the entry."
    )


def _allowed_keys(table: list[str]) -> list[str]:
    """Names of the entries that a table (``["training"]``, ``["teachers", "0"]``) may have."""
    model: type[BaseModel] = JobSpec
    for key in table:
        if not key.isdigit():
            annotation = model.model_fields[key].annotation
            model = next(part for part in (annotation, *get_args(annotation)) if _is_model(part))
    return list(model.model_fields)


def _is_model(part: object) -> bool:
    return isinstance(part, type) and issubclass(part, BaseModel)


def _check_teachers(spec: JobSpec, path: Path | None) -> None:
    what = "Cannot use the specification"
    if spec.kind == "distill" and not spec.teachers:
        raise SpecError(
            what,
            path=path,
            because="a job of kind 'distill' needs at least one teacher",
            cure="Add a table [[teachers]] with the entry 'job', or choose the kind 'student'.",
        )
    if spec.kind != "distill" and spec.teachers:
        raise SpecError(
            what,
            path=path,
            because=f"a job of kind '{spec.kind}' has no teachers",
            cure="Remove the tables [[teachers]], or choose the kind 'distill'.",
        )


def _table_lines(table: BaseModel, name: str, comments: Mapping[str, str]) -> Iterator[str]:
    """A table's plain entries, then its tables: TOML has no way back to an outer table."""
    yield from _comment_lines(comments.get(name))
    if name:
        yield f"[{name}]"
    fields = {key: getattr(table, key) for key in type(table).model_fields}
    for key, value in fields.items():
        if not isinstance(value, BaseModel | tuple):
            yield from _comment_lines(type(table).model_fields[key].description)
            yield from _comment_lines(comments.get(f"{name}.{key}" if name else key))
            yield f"# {key} =" if value is None else f"{key} = {_toml_value(value)}"
    for key, value in fields.items():
        if isinstance(value, BaseModel):
            yield ""
            yield from _table_lines(value, key, comments)
        elif isinstance(value, tuple):
            for number, item in enumerate(value):
                yield ""
                yield from _comment_lines(comments.get(key) if number == 0 else None)
                yield f"[[{key}]]"
                yield from _table_lines(item, "", {})


def _comment_lines(text: str | None) -> list[str]:
    return [f"# {line.strip()}" for line in (text or "").splitlines()]


def _toml_value(value: object) -> str:
    if isinstance(value, str | Path):
        # A TOML basic string has the escapes of JSON, except that DEL must be escaped too.
        return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
    return json.dumps(value)

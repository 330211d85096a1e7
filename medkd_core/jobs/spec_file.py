"""Specifications read from TOML files with care: a fault is told in one sentence."""

from __future__ import annotations

import difflib
import tomllib
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from medkd_core.errors import SpecError
from medkd_core.jobs.spec import DataSpec, JobSpec, LaunchSpec

Model = TypeVar("Model", bound=BaseModel)


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
    spec = read_toml(path, JobSpec)
    _check_teachers(spec, path)
    _check_launch(spec.launch, path)
    return with_absolute_paths(spec, path.absolute().parent)


def read_toml(path: Path, model: type[Model]) -> Model:
    """Read a TOML file into a model.

    Raises
    ------
    SpecError
        As for `load_spec`.
    """
    try:
        return model.model_validate(_read_toml(path))
    except ValidationError as error:
        raise _explained(path, model, error.errors()[0]) from error


def check_spec(spec: JobSpec) -> None:
    """Check that the entries of a specification fit together.

    Raises
    ------
    SpecError
        Teachers are missing, or not wanted for this kind of job; or nobody starts the processes.
    """
    _check_teachers(spec, None)
    _check_launch(spec.launch, None)


def with_absolute_paths(spec: JobSpec, folder: Path) -> JobSpec:
    """Take relative paths, also of teachers that are folders, from `folder`; ``~`` is the home."""
    network = spec.network
    weights = _absolute(network.weights, folder) if network.weights else None
    teachers = tuple(
        teacher.model_copy(update={"job": str(folder / teacher.job)})
        if is_job_folder(folder / teacher.job)
        else teacher
        for teacher in spec.teachers
    )
    return spec.model_copy(
        update={
            "data": with_absolute_data(spec.data, folder),
            "network": network.model_copy(update={"weights": weights}),
            "teachers": teachers,
        }
    )


def with_absolute_data(data: DataSpec, folder: Path) -> DataSpec:
    """Take the relative paths of a data set from `folder`; ``~`` is the home."""
    paths = {"root": data.root, "groups": data.groups, "table": data.table}
    return data.model_copy(
        update={name: _absolute(path, folder) for name, path in paths.items() if path}
    )


def is_job_folder(folder: Path) -> bool:
    """Whether a folder holds a job, damaged or not."""
    try:
        return (folder / "spec.json").is_file()
    except OSError:  # a name too long for the system, for one
        return False


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


def _explained(path: Path, model: type[BaseModel], detail: ErrorDetails) -> SpecError:
    """The first fault that pydantic found, in a sentence."""
    location = [str(part) for part in detail["loc"]]
    entry = ".".join(location)
    what = "Cannot use the specification"
    if detail["type"] == "extra_forbidden":
        allowed = _allowed_keys(model, location[:-1])
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


def _allowed_keys(model: type[BaseModel], table: list[str]) -> list[str]:
    """Names of the entries that a table (``["training"]``, ``["teachers", "0"]``) may have."""
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


def _check_launch(launch: LaunchSpec, path: Path | None) -> None:
    what = "Cannot use the specification"
    if launch.launcher == "local" and launch.processes > 1:
        raise SpecError(
            what,
            path=path,
            because=f"'launch.processes' is {launch.processes}, and 'local' starts one",
            cure="Choose the launcher 'torchrun' or 'slurm', or one process.",
        )
    if launch.launcher == "slurm" and launch.gpus not in (0, launch.processes):
        raise SpecError(
            what,
            path=path,
            because=f"'launch.gpus' is {launch.gpus} for {launch.processes} processes",
            cure="Each process uses one GPU: give both the same number, or no GPU at all.",
        )

"""Specifications as TOML text, with an explanation above each entry."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel
from pydantic.fields import FieldInfo

USUALLY_CHANGED = frozenset(
    {
        "seed",
        "seeds",
        "network.width",
        "network.image_size",
        "network.weights",
        "training.epochs",
        "training.batch_size",
        "training.learning_rate",
        "training.class_balance",
        "training.device",
        "distillation.soft_loss",
        "distillation.temperature",
        "distillation.soft_weight",
        "distillation.weighting",
        "distillation.explanation_weight",
        "distillation.remember",
    }
)
"""Entries that a short text shows although they have their defaults."""


def spec_to_toml(
    spec: BaseModel, comments: Mapping[str, str] | None = None, *, every_entry: bool = False
) -> str:
    """Write a specification with an explanation above each entry.

    Parameters
    ----------
    spec : BaseModel
        A `JobSpec` or an `ExperimentSpec`.
    comments : mapping, optional
        More to say above an entry or table: ``{"training.epochs": "The paper used 100."}``; the key
        ``""`` stands for the head of the file.
    every_entry : bool, default False
        Also those that have their defaults and are seldom changed.

    Returns
    -------
    str
        TOML that is read back to the same specification.
    """
    text = _SpecText(comments or {}, every_entry, distils=bool(getattr(spec, "teachers", True)))
    return "\n".join(text.table(spec, "")).strip() + "\n"


@dataclass(frozen=True, slots=True)
class _SpecText:
    comments: Mapping[str, str]
    every_entry: bool
    distils: bool
    """A job without teachers has no use for the entries of distillation."""
    explained: bool = True

    def table(self, table: BaseModel, name: str) -> Iterator[str]:
        """A table's plain entries, then its tables: TOML has no way back to an outer table."""
        fields = {key: getattr(table, key) for key in type(table).model_fields}
        entries = [
            line
            for key, value in fields.items()
            if not _is_table(value)
            for line in self._entry(type(table).model_fields[key], key, _path(name, key), value)
        ]
        if entries or not name:
            yield from _comment_lines(self.comments.get(name))
            yield from [f"[{name}]"] if name else []
            yield from entries
        for key, value in fields.items():
            if isinstance(value, BaseModel):
                yield from _apart(self.table(value, key))
            elif _is_table(value):
                for number, item in enumerate(value):
                    yield ""
                    yield from _comment_lines(self.comments.get(key) if number == 0 else None)
                    yield f"[[{key}]]"
                    yield from _SpecText({}, True, True, explained=number == 0).table(item, "")

    def _entry(self, field: FieldInfo, key: str, path: str, value: object) -> Iterator[str]:
        if not self._is_shown(field, path, value):
            return
        yield from _comment_lines(field.description if self.explained else None)
        yield from _comment_lines(self.comments.get(path))
        yield f"# {key} =" if value is None else f"{key} = {_toml_value(value)}"

    def _is_shown(self, field: FieldInfo, path: str, value: object) -> bool:
        if self.every_entry or field.is_required() or value != field.default:
            return True
        if path.startswith("distillation.") and not self.distils:
            return False
        return path in USUALLY_CHANGED or path in self.comments


def _path(table: str, key: str) -> str:
    return f"{table}.{key}" if table else key


def _is_table(value: object) -> bool:
    """A model, or a tuple of them; an empty tuple has nothing to write."""
    if isinstance(value, tuple):
        return all(isinstance(item, BaseModel) for item in value)
    return isinstance(value, BaseModel)


def _apart(lines: Iterator[str]) -> Iterator[str]:
    """Lines of a table after an empty line; nothing for a table without entries."""
    for number, line in enumerate(lines):
        if number == 0:
            yield ""
        yield line


def _comment_lines(text: str | None) -> list[str]:
    return [f"# {line.strip()}" for line in (text or "").splitlines()]


def _toml_value(value: object) -> str:
    if isinstance(value, tuple):
        items = [_toml_value(item) for item in value]
        if any(isinstance(item, tuple) for item in value):
            return "".join(["[\n", *(f"  {item},\n" for item in items), "]"])
        return f"[{', '.join(items)}]"
    if isinstance(value, str | Path):
        # A TOML basic string has the escapes of JSON, except that DEL must be escaped too.
        return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
    return json.dumps(value)

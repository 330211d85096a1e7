"""What the new-experiment form holds, right or wrong, and the specification that it makes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from medkd_core.jobs.spec import JobSpec
from medkd_core.networks.registry import NETWORKS, is_timm_name
from medkd_viewer.training.settings_table import SETTINGS, sentence

KINDS = {
    "teacher": "Teacher: learns from the labels",
    "student": "Student without teachers: the baseline",
    "distill": "Distil: learns from teachers, too",
}
DATASETS = {
    "covid-qu-ex": "COVID-QU-Ex",
    "lc25000": "LC25000",
    "folder": "A folder for each class",
    "csv": "A table of labels (CSV)",
    "dicom": "DICOM files and a table of labels",
}
WITH_TABLE = ("csv", "dicom")
"""Kinds of data set that a table describes."""
GENERAL = ""
"""Key of a problem that belongs to no single field."""

TEXT_KEYS = (
    "kind",
    "name",
    "data.kind",
    "data.root",
    "data.table",
    "network.name",
    *(setting.key for setting in SETTINGS),
)


@dataclass(frozen=True)
class ExperimentDraft:
    """The entries of the form.

    Attributes
    ----------
    entries : mapping of str to str
        Text of each field by its dotted key; what is empty takes the specification's default.
    teachers : tuple of str
        Identifiers of the teachers' jobs.
    basis : JobSpec or None
        The specification that is being copied: what the form does not show is kept from it.
    """

    entries: Mapping[str, str]
    teachers: tuple[str, ...] = ()
    basis: JobSpec | None = None


@dataclass(frozen=True)
class CheckedDraft:
    """A draft's specification, or the sentences that say why there is none."""

    spec: JobSpec | None
    problems: Mapping[str, str] = field(default_factory=dict)


def draft_of(spec: JobSpec) -> ExperimentDraft:
    """Return the draft that makes `spec` again."""
    whole = spec.model_dump(mode="json")
    entries = {key: _text(_look_up(whole, key)) for key in TEXT_KEYS}
    return ExperimentDraft(entries, tuple(teacher.job for teacher in spec.teachers), spec)


def check(draft: ExperimentDraft) -> CheckedDraft:
    """Make the specification, or say field by field what is missing or wrong."""
    problems = _missing(draft)
    try:
        spec = JobSpec.model_validate(_nested(draft))
    except ValidationError as error:
        for detail in error.errors():
            key = ".".join(map(str, detail["loc"]))
            known = key if key in TEXT_KEYS else GENERAL
            problems.setdefault(known, sentence(detail))
        return CheckedDraft(None, problems)
    return CheckedDraft(None if problems else spec, problems)


def _missing(draft: ExperimentDraft) -> dict[str, str]:
    problems = {}
    root = draft.entries.get("data.root", "").strip()
    if not root:
        problems["data.root"] = "Choose the folder that holds the images, or drop it here."
    elif not Path(root).is_dir():
        problems["data.root"] = "There is no such folder."
    table = draft.entries.get("data.table", "").strip()
    if draft.entries.get("data.kind") in WITH_TABLE and not table:
        problems["data.table"] = "Choose the CSV file that holds the labels."
    elif draft.entries.get("data.kind") in WITH_TABLE and not Path(table).is_file():
        problems["data.table"] = "There is no such file."
    if draft.entries.get("kind") == "distill" and not draft.teachers:
        problems["teachers"] = "Tick at least one finished teacher."
    network = draft.entries.get("network.name", "").strip()
    if network not in NETWORKS and not is_timm_name(network):
        problems["network.name"] = "Choose one of the list, or write timm:NAME."
    if is_timm_name(network) and _number(draft.entries.get("network.width", "")) not in {None, 1}:
        problems["network.width"] = "A network of timm has no width but 1."
    return problems


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _nested(draft: ExperimentDraft) -> dict[str, Any]:
    whole: dict[str, Any] = draft.basis.model_dump() if draft.basis else {}
    for key, text in draft.entries.items():
        *tables, last = key.split(".")
        table = whole
        for name in tables:
            table = table.setdefault(name, {})
        if text.strip():
            table[last] = text.strip()
        else:
            table.pop(last, None)
    if whole["data"].get("kind") not in WITH_TABLE:
        whole["data"].pop("table", None)
    if draft.basis and draft.basis.network.name != whole["network"].get("name"):
        whole["network"]["target_layer"] = None  # it was a layer of the other network
    weights = {teacher["job"]: teacher["weight"] for teacher in whole.get("teachers", ())}
    distils = draft.entries.get("kind") == "distill"
    whole["teachers"] = [
        {"job": job, "weight": weights.get(job, 1.0)} for job in draft.teachers if distils
    ]
    return whole


def _look_up(whole: Mapping[str, Any], key: str) -> Any:
    value: Any = whole
    for name in key.split("."):
        value = value[name]
    return value


def _text(value: object) -> str:
    return "" if value is None else str(value)

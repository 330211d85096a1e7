"""Evaluate a bundle on a data set: one report for programs, one for people, one line an image."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medkd_core.bundles.read import Bundle
from medkd_core.bundles.schema import NetworkEntry
from medkd_core.datasets.record import Dataset, Record, Split
from medkd_core.errors import DatasetError, MedKDError
from medkd_core.evaluation.answers import Answers, ask_networks
from medkd_core.evaluation.calibration import (
    expected_calibration_error,
    negative_log_likelihood,
    probabilities,
)
from medkd_core.evaluation.familiarity import distances
from medkd_core.evaluation.metrics import confusion_matrix, group_table, measure
from medkd_core.evaluation.report_schema import EvaluationReport, NetworkReport
from medkd_core.evaluation.report_text import report_text
from medkd_core.jobs.durable import write_durably

Labels = NDArray[np.intp]


def evaluate_bundle(
    bundle: Bundle,
    dataset: Dataset,
    split: Split,
    folder: Path,
    device: str = "auto",
    *,
    progress: Callable[[int, int], None] | None = None,
) -> EvaluationReport:
    """Ask every network about every image of a split and write what came of it.

    Parameters
    ----------
    folder : Path
        Gets ``report.json``, ``report.md`` and ``predictions.csv`` once all is measured.
    progress : callable, optional
        Called with the images finished and their number.

    Raises
    ------
    DatasetError
        The split is empty, or its classes are not the model's.
    MedKDError
        A file cannot be read, a network cannot run, or the report cannot be written.
    """
    records = dataset.split(split)
    truth = _truth(bundle, dataset, split, records)
    answers = ask_networks(bundle, records, device, progress=progress)
    report = _report(bundle, dataset, split, records, truth, answers)
    _write(folder, report, _predictions(bundle, records, answers))
    return report


def _truth(bundle: Bundle, dataset: Dataset, split: Split, records: Sequence[Record]) -> Labels:
    """Class indices of the records in the model's order."""
    known = bundle.manifest.classes
    if set(dataset.classes) != set(known):
        raise DatasetError(
            f"Cannot evaluate on {dataset.name}",
            because=f"its classes are {', '.join(dataset.classes)}, "
            f"the model's are {', '.join(known)}",
        )
    if not records:
        raise DatasetError(f"Cannot evaluate on {dataset.name}", because=f"no image is in {split}")
    return np.array([known.index(record.label) for record in records])


def _report(
    bundle: Bundle,
    dataset: Dataset,
    split: Split,
    records: Sequence[Record],
    truth: Labels,
    answers: Answers,
) -> EvaluationReport:
    manifest = bundle.manifest
    classes = len(manifest.classes)
    decided = answers.logits[manifest.student.name].argmax(axis=1)
    groups = [record.group for record in records]
    sources = [record.source or "unknown" for record in records]
    return EvaluationReport(
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        bundle=manifest.name,
        bundle_version=manifest.version,
        bundle_digest=bundle.digest,
        demo=manifest.demo,
        dataset=dataset.name,
        split=split,
        classes=manifest.classes,
        images=len(records),
        images_per_class=np.bincount(truth, minlength=classes).tolist(),
        groups=len(set(groups)),
        networks=[
            _network_report(entry, answers, truth, decided, groups) for entry in manifest.networks
        ],
        by_source=group_table(truth, decided, sources, classes),
        unusual_share=_unusual_share(bundle, answers),
        warnings=[*dataset.warnings, *manifest.provenance.warnings],
    )


def _network_report(
    entry: NetworkEntry, answers: Answers, truth: Labels, student: Labels, groups: Sequence[str]
) -> NetworkReport:
    logits = answers.logits[entry.name]
    decided, classes = logits.argmax(axis=1), logits.shape[1]
    predicted = probabilities(logits, entry.temperature)
    return NetworkReport(
        network=entry.name,
        label=entry.label,
        role=entry.role,
        device=answers.devices[entry.name],
        metrics=measure(truth, decided, classes, groups=groups),
        calibration_error=expected_calibration_error(predicted, truth),
        negative_log_likelihood=negative_log_likelihood(logits, truth, entry.temperature),
        confusion=confusion_matrix(truth, decided, classes).tolist(),
        same_decision_as_student=float((decided == student).mean()),
    )


def _unusual_share(bundle: Bundle, answers: Answers) -> float | None:
    familiarity = bundle.manifest.familiarity
    if familiarity is None:
        return None
    far = distances(familiarity, answers.embeddings) > familiarity.unusual_above
    return float(far.mean())


def _predictions(bundle: Bundle, records: Sequence[Record], answers: Answers) -> str:
    """CSV: each image with the calibrated probabilities of each network."""
    text = io.StringIO()
    writer = csv.writer(text)
    classes, networks = bundle.manifest.classes, bundle.manifest.networks
    columns = [f"{entry.name}:{name}" for entry in networks for name in classes]
    writer.writerow(["path", "label", "group", "source", *columns])
    predicted = np.concatenate(
        [probabilities(answers.logits[e.name], e.temperature) for e in networks], axis=1
    )
    for record, row in zip(records, predicted, strict=True):
        facts = [str(record.path), record.label, record.group, record.source]
        writer.writerow([*facts, *(f"{value:.6f}" for value in row)])
    return text.getvalue()


def _write(folder: Path, report: EvaluationReport, predictions: str) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_durably(folder / "predictions.csv", predictions)
        write_durably(folder / "report.md", report_text(report))
        write_durably(folder / "report.json", report.model_dump_json(indent=2) + "\n")
    except OSError as error:
        raise MedKDError(
            "Cannot write the report into", path=folder, because=error.strerror or str(error)
        ) from error

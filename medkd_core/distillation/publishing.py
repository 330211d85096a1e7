"""From a completed job to a bundle: student, teachers, graphs, and all that may be claimed."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import numpy as np

import medkd_core
from medkd_core.bundles.schema import (
    AgreementYardstick,
    BundleManifest,
    Familiarity,
    NetworkEntry,
    OperatingPoint,
    Provenance,
    ReliabilityBin,
    file_stem,
)
from medkd_core.bundles.write import write_bundle
from medkd_core.datasets.loading import load_dataset
from medkd_core.datasets.record import Dataset
from medkd_core.distillation.intended_use import CLASS_DESCRIPTIONS, INTENDED_USE
from medkd_core.distillation.measuring import measure_familiarity, measure_yardstick
from medkd_core.distillation.signals.finding import find_teachers, load_network
from medkd_core.engines.export import export_onnx
from medkd_core.engines.onnx_engine import OnnxEngine
from medkd_core.errors import BundleError, JobError
from medkd_core.evaluation.calibration import operating_points, probabilities, reliability_bins
from medkd_core.evaluation.metrics import METRICS
from medkd_core.jobs.result import LOGITS_FILE, WEIGHTS_FILE, JobResult, read_result
from medkd_core.jobs.store import Job, JobStore
from medkd_core.networks import network_facts
from medkd_core.networks.complexity import count_macs, count_parameters

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class _Member:
    """A job whose network goes into the bundle."""

    job: Job
    result: JobResult
    role: Literal["student", "teacher"]

    @property
    def name(self) -> str:
        return self.job.spec.network.name


def publish(
    job: Job,
    destination: Path,
    *,
    name: str,
    version: str = "1.0",
    demo: bool = False,
    say: Say | None = None,
) -> Path:
    """Publish the network of a completed job, with its teachers if it has any.

    Parameters
    ----------
    job : Job
        A distilled student brings its teachers along; any other network is the only one.
    destination : Path
        New folder.
    name, version : str
        What readers see.
    demo : bool
        Mark every answer as the demo's.
    say : callable, optional
        Told in a sentence what is being done.

    Returns
    -------
    Path
        `destination`.

    Raises
    ------
    JobError
        The job or a teacher is not completed.
    DatasetError
        The job's data set is gone or has changed.
    BundleError
        The destination exists or cannot be written; nothing is left behind.
    """
    say = say or (lambda _: None)
    members = _members(job)
    _refuse_early(destination, members)
    dataset = _same_dataset(members[0])
    with tempfile.TemporaryDirectory(prefix="medkd-publish-") as work_folder:
        work = Path(work_folder)
        entries = [_export(member, work, say) for member in members]
        familiarity, yardstick = _measure(members, dataset, work, say)
        manifest = _manifest(members, entries, familiarity, yardstick).model_copy(
            update={"name": name or job.identifier, "version": version, "demo": demo}
        )
        say("Writing the bundle.")
        return write_bundle(destination, manifest, {file.name: file for file in work.iterdir()})


def _members(job: Job) -> list[_Member]:
    result = read_result(job.result_folder)
    store = JobStore(job.folder.parent)
    taught_by = find_teachers(job.spec, store, result.classes)
    return [
        _Member(job, result, "student"),
        *(_Member(teacher, its_result, "teacher") for teacher, its_result in taught_by),
    ]


def _refuse_early(destination: Path, members: list[_Member]) -> None:
    """What `write_bundle` would refuse after minutes of work."""
    names = [member.name for member in members]
    reason = ""
    if destination.exists():
        reason = "there is something of that name already"
    elif len(set(names)) < len(names):
        reason = f"two of its networks are called by one name ({', '.join(names)})"
    if reason:
        raise BundleError("Cannot write the bundle", path=destination, because=reason)


def _same_dataset(student: _Member) -> Dataset:
    spec, result = student.job.spec, student.result
    dataset = load_dataset(spec.data, spec.seed)
    left_out = set(result.unreadable)
    kept = tuple(record for record in dataset.records if str(record.path) not in left_out)
    dataset = replace(dataset, records=kept)
    counts = tuple(len(dataset.split(split)) for split in ("train", "validation", "test"))
    if counts != (result.train_images, result.validation_images, result.test_images):
        raise JobError(
            "Cannot publish the job",
            path=student.job.folder,
            because="its data set has changed since it was trained",
            cure="Put the data set back, or train again.",
        )
    return dataset


def _export(member: _Member, work: Path, say: Say) -> NetworkEntry:
    """Write a network's two files into `work` and describe it."""
    facts, spec, result = network_facts(member.name), member.job.spec, member.result
    say(f"Exporting {facts.label}.")
    network = load_network(member.job, result)
    weights = work / f"{file_stem(facts.name)}.safetensors"
    shutil.copyfile(member.job.result_folder / WEIGHTS_FILE, weights)
    layer = spec.network.target_layer or facts.target_layer
    graph = weights.with_suffix(".onnx")
    export_onnx(network, facts.name, result.recipe.size, weights, graph, layer)
    return NetworkEntry(
        name=facts.name,
        label=facts.label,
        role=member.role,
        width=spec.network.width,
        recipe=result.recipe,
        target_layer=layer,
        parameters=count_parameters(network),
        macs=count_macs(network, result.recipe.size),
        temperature=result.temperature,
        metrics={key: value for key, value in result.metrics.items() if key in METRICS},
    )


def _measure(
    members: list[_Member], dataset: Dataset, work: Path, say: Say
) -> tuple[Familiarity, AgreementYardstick | None]:
    spec = members[0].job.spec
    opened = {
        member.name: (OnnxEngine(work / f"{file_stem(member.name)}.onnx"), member.result.recipe)
        for member in members
    }
    student = opened.pop(members[0].name)
    say("Learning what its training films look like.")
    familiarity = measure_familiarity(dataset, student[0], spec.view, student[1])
    say("Comparing maps of different films.")
    return familiarity, measure_yardstick(dataset, student, opened, spec.view, spec.seed)


def _manifest(
    members: list[_Member],
    entries: list[NetworkEntry],
    familiarity: Familiarity,
    yardstick: AgreementYardstick | None,
) -> BundleManifest:
    job, result = members[0].job, members[0].result
    points, reliability = _calibration(members[0])
    return BundleManifest(
        name=job.identifier,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        classes=result.classes,
        class_descriptions={
            name: CLASS_DESCRIPTIONS[name] for name in result.classes if name in CLASS_DESCRIPTIONS
        },
        view=job.spec.view,
        networks=entries,
        operating_points=points,
        reliability=reliability,
        familiarity=familiarity,
        agreement=yardstick,
        metrics=result.metrics,
        provenance=Provenance(
            job=job.identifier,
            dataset=result.dataset,
            train_images=result.train_images,
            validation_images=result.validation_images,
            test_images=result.test_images,
            seed=job.spec.seed,
            medkd_version=medkd_core.__version__,
            warnings=result.warnings,
        ),
        intended_use=INTENDED_USE[job.spec.data.kind],
    )


def _calibration(student: _Member) -> tuple[dict[str, OperatingPoint], list[ReliabilityBin]]:
    """From the logits of the validation split that the job kept."""
    path = student.job.result_folder / LOGITS_FILE
    try:
        with np.load(path, allow_pickle=False) as kept:
            logits, labels = kept["validation"], kept["validation_labels"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise JobError(
            "Cannot publish the job",
            path=student.job.folder,
            because=f"{LOGITS_FILE} is missing or damaged",
            cure="Train the job again.",
        ) from error
    predicted = probabilities(logits, student.result.temperature)
    points = operating_points(predicted, labels, student.result.classes)
    return points, reliability_bins(predicted, labels)

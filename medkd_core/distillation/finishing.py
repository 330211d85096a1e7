"""From the best checkpoint to the result of a job."""

from __future__ import annotations

import io
import os
import shutil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medkd_core.distillation.loop.ready import Run
from medkd_core.distillation.loop.trainer import BEST
from medkd_core.distillation.validation import predict_logits
from medkd_core.errors import JobError
from medkd_core.evaluation.calibration import fit_temperature
from medkd_core.evaluation.metrics import confusion_matrix, measure
from medkd_core.jobs.durable import write_durably
from medkd_core.jobs.result import LOGITS_FILE, METRICS_FILE, WEIGHTS_FILE, JobResult
from medkd_core.jobs.store import Job
from medkd_core.networks.weights import load_weights, save_weights

Logits = NDArray[np.float32]

_BESIDE = ".result."


def write_result(run: Run, best_epoch: int) -> JobResult:
    """Test the best network and write `result/`, whole or not at all.

    Called by all processes of a run at once; the first one writes.

    Raises
    ------
    JobError
        The disk refuses.
    """
    # Until the first process has written the best network.
    run.fabric.barrier()
    load_weights(run.network, run.job.checkpoint_folder / BEST)
    validation = predict_logits(run.network, run.validation, run.recipe, run.fabric)
    test = np.zeros((0, len(run.dataset.classes)), np.float32)
    if len(run.test):
        test = predict_logits(run.network, run.test, run.recipe, run.fabric)
    result = _result(run, best_epoch, validation, test)
    if run.shares.is_first:
        _write(run, result, validation, test)
    return result


def sweep(job: Job) -> None:
    """Remove what a killed process left half-written; for the process that holds the job's lock."""
    for partial in job.checkpoint_folder.glob(".*"):
        partial.unlink(missing_ok=True)
    for folder in job.folder.glob(f"{_BESIDE}*"):
        shutil.rmtree(folder, ignore_errors=True)


def _write(run: Run, result: JobResult, validation: Logits, test: Logits) -> None:
    folder = run.job.result_folder
    beside = folder.with_name(f"{_BESIDE}{os.getpid()}")
    try:
        beside.mkdir()
        _fill(beside, run, result, validation, test)
        # A result that a killed process left is whole, but this one was tested now.
        shutil.rmtree(folder, ignore_errors=True)
        beside.rename(folder)
    except OSError as error:
        raise JobError(
            "Cannot write the result",
            path=folder,
            because=error.strerror or str(error),
            cure="Free some space and resume the job; nothing has to be trained again.",
        ) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _result(run: Run, best_epoch: int, validation: Logits, test: Logits) -> JobResult:
    labels, decided, classes = run.test.labels, test.argmax(axis=1), len(run.dataset.classes)
    groups = [record.group for record in run.test.records]
    return JobResult(
        classes=list(run.dataset.classes),
        recipe=run.recipe,
        best_epoch=best_epoch,
        temperature=fit_temperature(validation, run.validation.labels),
        # A data set without a test split has no metrics rather than zeros.
        metrics=measure(labels, decided, classes, groups=groups) if len(labels) else {},
        confusion=confusion_matrix(labels, decided, classes).tolist(),
        dataset=run.dataset.name,
        train_images=len(run.train),
        train_class_counts=np.bincount(run.train.labels, minlength=classes).tolist(),
        validation_images=len(run.validation),
        test_images=len(run.test),
        unreadable=[
            str(path)
            for films in (run.train, run.validation, run.test)
            for path in films.unreadable
        ],
        warnings=list(run.dataset.warnings),
    )


def _fill(folder: Path, run: Run, result: JobResult, validation: Logits, test: Logits) -> None:
    save_weights(run.network, folder / WEIGHTS_FILE)
    logits = io.BytesIO()
    np.savez(
        logits,
        allow_pickle=False,
        validation=validation,
        validation_labels=run.validation.labels,
        test=test,
        test_labels=run.test.labels,
        **_tested_images(run),
    )
    write_durably(folder / LOGITS_FILE, logits.getvalue())
    write_durably(folder / METRICS_FILE, result.model_dump_json(indent=2) + "\n")


def _tested_images(run: Run) -> dict[str, NDArray[np.str_]]:
    """Which images were tested, so that runs can be compared image by image."""
    records, root = run.test.records, run.job.spec.data.root
    return {
        "test_images": np.array([os.path.relpath(record.path, root) for record in records], str),
        "test_groups": np.array([record.group for record in records], str),
        "test_sources": np.array([record.source for record in records], str),
    }

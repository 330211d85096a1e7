"""From the best checkpoint to the result of a job."""

from __future__ import annotations

import io
import os
import shutil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medkd_core.distillation.loop.trainer import BEST
from medkd_core.distillation.preparation import Run
from medkd_core.distillation.validation import predict_logits
from medkd_core.errors import JobError
from medkd_core.evaluation.calibration import fit_temperature
from medkd_core.evaluation.metrics import confusion_matrix, measure
from medkd_core.jobs.durable import write_durably
from medkd_core.jobs.result import LOGITS_FILE, METRICS_FILE, WEIGHTS_FILE, JobResult
from medkd_core.networks.weights import load_weights, save_weights

Logits = NDArray[np.float32]


def write_result(run: Run, best_epoch: int) -> JobResult:
    """Test the best network and write `result/`, whole or not at all.

    Raises
    ------
    JobError
        The disk refuses.
    """
    load_weights(run.network, run.job.checkpoint_folder / BEST)
    validation = predict_logits(run.model, run.validation, run.recipe, run.fabric)
    test = np.zeros((0, len(run.dataset.classes)), np.float32)
    if len(run.test):
        test = predict_logits(run.model, run.test, run.recipe, run.fabric)
    result = _result(run, best_epoch, validation, test)
    folder = run.job.result_folder
    beside = folder.with_name(f".result.{os.getpid()}")
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
    return result


def _result(run: Run, best_epoch: int, validation: Logits, test: Logits) -> JobResult:
    labels, decided, classes = run.test.labels, test.argmax(axis=1), len(run.dataset.classes)
    groups = [record.group for record in run.dataset.split("test")]
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
        warnings=list(run.dataset.warnings),
    )


def _fill(folder: Path, run: Run, result: JobResult, validation: Logits, test: Logits) -> None:
    save_weights(run.network, folder / WEIGHTS_FILE)
    logits = io.BytesIO()
    np.savez(
        logits,
        validation=validation,
        validation_labels=run.validation.labels,
        test=test,
        test_labels=run.test.labels,
    )
    write_durably(folder / LOGITS_FILE, logits.getvalue())
    write_durably(folder / METRICS_FILE, result.model_dump_json(indent=2) + "\n")

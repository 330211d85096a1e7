"""What a completed job hands on besides its weights: `result/metrics.json`."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from medkd_core.errors import JobError
from medkd_core.imaging.recipe import InputRecipe

METRICS_FILE = "metrics.json"
WEIGHTS_FILE = "weights.safetensors"
LOGITS_FILE = "logits.npz"
"""Arrays ``validation``, ``test`` (float32, (images, classes)), ``validation_labels``,
``test_labels`` (int64, (images,)), and ``test_images`` (paths below the data set's root),
``test_groups``, ``test_sources`` (text, (images,)), in the order of the data set's records."""


class JobResult(BaseModel):
    """The network that a job made, and how good it is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    classes: list[str]
    recipe: InputRecipe
    best_epoch: int
    temperature: float
    """Fitted on the validation split; logits are divided by it."""
    metrics: dict[str, float]
    """On the test split, with ``_low`` and ``_high`` for 95 % intervals."""
    confusion: list[list[int]]
    """Test images, rows: true class, columns: decided class."""
    dataset: str
    train_images: int
    train_class_counts: list[int] = []
    """Training images of each class; empty in results of earlier versions."""
    validation_images: int
    test_images: int
    unreadable: list[str] = []
    """Images of any split that could not be decoded and were left out."""
    warnings: list[str]
    """What a reader of the numbers must know about the data."""


def read_result(folder: Path) -> JobResult:
    """Read the result of a job from its `result_folder`.

    Raises
    ------
    JobError
        The job has none yet, or it is damaged.
    """
    try:
        return JobResult.model_validate_json((folder / METRICS_FILE).read_bytes())
    except FileNotFoundError:
        reason, cure = "the job is not completed", "Run or resume it first."
    except (OSError, ValidationError):
        reason, cure = f"{METRICS_FILE} is damaged", "Train the job again."
    raise JobError("Cannot read the result in", path=folder, because=reason, cure=cure)

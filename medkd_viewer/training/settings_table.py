"""Every setting of an experiment that the form offers, declared once."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic_core import ErrorDetails

from medkd_core.jobs.spec import DistillationSpec, TrainingSpec


@dataclass(frozen=True)
class Setting:
    """One field of the form.

    Attributes
    ----------
    key : str
        Where it stands in the specification: ``training.epochs``.
    meaning : str
        A sentence under the field.
    default : str
        What the field holds at first.
    distill_only : bool
        Without teachers it has no effect and is not shown.
    """

    key: str
    label: str
    meaning: str
    default: str
    distill_only: bool = False


_training, _distillation = TrainingSpec(), DistillationSpec()

SETTINGS = (
    Setting("network.width", "Width", "1 is the published network; 0.25 learns in minutes.", "1.0"),
    Setting("network.image_size", "Image size", "Pixels; empty for the network's own.", ""),
    Setting("training.epochs", "Epochs", "How often every image is seen.", str(_training.epochs)),
    Setting(
        "training.batch_size",
        "Batch size",
        "Images in one step; 'largest' takes what the memory holds.",
        str(_training.batch_size),
    ),
    Setting(
        "training.learning_rate",
        "Learning rate",
        "The highest; it rises to it and falls again.",
        str(_training.learning_rate),
    ),
    Setting("seed", "Seed", "The same seed gives the same run.", "0"),
    Setting(
        "distillation.temperature",
        "Temperature",
        "Higher shows more of what teachers think of the other classes.",
        str(_distillation.temperature),
        distill_only=True,
    ),
    Setting(
        "distillation.soft_weight",
        "Soft weight",
        "0 learns from labels alone, 1 from teachers alone.",
        str(_distillation.soft_weight),
        distill_only=True,
    ),
)


def sentence(error: ErrorDetails) -> str:
    """Say what is wrong with a field, as a whole sentence."""
    limits = error.get("ctx", {})
    sentences = {
        "batch_size": f"Needs a whole number from 1 to {limits.get('most')}, or 'largest'.",
        "float_parsing": "Needs a number, such as 0.001.",
        "int_parsing": "Needs a whole number.",
        "greater_than": f"Must be more than {limits.get('gt')}.",
        "greater_than_equal": f"Must be {limits.get('ge')} or more.",
        "less_than": f"Must be less than {limits.get('lt')}.",
        "less_than_equal": f"Must be {limits.get('le')} or less.",
    }
    return sentences.get(error["type"], f"{error['msg']}.")

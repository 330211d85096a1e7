"""What a researcher asks for: one schema for the command line, the Train tab and the file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from medkd_core.imaging.recipe import View

JobKind = Literal["teacher", "student", "distill"]
DatasetKind = Literal["covid-qu-ex", "lc25000", "folder"]


class _Part(BaseModel):
    # The texts under the fields are shown above the entries of a specification file.
    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False
    )


class DataSpec(_Part):
    """Which images, and how they are split."""

    kind: DatasetKind
    root: Path
    limit_per_class: Annotated[int, Field(ge=2)] | None = None
    """Take at most so many images of a class in each split, drawn from the seed."""
    groups: Path | None = None
    """CSV with a ``path`` and a group column, for sets without an official split."""
    group_column: str = "group"
    validation_fraction: Annotated[float, Field(gt=0, lt=0.5)] = 0.15
    test_fraction: Annotated[float, Field(gt=0, lt=0.5)] = 0.15
    allow_leak: bool = False
    """Split by file although copies of one image may stand on both sides."""


class NetworkSpec(_Part):
    """The network that learns."""

    name: str
    """One of MedKD's own, or ``timm:NAME`` for any network of timm: ``timm:resnet50``."""
    width: Annotated[float, Field(gt=0, le=2)] = 1.0
    """Scale of the channels of MedKD's own networks; those of timm have none but 1."""
    image_size: Annotated[int, Field(ge=32, le=1024)] | None = None
    """Side of the input in pixels; the network's own when left out."""
    weights: Path | None = None
    """safetensors (or an imported published file) to start from; the head may differ."""
    target_layer: str | None = None
    """Layer whose map is explained, by its name in torch; the network's own when left out."""


class TeacherSpec(_Part):
    """A teacher: a finished job of kind ``teacher``."""

    job: str
    """Its identifier or name in the same jobs folder (the newest of a name), or its folder."""
    weight: Annotated[float, Field(gt=0)] = 1.0


class TrainingSpec(_Part):
    """How long and how fast."""

    epochs: Annotated[int, Field(ge=1, le=10_000)] = 20
    batch_size: Annotated[int, Field(ge=1, le=4096)] = 32
    learning_rate: Annotated[float, Field(gt=0)] = 1e-3
    weight_decay: Annotated[float, Field(ge=0)] = 0.02
    warmup_epochs: Annotated[int, Field(ge=0, le=10_000)] = 1
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0
    class_balance: Annotated[float, Field(ge=0, lt=1)] = 0.99
    """Beta of the effective number of samples (Cui et al., 2019); 0 weighs all classes alike."""
    augment: bool = True
    device: str = "auto"


class DistillationSpec(_Part):
    """How much is learned from the teachers rather than from the labels."""

    temperature: Annotated[float, Field(gt=0)] = 4.0
    soft_weight: Annotated[float, Field(ge=0, le=1)] = 0.7
    """Weight of the soft labels; the hard labels have the rest."""


class JobSpec(_Part):
    """A job, whole."""

    kind: JobKind
    name: str = ""
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    data: DataSpec
    view: View = View()
    network: NetworkSpec
    teachers: tuple[TeacherSpec, ...] = ()
    training: TrainingSpec = TrainingSpec()
    distillation: DistillationSpec = DistillationSpec()

"""What a researcher asks for: one schema for the command line, the Train tab and the file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainValidator
from pydantic_core import PydanticCustomError

from medkd_core.imaging.recipe import View

JobKind = Literal["teacher", "student", "distill"]
DatasetKind = Literal["covid-qu-ex", "lc25000", "folder", "csv", "dicom"]
HardLossKind = Literal["cross-entropy", "focal", "balanced-softmax"]
SoftLossKind = Literal["kl", "dkd", "dist", "ofa"]
TeacherWeighting = Literal["fixed", "uniform", "entropy", "confidence"]
Sampling = Literal["natural", "balanced"]
Augmentation = Literal["auto", "film", "tissue"]
Precision = Literal["auto", "32-true", "16-mixed", "bf16-mixed"]
Launcher = Literal["local", "torchrun", "slurm"]


_MOST_IMAGES = 4096


def _checked_batch_size(value: object) -> int | Literal["largest"]:
    """One sentence for a wrong value, where a union of types would have two."""
    text = "" if isinstance(value, bool) else str(value).strip()
    if text == "largest":
        return "largest"
    if text.isascii() and text.isdecimal() and 1 <= int(text) <= _MOST_IMAGES:
        return int(text)
    raise PydanticCustomError(
        "batch_size",
        "Input should be a whole number from 1 to {most}, or 'largest'",
        {"most": _MOST_IMAGES},
    )


BatchSize = Annotated[int | Literal["largest"], PlainValidator(_checked_batch_size)]


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
    table: Path | None = None
    """CSV with a row for each image, for the kinds ``csv`` and ``dicom``."""
    path_column: str = "path"
    """Column of the image's path, relative to the root; for ``dicom`` also a UID."""
    label_column: str = "label"
    split_column: str = "split"
    """Column of the official split; left alone where the table has none."""
    groups: Path | None = None
    """CSV with a ``path`` and a group column, for sets without an official split."""
    group_column: str = "group"
    held_out_source: str | None = None
    """Train on nothing of this source and test on all of it: trained here, tested there."""
    validation_fraction: Annotated[float, Field(gt=0, lt=0.5)] = 0.15
    test_fraction: Annotated[float, Field(gt=0, lt=0.5)] = 0.15
    allow_leak: bool = False
    """Go on although images of one group, or copies of one image, stand in several splits."""
    skip_unreadable: bool = False
    """Go on without images that cannot be decoded; they are counted and listed."""


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
    """How long, how fast, and against which labels."""

    epochs: Annotated[int, Field(ge=1, le=10_000)] = 20
    batch_size: BatchSize = 32
    """Images of a step on all processes together; ``largest`` finds what the memory holds."""
    accumulate: Annotated[int, Field(ge=1, le=1024)] = 1
    """Make each step of so many smaller parts, for want of memory."""
    learning_rate: Annotated[float, Field(gt=0)] = 1e-3
    weight_decay: Annotated[float, Field(ge=0)] = 0.02
    warmup_epochs: Annotated[int, Field(ge=0, le=10_000)] = 1
    gradient_clip: Annotated[float, Field(gt=0)] = 1.0
    """Largest norm of a step's gradient."""
    ema_decay: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Validate and keep the moving average of the weights; 0 keeps the weights themselves."""
    early_stopping: Annotated[int, Field(ge=1)] | None = None
    """Stop after so many epochs without a better macro F1."""
    layer_decay: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Learning rate of each stage as part of the next one's; below 1 for fine-tuning."""
    frozen_stages: Annotated[int, Field(ge=0)] = 0
    """So many stages, from the input on, keep their weights."""
    freeze_normalisation: bool = False
    """Batch normalisation keeps its statistics."""
    sampling: Sampling = "natural"
    """``balanced`` shows every class equally often."""
    hard_loss: HardLossKind = "cross-entropy"
    focal_gamma: Annotated[float, Field(ge=0)] = 2.0
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0
    class_balance: Annotated[float, Field(ge=0, lt=1)] = 0.99
    """Beta of the effective number of samples (Cui et al., 2019); 0 weighs all classes alike."""
    augment: bool = True
    augmentation: Augmentation = "auto"
    """``film`` keeps left and right; ``tissue`` is turned, mirrored and stained differently;
    ``auto``: tissue for ``lc25000``, else film."""
    precision: Precision = "auto"
    """``auto``: float32 on the CPU, bfloat16 where CUDA has it."""
    device: str = "auto"


class DistillationSpec(_Part):
    """How much is learned from the teachers rather than from the labels, and what."""

    soft_loss: SoftLossKind = "kl"
    temperature: Annotated[float, Field(gt=0)] = 4.0
    soft_weight: Annotated[float, Field(ge=0, le=1)] = 0.7
    """Weight of the soft labels; the hard labels have the rest."""
    weighting: TeacherWeighting = "fixed"
    """Shares of several teachers: as given, alike, or image by image by entropy or by label."""
    standardise_logits: bool = False
    """Logits of zero mean and unit spread; says nothing new of three classes or fewer."""
    correct_prior: bool = False
    """Take out of the teachers' answers how common each class was among their images."""
    dkd_alpha: Annotated[float, Field(ge=0)] = 1.0
    dkd_beta: Annotated[float, Field(ge=0)] = 8.0
    """Weights of the target class and of the others in ``dkd``."""
    dist_beta: Annotated[float, Field(ge=0)] = 1.0
    dist_gamma: Annotated[float, Field(ge=0)] = 1.0
    """Weights of relations between the classes and within a class in ``dist``."""
    ofa_gamma: Annotated[float, Field(ge=1)] = 1.4
    """Exponent of the true class in ``ofa``."""
    feature_weight: Annotated[float, Field(ge=0)] = 0.0
    """Weight of the projected pooled features; 0 leaves them out."""
    explanation_weight: Annotated[float, Field(ge=0)] = 0.0
    """Weight of the student's map against the teachers' maps; 0 leaves them out."""
    explanation_warmup_epochs: Annotated[int, Field(ge=0)] = 2
    """Epochs before the maps count: an untrained network looks nowhere."""
    remember: bool = False
    """Ask the teachers once, before the first step, and remember what they said, for other jobs,
    too: in the user's cache, up to MEDKD_TEACHERS_GIB (environment; 16 when left out)."""
    views: Annotated[int, Field(ge=1, le=64)] = 4
    """Remembered augmented views of each image; epochs take them in turn."""


class LaunchSpec(_Part):
    """Where the job's processes run."""

    launcher: Launcher = "local"
    """``local``: one process here; ``torchrun``: several here; ``slurm``: a job of the cluster."""
    processes: Annotated[int, Field(ge=1, le=1024)] = 1
    """Processes that share each step, on one machine; one for each GPU where there are any."""
    partition: str | None = None
    """Of Slurm's; its default one when left out."""
    gpus: Annotated[int, Field(ge=0, le=1024)] = 0
    """Asked of Slurm: one for each process, or none."""
    minutes: Annotated[int, Field(ge=1)] = 60
    """Time limit under Slurm; a job that reaches it is put in the queue again."""
    cpus_per_process: Annotated[int, Field(ge=1)] = 2
    """Processors asked of Slurm, and threads of each process unless OMP_NUM_THREADS is set."""


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
    launch: LaunchSpec = LaunchSpec()

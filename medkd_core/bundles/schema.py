"""What ``bundle.json`` says: the published model without its weights."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from medkd_core.imaging.recipe import InputRecipe, View

SCHEMA_VERSION = 1

Probability = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(gt=0)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def file_stem(network: str) -> str:
    """What a network's files are called on any system: its name, with ``-`` for ``:`` and ``.``.

    No name has a ``-`` of its own, so that two networks never share a file:
    ``timm:resnet50.a1_in1k`` is ``timm-resnet50-a1_in1k``, ``ofa_595`` stays as it is.
    """
    return network.replace(":", "-").replace(".", "-")


class NetworkEntry(_Part):
    """One network of the bundle; its files are ``<file_stem>.safetensors`` and ``.onnx``."""

    name: str
    """``ofa_595``, ``densenet201``, ..., or ``timm:resnet50`` for any other network of timm."""
    label: str
    """For the screen: ``OFA-595``."""
    role: Literal["student", "teacher"]
    width: Annotated[float, Field(gt=0)]
    """Channel scale; 1 is the published network."""
    recipe: InputRecipe
    target_layer: str
    """Module whose output Score-CAM explains."""
    parameters: Count
    macs: Count
    """Multiply-accumulates of one input."""
    temperature: Annotated[float, Field(gt=0)] = 1.0
    """Logits are divided by it before the softmax; fitted on the validation split."""
    metrics: dict[str, float] = {}
    """Of this network on the test split: ``macro_f1``, ``balanced_accuracy``, ``accuracy``."""

    @property
    def file_stem(self) -> str:
        """What its files are called without their ending; see `file_stem`."""
        return file_stem(self.name)


class ReliabilityBin(_Part):
    """Validation images whose top calibrated probability fell into [low, high)."""

    low: Probability
    high: Probability
    count: int
    correct: int


class OperatingPoint(_Part):
    """The probability from which a class is called, and what that meant on validation images."""

    threshold: Probability
    sensitivity: Probability
    specificity: Probability
    positive_predictive_value: Probability
    calls: int
    """Validation images that were called this class."""


class Familiarity(_Part):
    """What the student's embeddings of its training films look like (class-conditional Gaussian).

    Squared Mahalanobis distance to the nearest class mean in a space of ``k`` principal axes
    (Lee et al., 2018, arXiv:1807.03888). All lists are row-major.
    """

    center: list[float]
    axes: list[list[float]]
    """(k, d)"""
    class_means: list[list[float]]
    """(classes, k)"""
    precision: list[list[float]]
    """(k, k)"""
    distance_quantiles: list[float]
    """Squared distances of validation films at 0, 1, ..., 100 %: how many lie nearer."""
    unusual_above: float
    """Squared distance beyond which a film is called unusual."""


class IntendedUse(_Part):
    """What kind of picture the model was made for; anything else is *not applicable*."""

    statement: str = ""
    modalities: list[str] = []
    """DICOM modalities; empty: any. Files that are not DICOM are taken on trust."""
    body_parts: list[str] = []
    """Body part examined, upper case; empty: any. A file that names none is taken on trust."""
    grey_only: bool = False
    """Made for pictures without colour."""


class Provenance(_Part):
    """Where the weights come from."""

    job: str = ""
    dataset: str = ""
    train_images: int = 0
    validation_images: int = 0
    test_images: int = 0
    seed: int = 0
    medkd_version: str = ""
    warnings: list[str] = []
    """What a reader must know: confounded sources, no patient identities, ..."""


class AgreementYardstick(_Part):
    """Rank correlation of student and teacher maps that share nothing but the networks.

    Attributes
    ----------
    different_films : float
        Median Spearman correlation of maps of different films.
    random_maps : float
        Median Spearman correlation of a map and smooth random maps.
    films : int
        Films that the numbers were taken on.
    """

    different_films: float
    random_maps: float
    films: int


class BundleManifest(_Part):
    """The whole of ``bundle.json``."""

    schema_version: Literal[1] = 1
    research_use_only: Literal[True] = True
    name: str
    version: str = "1.0"
    created: str
    """UTC, ISO 8601."""
    demo: bool = False
    """True for the embedded demo: every answer says so."""
    classes: list[str]
    class_descriptions: dict[str, str] = {}
    """Plain words for the screen: ``{"Non-COVID": "Non-COVID pneumonia"}``."""
    view: View
    networks: list[NetworkEntry]
    """The student first, then the teachers."""
    operating_points: dict[str, OperatingPoint] = {}
    reliability: list[ReliabilityBin] = []
    familiarity: Familiarity | None = None
    agreement: AgreementYardstick | None = None
    metrics: dict[str, float] = {}
    """Of the student on the test split, with ``_low`` and ``_high`` for 95 % intervals."""
    provenance: Provenance = Provenance()
    intended_use: IntendedUse = IntendedUse()

    @property
    def student(self) -> NetworkEntry:
        """The network whose answer is shown."""
        return self.networks[0]

    @property
    def teachers(self) -> list[NetworkEntry]:
        """The networks it learned from, in the order of the bundle."""
        return self.networks[1:]

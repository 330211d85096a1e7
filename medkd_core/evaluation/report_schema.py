"""What ``report.json`` of an evaluation says."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from medkd_core import RESEARCH_USE_ONLY
from medkd_core.evaluation.metrics import GroupRow


class NetworkReport(BaseModel):
    """How one network did."""

    model_config = ConfigDict(frozen=True)

    network: str
    label: str
    role: str
    device: str
    metrics: dict[str, float]
    """With ``_low`` and ``_high`` for 95 % bootstrap intervals over groups."""
    calibration_error: float
    """Expected calibration error of the calibrated probabilities, 15 bins."""
    negative_log_likelihood: float
    """Of the calibrated probabilities, in nats."""
    confusion: list[list[int]]
    """Rows are true classes."""
    same_decision_as_student: float
    """Share of the images."""


class EvaluationReport(BaseModel):
    """The whole of ``report.json``."""

    model_config = ConfigDict(frozen=True)

    research_use_only: str = RESEARCH_USE_ONLY
    created: str
    """UTC, ISO 8601."""
    bundle: str
    bundle_version: str
    bundle_digest: str
    demo: bool
    dataset: str
    split: str
    classes: list[str]
    images: int
    images_per_class: list[int]
    groups: int
    networks: list[NetworkReport]
    """The student first."""
    by_source: list[GroupRow]
    """The student's results on each source by itself."""
    unusual_share: float | None
    """Share of the images that the model calls unlike its training films."""
    warnings: list[str]

    @property
    def metrics(self) -> dict[str, float]:
        """Of the student."""
        return self.networks[0].metrics

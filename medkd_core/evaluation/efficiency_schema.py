"""What ``medkd profile`` says, for people, programs and pictures."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from medkd_core import RESEARCH_USE_ONLY

DISTURBED = 0.2
"""Cores of others from which times are no longer the machine's own."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class BatchRate(_Part):
    """How fast an engine works through batches of one size."""

    batch: int
    images_per_second: float
    peak_memory_bytes: int | None
    """At most since the engine was opened, its weights counted; None where nobody knows."""


class EngineTimes(_Part):
    """How fast an engine answers, and what it holds meanwhile."""

    latency_ms_median: float
    """Of one image at a time, from numpy array to logits."""
    latency_ms_p95: float
    single_runs: int
    rates: list[BatchRate]
    """Every batch tried, from 1 on, until larger ones no longer paid."""
    best: BatchRate
    """The smallest batch that is as fast as any."""

    @property
    def single_memory_bytes(self) -> int | None:
        """Peak memory of one image at a time."""
        return self.rates[0].peak_memory_bytes


class TimeRatios(_Part):
    """Multiples of the student's figures on the same engine."""

    latency: float
    images_per_second: float
    single_memory: float | None
    peak_memory: float | None


class EngineProfile(_Part):
    """One network on one engine."""

    runtime: str
    """``onnxruntime`` or ``torch``."""
    device: str
    """``cpu``, ``cuda:0``."""
    label: str
    """In words."""
    times: EngineTimes | None = None
    to_student: TimeRatios | None = None
    others_busy_cores: float | None = None
    """What other programs used meanwhile, on average; None where nobody knows."""
    failure: str = ""
    """Why there are no times, as a sentence."""


class SizeRatios(_Part):
    """Multiples of the student's figures."""

    parameters: float
    macs: float
    file_bytes: float


class Score(_Part):
    """Macro F1 on the bundle's test split."""

    macro_f1: float
    low: float | None = None
    """Bounds of the 95 % interval, where the bundle has them."""
    high: float | None = None
    macs_per_point: float
    """Multiply-accumulates of one image for each hundredth of macro F1."""


class Recount(_Part):
    """What torch counts today on the network that the bundle's weights belong to."""

    parameters: int
    macs: int


class NetworkProfile(_Part):
    """What one network costs."""

    network: str
    label: str
    role: Literal["student", "teacher"]
    width: float
    input_size: int
    parameters: int
    macs: int
    """Multiply-accumulates of one input."""
    file_bytes: int
    """Of the weights on disk."""
    score: Score | None
    recount: Recount | None
    """None where torch is not installed or could not run the network."""
    to_student: SizeRatios
    engines: list[EngineProfile]

    @property
    def miscounted(self) -> bool:
        """The figures said are not those that torch counts."""
        counted = self.recount
        said = (self.parameters, self.macs)
        return counted is not None and (counted.parameters, counted.macs) != said


class MachineFacts(_Part):
    """The machine and the libraries that the times hold for; nothing that names it."""

    processor: str
    cores_used: int
    memory_bytes: int | None
    gpus: list[str]
    system: str
    python: str
    packages: dict[str, str]
    """Versions of MedKD, numpy, onnxruntime and, where installed, torch."""
    date: str
    """UTC, ISO 8601."""


class EfficiencyReport(_Part):
    """The whole of ``medkd profile --json``."""

    research_use_only: str = RESEARCH_USE_ONLY
    subject: str
    """The bundle's name and version, or that these are the published networks."""
    demo: bool
    test_images: int
    """On which the scores were taken; 0: there are none."""
    machine: MachineFacts
    networks: list[NetworkProfile]
    """The student first."""

    @property
    def most_disturbed(self) -> tuple[NetworkProfile, EngineProfile] | None:
        """Where other programs took the most, if they took enough to spoil times and ratios."""
        every = [(network, engine) for network in self.networks for engine in network.engines]
        worst = max(every, key=lambda pair: pair[1].others_busy_cores or 0)
        return worst if (worst[1].others_busy_cores or 0) > DISTURBED else None

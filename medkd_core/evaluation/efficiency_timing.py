"""Time an engine within a budget: one image at a time, then batches until they no longer pay."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from medkd_core.engines.protocol import Engine, FloatArray
from medkd_core.errors import EngineError
from medkd_core.evaluation.efficiency_schema import BatchRate, EngineTimes
from medkd_core.evaluation.memory import PeakMemory

_ALWAYS_TRIED = 8
_AS_FAST = 0.97
"""Rates nearer to each other than this are one rate: times scatter by about as much."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How long to measure; a slow network overruns it up to fivefold for its fewest runs.

    Attributes
    ----------
    single_seconds : float
        For one image at a time.
    batch_seconds : float
        For each size of batch.
    fewest_runs : int
        Of one image; a quarter as many of each batch.
    longest_batch_seconds : float
        No batch that would take longer is tried, except those of up to 8.
    """

    single_seconds: float = 0.8
    batch_seconds: float = 0.2
    fewest_runs: int = 20
    longest_batch_seconds: float = 0.4


def time_engine(engine: Engine, memory: PeakMemory, budget: Budget | None = None) -> EngineTimes:
    """Time an engine on random images.

    Batches of 1, 2, 4, ... are tried until two in a row bring nothing, one would take longer than
    the budget allows, or memory is spent.

    Parameters
    ----------
    engine : Engine
    memory : PeakMemory
        Made before the engine was opened, so that its weights count.
    budget : Budget, optional
        The one of ``medkd profile`` when left out.

    Raises
    ------
    EngineError
        Not even one image can be run.
    """
    budget = budget or Budget()
    single = _seconds(engine, 1, budget.single_seconds, budget.fewest_runs)
    alone = BatchRate(
        batch=1,
        images_per_second=1 / float(np.median(single)),
        peak_memory_bytes=memory.grown_bytes(),
    )
    rates = [alone, *_larger(engine, memory, budget, alone.images_per_second)]
    enough = _AS_FAST * max(rate.images_per_second for rate in rates)
    return EngineTimes(
        latency_ms_median=1000 * float(np.median(single)),
        latency_ms_p95=1000 * float(np.quantile(single, 0.95)),
        single_runs=len(single),
        rates=rates,
        best=next(rate for rate in rates if rate.images_per_second >= enough),
    )


def _larger(engine: Engine, memory: PeakMemory, budget: Budget, fastest: float) -> list[BatchRate]:
    rates: list[BatchRate] = []
    batch, in_vain = 2, 0
    longest = max(_ALWAYS_TRIED, budget.longest_batch_seconds * fastest)
    while in_vain < 2 and batch <= longest:
        try:
            seconds = _seconds(engine, batch, budget.batch_seconds, budget.fewest_runs // 4)
        except (EngineError, MemoryError):
            break
        speed = batch / float(np.median(seconds))
        rates.append(
            BatchRate(batch=batch, images_per_second=speed, peak_memory_bytes=memory.grown_bytes())
        )
        in_vain = 0 if speed * _AS_FAST > fastest else in_vain + 1
        fastest, batch = max(fastest, speed), 2 * batch
    return rates


def _seconds(engine: Engine, batch: int, budget: float, fewest: int) -> list[float]:
    """Seconds of every run, after a warm-up; three runs at least."""
    images: FloatArray = np.random.default_rng(0).standard_normal(
        (batch, 3, *engine.input_shape), np.float32
    )
    engine.logits(images)
    taken: list[float] = []
    while len(taken) < 3 or sum(taken) < (budget if len(taken) >= fewest else 5 * budget):
        began = time.perf_counter()
        engine.logits(images)
        taken.append(time.perf_counter() - began)
    return taken

"""What a network costs: size, operations, time and memory on the machine at hand."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from medkd_core.bundles.read import Bundle
from medkd_core.engines.protocol import Engine
from medkd_core.evaluation.memory import peak_memory

FloatArray = NDArray[np.float32]


class EngineTimes(BaseModel):
    """How fast an engine answers."""

    model_config = ConfigDict(frozen=True)

    device: str
    latency_ms_median: float
    """Of one image at a time, from numpy array to logits."""
    latency_ms_p95: float
    images_per_second: float
    """In batches."""
    batch: int
    peak_memory_bytes: int | None
    """Growth of this process's resident memory while it ran, at most; None where the system does
    not say. Does not count a GPU's memory."""


class NetworkProfile(BaseModel):
    """One line of ``medkd profile``."""

    model_config = ConfigDict(frozen=True)

    network: str
    label: str
    role: str
    width: float
    input_size: int
    parameters: int
    macs: int
    file_bytes: int
    """Of the weights on disk."""
    times: EngineTimes


def profile_bundle(
    bundle: Bundle, device: str = "auto", *, repetitions: int = 20, batch: int = 16
) -> list[NetworkProfile]:
    """Profile every network of a bundle, the student first."""
    profiles = []
    for entry in bundle.manifest.networks:
        # Opened here and dropped before the next, so that memory is not counted twice.
        engine = bundle.engine(entry.name, device)
        profiles.append(
            NetworkProfile(
                network=entry.name,
                label=entry.label,
                role=entry.role,
                width=entry.width,
                input_size=entry.recipe.size,
                parameters=entry.parameters,
                macs=entry.macs,
                file_bytes=bundle.weights_path(entry.name).stat().st_size,
                times=profile_engine(engine, repetitions=repetitions, batch=batch),
            )
        )
    return profiles


def profile_engine(engine: Engine, *, repetitions: int = 20, batch: int = 16) -> EngineTimes:
    """Time an engine on random images, after one answer to warm it up.

    Parameters
    ----------
    engine : Engine
    repetitions : int
        Single images timed; a quarter as many batches are.
    batch : int
        Images of a batch.
    """
    generator = np.random.default_rng(0)
    images = generator.standard_normal((batch, 3, *engine.input_shape), np.float32)
    with peak_memory() as memory:
        single = _seconds(engine, images[:1], repetitions)
        together = _seconds(engine, images, max(1, repetitions // 4))
    return EngineTimes(
        device=engine.device,
        latency_ms_median=1000 * float(np.median(single)),
        latency_ms_p95=1000 * float(np.quantile(single, 0.95)),
        images_per_second=batch / float(np.median(together)),
        batch=batch,
        peak_memory_bytes=memory.grown_bytes,
    )


def _seconds(engine: Engine, images: FloatArray, repetitions: int) -> list[float]:
    engine.logits(images)
    taken = []
    for _ in range(repetitions):
        began = time.perf_counter()
        engine.logits(images)
        taken.append(time.perf_counter() - began)
    return taken

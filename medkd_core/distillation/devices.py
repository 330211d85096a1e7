"""Where a job computes, and in which precision."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Literal

import torch
from lightning_fabric import Fabric
from lightning_fabric.strategies import DDPStrategy

from medkd_core.distillation.loop.processes import Place, cluster_environment, place
from medkd_core.engines.devices import cpu_label, resolve_device
from medkd_core.errors import EngineError
from medkd_core.jobs.spec import Precision

# The first process may ask the teachers of a whole data set while the others wait for it.
_PATIENCE = timedelta(hours=12)


def make_fabric(device: str, precision: Precision = "auto") -> Fabric:
    """Fabric on one device, or on one device for each process of a run.

    Parameters
    ----------
    device : str
        ``auto``, ``cpu``, ``cuda`` or ``cuda:n``; of several processes each takes a GPU of its own.
    precision : Precision
        ``auto``: float32 on the CPU, bfloat16 where it is safe on CUDA.

    Raises
    ------
    EngineError
        There is no such device, or it has no such precision.
    """
    here = place()
    key, _ = resolve_device(device)
    accelerator = key.partition(":")[0]
    devices = _devices(key, here)
    fabric = Fabric(
        accelerator=accelerator,
        devices=devices,
        num_nodes=here.nodes,
        strategy=DDPStrategy(timeout=_PATIENCE) if here.count > 1 else "auto",
        precision=_precision(accelerator, precision),
        plugins=[cluster_environment()],
    )
    fabric.launch()
    return fabric


def _devices(key: str, here: Place) -> int | list[int]:
    if key == "cpu" or here.count > 1:
        return here.on_node
    return [int(key.partition(":")[2])]


def _precision(accelerator: str, wanted: Precision) -> Literal["32-true", "16-mixed", "bf16-mixed"]:
    if wanted == "auto":
        bfloat16 = accelerator == "cuda" and torch.cuda.is_bf16_supported()
        return "bf16-mixed" if bfloat16 else "32-true"
    if wanted == "16-mixed" and accelerator == "cpu":
        raise EngineError(
            "Cannot train in the precision '16-mixed'",
            because="the CPU has no arithmetic in float16",
            cure="Choose auto, 32-true or bf16-mixed.",
        )
    return wanted


def device_label(fabric: Fabric) -> str:
    """The device in words: ``CPU, 2 threads``."""
    if fabric.device.type == "cpu":
        label = cpu_label(torch.get_num_threads())
    else:
        label = f"{torch.cuda.get_device_name(fabric.device)} ({fabric.device})"
    return label if fabric.world_size == 1 else f"{fabric.world_size} processes, each {label}"


def make_deterministic(seed: int) -> None:
    """The same numbers from the same seed, on the same kind of device."""
    # cuBLAS reads this when it is first used.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True, warn_only=True)
    # Costs time, and matters only to code that reads memory which it never wrote.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.backends.cudnn.benchmark = False
    torch.manual_seed(seed)

"""Where a job computes, and in which precision."""

from __future__ import annotations

import os

import torch
from lightning_fabric import Fabric

from medkd_core.engines.devices import cpu_label, resolve_device


def make_fabric(device: str) -> Fabric:
    """Fabric on one device: float32 on the CPU, bfloat16 where it is safe on CUDA.

    Parameters
    ----------
    device : str
        ``auto``, ``cpu``, ``cuda`` or ``cuda:n``.

    Raises
    ------
    EngineError
        There is no such device.
    """
    key, _ = resolve_device(device)
    if key == "cpu":
        return Fabric(accelerator="cpu", devices=1, precision="32-true")
    precision = "bf16-mixed" if torch.cuda.is_bf16_supported() else "32-true"
    index = int(key.partition(":")[2])
    return Fabric(accelerator="cuda", devices=[index], precision=precision)


def device_label(fabric: Fabric) -> str:
    """The device in words: ``CPU, 2 threads``."""
    if fabric.device.type == "cpu":
        return cpu_label(torch.get_num_threads())
    return f"{torch.cuda.get_device_name(fabric.device)} ({fabric.device})"


def make_deterministic(seed: int) -> None:
    """The same numbers from the same seed, on the same kind of device."""
    # cuBLAS reads this when it is first used.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True, warn_only=True)
    # Costs time, and matters only to code that reads memory which it never wrote.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.backends.cudnn.benchmark = False
    torch.manual_seed(seed)

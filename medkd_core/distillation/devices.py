"""Where a job computes, and in which precision."""

from __future__ import annotations

import os

import torch
from lightning_fabric import Fabric

from medkd_core.errors import JobError


def make_fabric(device: str) -> Fabric:
    """Fabric on one device: float32 on the CPU, bfloat16 where it is safe on CUDA.

    Parameters
    ----------
    device : str
        ``auto``, ``cpu``, ``cuda`` or ``cuda:n``.

    Raises
    ------
    JobError
        There is no such device.
    """
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    kind, _, number = device.partition(":")
    if kind == "cpu":
        return Fabric(accelerator="cpu", devices=1, precision="32-true")
    if kind != "cuda" or not (number or "0").isdigit():
        raise _no_device(device, "a device is called auto, cpu, cuda or cuda:0")
    if int(number or 0) >= torch.cuda.device_count():
        raise _no_device(device, f"this machine has {torch.cuda.device_count()} CUDA devices")
    precision = "bf16-mixed" if torch.cuda.is_bf16_supported() else "32-true"
    return Fabric(accelerator="cuda", devices=[int(number or 0)], precision=precision)


def device_label(fabric: Fabric) -> str:
    """The device in words: ``CPU, 2 threads``."""
    if fabric.device.type == "cpu":
        return f"CPU, {torch.get_num_threads()} threads"
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


def _no_device(device: str, reason: str) -> JobError:
    return JobError(
        f"Cannot compute on '{device}'",
        because=reason,
        cure="Set 'device' of [training] to auto.",
    )

"""What can be computed on, and what is chosen; torch is asked only where there may be a GPU."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import sys
from functools import cache
from pathlib import Path

from medkd_core.errors import EngineError

_DRIVERS = ("nvcuda.dll",) if sys.platform == "win32" else ("libcuda.so.1",)
_ROCM_DEVICE = Path("/dev/kfd")
_CPU_FOLDER = Path("/sys/devices/system/cpu")


def available_devices() -> list[tuple[str, str]]:
    """Devices that can be chosen, as (key, label): ``("cpu", "CPU, 2 threads")`` comes first.

    GPUs follow as ``("cuda:0", "NVIDIA H100 (cuda:0)")``.
    """
    return [("cpu", cpu_label()), *((key, label) for key, label in _gpus())]


def resolve_device(key: str) -> tuple[str, str]:
    """Choose a device.

    Parameters
    ----------
    key : str
        ``auto``, ``cpu``, ``cuda`` or ``cuda:n``.

    Returns
    -------
    (str, str)
        The key of a device that is there (never ``auto``), and its label with the reason for an
        automatic choice: ``"CPU, 2 threads (no GPU found)"``.

    Raises
    ------
    EngineError
        There is no such device.
    """
    gpus = _gpus()
    if key == "auto":
        return gpus[0] if gpus else ("cpu", f"{cpu_label()} ({_why_no_gpu()})")
    wanted = "cuda:0" if key == "cuda" else key
    for found, label in [("cpu", cpu_label()), *gpus]:
        if found == wanted:
            return found, label
    raise EngineError(
        f"Cannot compute on {key!r}",
        because=_why_no_gpu() if wanted.startswith("cuda") else "there is no such device",
        cure="Choose one of: " + ", ".join(["auto", "cpu", *(found for found, _ in gpus)]) + ".",
    )


def cpu_label(threads: int | None = None) -> str:
    """``"CPU, 2 threads"``; as many as `usable_cores` says when `threads` is left out."""
    count = threads or usable_cores()
    return f"CPU, {count} thread{'s' if count > 1 else ''}"


@cache
def usable_cores() -> int:
    """Physical cores that this process may use.

    Two threads of one core share its arithmetic units, so they are counted once where the system
    tells them apart (Linux); elsewhere logical cores are counted.
    """
    if not hasattr(os, "sched_getaffinity"):
        return os.cpu_count() or 1
    allowed = os.sched_getaffinity(0)
    cores = {_siblings(logical) for logical in allowed}
    return max(1, len(cores))


def _siblings(logical: int) -> str:
    listing = _CPU_FOLDER / f"cpu{logical}" / "topology" / "thread_siblings_list"
    try:
        return listing.read_text().strip()
    except OSError:
        return str(logical)


@cache
def _gpus() -> tuple[tuple[str, str], ...]:
    if not _has_torch() or not _has_gpu_driver():
        return ()
    import torch

    if not torch.cuda.is_available():
        return ()
    keys = [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    return tuple((key, f"{torch.cuda.get_device_name(key)} ({key})") for key in keys)


def _why_no_gpu() -> str:
    return "no GPU found" if _has_torch() else "torch is not installed"


def _has_torch() -> bool:
    return importlib.util.find_spec("torch") is not None


def _has_gpu_driver() -> bool:
    # Importing torch takes seconds and hundreds of MB; without a driver it would be in vain.
    for driver in _DRIVERS:
        try:
            ctypes.CDLL(driver)
        except OSError:
            continue
        return True
    return _ROCM_DEVICE.exists()

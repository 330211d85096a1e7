"""What can be computed on, and what is chosen; torch is asked only where there may be a GPU."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import platform
import re
import sys
import warnings
from functools import cache
from pathlib import Path

from medkd_core.errors import EngineError

_DRIVERS = ("nvcuda.dll",) if sys.platform == "win32" else ("libcuda.so.1",)
_ROCM_DEVICE = Path("/dev/kfd")
_CPU_MODELS = Path("/proc/cpuinfo")
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
        found, label = gpus[0] if gpus else ("cpu", cpu_label())
        return found, f"{label} ({why_automatic()})"
    wanted = "cuda:0" if key == "cuda" else key
    for found, label in [("cpu", cpu_label()), *gpus]:
        if found == wanted:
            return found, label
    raise EngineError(
        f"Cannot compute on {key!r}",
        because="there is no such device" if gpus or wanted[:4] != "cuda" else _why_no_gpu(),
        cure="Choose one of: " + ", ".join(["auto", "cpu", *(found for found, _ in gpus)]) + ".",
    )


@cache
def cpu_name() -> str:
    """``"AMD EPYC"``: the model as the system calls it, or the kind of machine."""
    try:
        listing = _CPU_MODELS.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return platform.processor() or platform.machine()
    found = re.search(r"^model name\s*:\s*(.+)$", listing, re.MULTILINE)
    return found[1].strip() if found else platform.machine()


def cpu_label(threads: int | None = None) -> str:
    """``"CPU, 2 threads"``; as many as `usable_cores` says when `threads` is left out."""
    count = threads or usable_cores()
    return f"CPU, {count} thread{'s' if count > 1 else ''}"


def described(runtime: str, label: str, reason: str) -> str:
    """``"CPU, 2 threads, onnxruntime (no GPU found)"``: where, by what, and why."""
    return f"{label}, {runtime}" + (f" ({reason})" if reason else "")


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


def why_automatic() -> str:
    """Why ``auto`` means what it means here: ``"a GPU was found"``, ``"no GPU found"``, ..."""
    return "a GPU was found" if _gpus() else _why_no_gpu()


def has_kernels(capability: tuple[int, int], built_for: list[str]) -> bool:
    """Whether a build of torch can compute on an NVIDIA GPU.

    Compiled code runs on its own generation from its own revision on; intermediate code
    (``compute_``) also on every later one (CUDA C++ Programming Guide, "Binary Compatibility").

    Parameters
    ----------
    capability : (int, int)
        Of the GPU: (8, 6).
    built_for : list of str
        ``torch.cuda.get_arch_list()``: ``["sm_80", "compute_90"]``.
    """
    for architecture in built_for:
        found = re.fullmatch(r"(sm|compute)_(\d+)(\d)([af]?)", architecture)
        if not found:
            continue
        built = int(found[2]), int(found[3])
        # "a" is for that very capability, "f" for its family.
        later = found[1] == "compute" and not found[4]
        if built == capability or (
            found[4] != "a" and built <= capability and (later or built[0] == capability[0])
        ):
            return True
    return False


def _gpus() -> tuple[tuple[str, str], ...]:
    return _asked_torch()[0]


def _why_no_gpu() -> str:
    return _asked_torch()[1]


@cache
def _asked_torch() -> tuple[tuple[tuple[str, str], ...], str]:
    """GPUs that can be computed on, as (key, label), and why there is none."""
    if not _has_gpu_driver():
        return (), "no GPU found"
    if not has_torch():
        return (), "torch is not installed"
    import torch

    if torch.version.cuda is None and torch.version.hip is None:
        return (), "torch is installed without support for GPUs"
    # torch warns once, in words for programmers, of what is said here in a sentence.
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        usable = [index for index in range(count) if _is_usable(index)]
        labels = [f"{torch.cuda.get_device_name(index)} (cuda:{index})" for index in usable]
    keys = [f"cuda:{index}" for index in usable]
    return tuple(zip(keys, labels, strict=True)), _why_unusable(count, warned)


def _is_usable(index: int) -> bool:
    import torch

    if torch.version.hip is not None:
        return True
    return has_kernels(torch.cuda.get_device_capability(index), torch.cuda.get_arch_list())


def _why_unusable(count: int, warned: list[warnings.WarningMessage]) -> str:
    if count:
        return "the installed torch was not built for this kind of GPU"
    if any(
        "driver" in str(warning.message) and "old" in str(warning.message) for warning in warned
    ):
        return "the GPU's driver is too old for the installed torch"
    return "there is a driver for GPUs, but torch cannot use one"


def has_torch() -> bool:
    """Whether torch is installed; it is not imported."""
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

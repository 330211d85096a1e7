"""The machine at hand in a few facts that name neither it nor its user."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

from medkd_core import __version__
from medkd_core.engines.devices import available_devices, cpu_name, usable_cores
from medkd_core.evaluation.efficiency_schema import MachineFacts

_PACKAGES = ("numpy", "onnxruntime", "torch")


def machine_facts() -> MachineFacts:
    """Processor, cores, memory, GPUs and versions."""
    return MachineFacts(
        processor=cpu_name(),
        cores_used=usable_cores(),
        memory_bytes=_memory(),
        gpus=[label for key, label in available_devices() if key != "cpu"],
        system=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
        packages={"medkd": __version__, **_versions()},
        date=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _memory() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        # Windows has no sysconf, some systems do not count their pages.
        return None


def _versions() -> dict[str, str]:
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found

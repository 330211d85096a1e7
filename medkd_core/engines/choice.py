"""Which library runs a network on which device, and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from medkd_core.engines.devices import available_devices, has_torch, resolve_device

Runtime = Literal["onnxruntime", "torch"]


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """A way to run a network.

    Attributes
    ----------
    runtime : str
        ``onnxruntime`` or ``torch``.
    device : str
        ``cpu`` or ``cuda:n``.
    reason : str
        Why it was chosen, in words; empty where nobody chose.
    """

    runtime: Runtime
    device: str
    reason: str = field(default="", compare=False)

    @property
    def label(self) -> str:
        """``"onnxruntime, CPU, 2 threads"``, ``"torch, NVIDIA H100 (cuda:0)"``."""
        return f"{self.runtime}, {dict(available_devices())[self.device]}"


def possible_engines(device: str = "auto") -> list[EngineChoice]:
    """Every way to run a network.

    Parameters
    ----------
    device : str
        ``auto``: on any device of this machine; ``cpu``, ``cuda`` or ``cuda:n``: on that one.

    Returns
    -------
    list of EngineChoice
        On the CPU onnxruntime, then torch if it is installed; on a GPU torch.

    Raises
    ------
    EngineError
        There is no such device.
    """
    keys = [key for key, _ in available_devices()]
    if device != "auto":
        keys = [resolve_device(device)[0]]
    return [EngineChoice(runtime, key) for key in keys for runtime in _runtimes(key)]


def _runtimes(key: str) -> list[Runtime]:
    if key != "cpu":
        return ["torch"]
    return ["onnxruntime", "torch"] if has_torch() else ["onnxruntime"]

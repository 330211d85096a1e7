"""Engines: how a network is run. onnxruntime on a CPU, torch on CUDA and as a fallback."""

from medkd_core.engines.choice import EngineChoice, possible_engines
from medkd_core.engines.devices import available_devices, resolve_device
from medkd_core.engines.opening import open_engine
from medkd_core.engines.protocol import ChunkDone, Engine

__all__ = [
    "ChunkDone",
    "Engine",
    "EngineChoice",
    "available_devices",
    "open_engine",
    "possible_engines",
    "resolve_device",
]

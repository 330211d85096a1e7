"""Verify a bundle: sums, schema, and that every network answers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open

from medkd_core.bundles.contents import damaged
from medkd_core.bundles.read import Bundle, open_bundle
from medkd_core.bundles.schema import BundleManifest
from medkd_core.engines.choice import EngineChoice


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """A bundle that passed.

    Attributes
    ----------
    manifest : BundleManifest
    digest : str
        SHA-256 of its sums.
    networks : tuple of str
        Those that answered a black image with finite logits, one a class.
    """

    manifest: BundleManifest
    digest: str
    networks: tuple[str, ...]


def verify_bundle(path: Path | None) -> VerifyReport:
    """Open a bundle and run each of its networks once, on the CPU.

    Parameters
    ----------
    path : Path or None
        None is the embedded demo.

    Raises
    ------
    BundleError
        With the first fault found.
    EngineError
        A graph cannot be run.
    """
    bundle = open_bundle(path)
    for entry in bundle.manifest.networks:
        _check_weights(bundle, entry.name)
        _check_answer(bundle, entry.name)
    names = tuple(entry.name for entry in bundle.manifest.networks)
    return VerifyReport(bundle.manifest, bundle.digest, names)


def _check_weights(bundle: Bundle, name: str) -> None:
    path = bundle.weights_path(name)
    try:
        with safe_open(path, framework="numpy") as weights:
            for key in weights.keys():  # noqa: SIM118 - not a mapping
                if not np.isfinite(weights.get_tensor(key)).all():
                    raise damaged(bundle.folder, f"{key} of {path.name} is not finite")
    except SafetensorError as error:
        raise damaged(bundle.folder, f"{path.name} is no safetensors file") from error


def _check_answer(bundle: Bundle, name: str) -> None:
    # The graph is what reading needs, whatever is faster on this machine.
    engine = bundle.engine(name, choice=EngineChoice("onnxruntime", "cpu"))
    side = bundle.entry(name).recipe.size
    if engine.input_shape != (side, side):
        raise damaged(
            bundle.folder, f"{name} takes images of {engine.input_shape}, not {(side, side)}"
        )
    logits = engine.logits(np.zeros((1, 3, side, side), np.float32))
    if logits.shape != (1, len(bundle.manifest.classes)) or not np.isfinite(logits).all():
        raise damaged(bundle.folder, f"{name} does not answer with one finite number a class")

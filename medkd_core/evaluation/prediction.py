"""What the networks of a bundle think of a frame, with what may be claimed for it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medkd_core.bundles.schema import BundleManifest, NetworkEntry
from medkd_core.engines.protocol import Engine
from medkd_core.errors import EngineError
from medkd_core.evaluation.calibration import probabilities, reliability_interval
from medkd_core.evaluation.familiarity import Judgement, is_coloured, judge
from medkd_core.imaging.frame import Frame
from medkd_core.imaging.preprocessing import network_input, view_image

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class NetworkOpinion:
    """One network's calibrated probabilities, in the bundle's class order."""

    network: str
    probabilities: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Prediction:
    """The student's answer with what may be claimed for it.

    Attributes
    ----------
    probabilities : tuple of float
        Calibrated, in the bundle's class order, summing to 1.
    decision : int
        Index of the most probable class.
    interval : (float, float) or None
        95 % Wilson interval of the accuracy among validation images of like probability.
    familiarity : str
        ``familiar``, ``unusual``, ``not applicable`` or ``unknown``.
    familiarity_reason : str
        A sentence for the screen.
    opinions : tuple of NetworkOpinion
        Student first, then the teachers that were asked.
    seconds : float
        Wall time of the student's answer, preprocessing included.
    """

    classes: tuple[str, ...]
    probabilities: tuple[float, ...]
    decision: int
    interval: tuple[float, float] | None
    familiarity: str
    familiarity_reason: str
    opinions: tuple[NetworkOpinion, ...]
    seconds: float


def predict(
    manifest: BundleManifest,
    engines: Mapping[str, Engine],
    frame: Frame,
    *,
    modality: str = "",
    body_part: str = "",
) -> Prediction:
    """Ask the student, and each teacher that has an engine, what it thinks of a frame.

    Parameters
    ----------
    manifest : BundleManifest
    engines : mapping of str to Engine
        By network name; the student's must be there.
    frame : Frame
    modality, body_part : str
        As the file says; they decide whether the model is applicable at all.

    Raises
    ------
    EngineError
        A network answers with values that are not finite or too few or many, or the model's
        familiarity belongs to another network.
    """
    began = time.perf_counter()
    student = manifest.student
    image = view_image(frame, manifest.view)
    student_input = network_input(image, manifest.view, student.recipe)
    answer = _opinion(manifest, student, engines[student.name], student_input)
    coloured = is_coloured(image)
    judgement = _familiarity(manifest, engines, student_input, modality, body_part, coloured)
    seconds = time.perf_counter() - began
    teachers = (
        _opinion(
            manifest,
            entry,
            engines[entry.name],
            network_input(image, manifest.view, entry.recipe),
        )
        for entry in manifest.teachers
        if entry.name in engines
    )
    decision = int(np.argmax(answer.probabilities))
    return Prediction(
        classes=tuple(manifest.classes),
        probabilities=answer.probabilities,
        decision=decision,
        interval=reliability_interval(manifest.reliability, answer.probabilities[decision]),
        familiarity=judgement.state.value,
        familiarity_reason=judgement.sentence,
        opinions=(answer, *teachers),
        seconds=seconds,
    )


def checked_logits(
    manifest: BundleManifest, entry: NetworkEntry, engine: Engine, inputs: FloatArray
) -> FloatArray:
    """Logits (n, classes) of a network of a bundle for its inputs (n, 3, size, size).

    Raises
    ------
    EngineError
        It answers with values that are not finite, or not with one for each class.
    """
    logits = engine.logits(inputs)
    because = ""
    if logits.shape[1:] != (len(manifest.classes),):
        because = f"it does not answer with one value for each of {len(manifest.classes)} classes"
    elif not np.isfinite(logits).all():
        because = "it answers with values that are not finite"
    if because:
        raise EngineError(f"Cannot use the answers of {entry.label}", because=because)
    return logits


def _opinion(
    manifest: BundleManifest, entry: NetworkEntry, engine: Engine, inputs: FloatArray
) -> NetworkOpinion:
    logits = checked_logits(manifest, entry, engine, inputs[None])[0]
    return NetworkOpinion(entry.name, tuple(probabilities(logits, entry.temperature).tolist()))


def _familiarity(
    manifest: BundleManifest,
    engines: Mapping[str, Engine],
    student_input: FloatArray,
    modality: str,
    body_part: str,
    coloured: bool,
) -> Judgement:
    embedding = engines[manifest.student.name].embeddings(student_input[None])[0]
    known = manifest.familiarity
    if known is not None and embedding.shape != (len(known.center),):
        raise EngineError(
            f"Cannot judge what {manifest.student.label} sees",
            because="the model's familiarity was measured on another network",
        )
    return judge(
        manifest.familiarity,
        embedding,
        manifest.intended_use,
        modality=modality,
        body_part=body_part,
        coloured=coloured,
    )

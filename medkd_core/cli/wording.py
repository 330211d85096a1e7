"""How reading commands say what they found, to a person and as JSON."""

from __future__ import annotations

from collections.abc import Sequence

from medkd_core import RESEARCH_USE_ONLY
from medkd_core.bundles.read import Bundle
from medkd_core.cli.console import answers, errors, on_one_line
from medkd_core.evaluation.prediction import Prediction
from medkd_core.imaging.study import FoundStudies, Instance, Refusal
from medkd_core.serving.model import OpenModel


def prediction_row(instance: Instance, prediction: Prediction) -> dict[str, object]:
    """One image of ``medkd predict --json``."""
    classes = prediction.classes
    return {
        "path": instance.path,
        "frame": 0,
        "decision": classes[prediction.decision],
        "probabilities": dict(zip(classes, prediction.probabilities, strict=True)),
        "interval": prediction.interval,
        "familiarity": prediction.familiarity,
        "familiarity_reason": prediction.familiarity_reason,
        "opinions": {
            opinion.network: dict(zip(classes, opinion.probabilities, strict=True))
            for opinion in prediction.opinions
        },
        "seconds": round(prediction.seconds, 4),
    }


def model_facts(opened: OpenModel) -> dict[str, object]:
    """Which model answered, and that it is for research, for a JSON document."""
    manifest = opened.bundle.manifest
    return {
        "research_use_only": RESEARCH_USE_ONLY,
        "model": {
            "name": manifest.name,
            "version": manifest.version,
            "demo": manifest.demo,
            "device": opened.device,
        },
    }


def model_line(opened: OpenModel) -> str:
    """Which model answered, as the last line of an answer."""
    manifest = opened.bundle.manifest
    demo = "the embedded demo, trained on drawn films only: " if manifest.demo else ""
    return f"Model: {demo}{manifest.name} {manifest.version}, {opened.device}. {RESEARCH_USE_ONLY}"


def print_studies(found: FoundStudies) -> None:
    """List studies, series, images and objects without a picture, then what was refused."""
    for study in found.studies:
        facts = f"{study.patient_name} · {study.date} · {study.description}"
        answers.print(on_one_line(facts))
        for series in study.series:
            answers.print(on_one_line(f"  {series.modality} {series.description}"))
            for instance in series.instances:
                line = f"    {instance.path}: {_what_it_is(instance)}"
                answers.print(on_one_line(line), soft_wrap=True)
    print_refused(found.refused)
    answers.print(RESEARCH_USE_ONLY)


def _what_it_is(instance: Instance) -> str:
    if not instance.frames:
        return f"no picture: {instance.kind}"
    frames = f", {instance.frames} frames" if instance.frames > 1 else ""
    return f"{instance.columns} x {instance.rows}{frames}"


def print_prediction(bundle: Bundle, instance: Instance, prediction: Prediction) -> None:
    """One image's answer, familiarity before any number."""
    classes = prediction.classes
    spoken = bundle.manifest.class_descriptions.get
    name = classes[prediction.decision]
    answers.print(on_one_line(str(instance.path)), soft_wrap=True, style="bold")
    answers.print(f"  {prediction.familiarity_reason}", soft_wrap=True)
    interval = prediction.interval
    bounds = ""
    if interval:
        low, high = interval
        bounds = f" (of answers like it {low:.0%} to {high:.0%} were right on validation films)"
    probability = prediction.probabilities[prediction.decision]
    answers.print(f"  {spoken(name, name)}: {probability:.2f}{bounds}", soft_wrap=True)
    for opinion in prediction.opinions:
        values = "  ".join(
            f"{c} {p:.2f}" for c, p in zip(classes, opinion.probabilities, strict=True)
        )
        answers.print(f"    {bundle.entry(opinion.network).label:16} {values}")


def print_refused(refused: Sequence[Refusal], what: str = "Not opened") -> None:
    """Name every refused file on standard error."""
    for refusal in refused:
        errors.print(
            on_one_line(f"{what}: {refusal.path}: {refusal.reason}."),
            soft_wrap=True,
            style="yellow",
        )

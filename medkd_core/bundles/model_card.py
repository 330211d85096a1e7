"""The model card: what a reader must know of a bundle, as Markdown, made from its manifest."""

from __future__ import annotations

from collections.abc import Iterable

from medkd_core import RESEARCH_USE_ONLY
from medkd_core.bundles.markdown import table
from medkd_core.bundles.schema import BundleManifest, NetworkEntry

METRIC_NAMES = {
    "macro_f1": "macro F1",
    "balanced_accuracy": "balanced accuracy",
    "accuracy": "accuracy",
}


def model_card(manifest: BundleManifest) -> str:
    """Markdown of the card.

    Parameters
    ----------
    manifest : BundleManifest

    Returns
    -------
    str
        Intended use, data, classes, measured quality with intervals, networks, and caveats.
    """
    sections = {
        "Intended use": _intended_use(manifest),
        "Classes": [f"- {name}{_description(manifest, name)}" for name in manifest.classes],
        "Data": _data(manifest),
        "Measured on the test split": _metrics(manifest),
        "When a class is called": _operating_points(manifest),
        "Networks": _networks(manifest.networks),
        "Maps and unfamiliar films": _yardsticks(manifest),
        "What to be careful about": _caveats(manifest),
    }
    lines = [f"# {manifest.name} {manifest.version}", "", f"**{RESEARCH_USE_ONLY}**", ""]
    for title, body in sections.items():
        lines += [f"## {title}", "", *body, ""]
    return "\n".join(lines)


def _description(manifest: BundleManifest, name: str) -> str:
    described = manifest.class_descriptions.get(name, "")
    return f": {described}" if described else ""


def _intended_use(manifest: BundleManifest) -> list[str]:
    use = manifest.intended_use
    lines = [use.statement or "No intended use was stated.", ""]
    lines.append(f"- Modalities: {', '.join(use.modalities) or 'any'}")
    lines.append(f"- Body parts: {', '.join(use.body_parts) or 'any'}")
    if manifest.demo:
        lines.append("- This is the embedded demo: trained on drawn films only.")
    return lines


def _data(manifest: BundleManifest) -> list[str]:
    source = manifest.provenance
    counts = (
        f"{source.train_images} to train, {source.validation_images} to validate, "
        f"{source.test_images} to test"
    )
    return [
        f"- Data set: {source.dataset or 'not stated'}",
        f"- Images: {counts}",
        f"- Job {source.job or 'not stated'}, seed {source.seed}, "
        f"MedKD {source.medkd_version or 'not stated'}, published {manifest.created}",
    ]


def _metrics(manifest: BundleManifest) -> list[str]:
    if not manifest.metrics:
        return ["Nothing was measured."]
    rows = []
    for name, value in manifest.metrics.items():
        if name.endswith(("_low", "_high")):
            continue
        low, high = (manifest.metrics.get(f"{name}_{end}") for end in ("low", "high"))
        interval = "" if low is None or high is None else f"{low:.3f} to {high:.3f}"
        rows.append((METRIC_NAMES.get(name, name.replace("_", " ")), f"{value:.3f}", interval))
    return table(("student", "value", "95 % interval"), rows)


def _operating_points(manifest: BundleManifest) -> list[str]:
    if not manifest.operating_points:
        return ["No operating point was chosen; the most probable class is shown."]
    header = ("class", "from probability", "sensitivity", "specificity", "positive value", "calls")
    return table(
        header,
        (
            (
                name,
                f"{point.threshold:.2f}",
                f"{point.sensitivity:.2f}",
                f"{point.specificity:.2f}",
                f"{point.positive_predictive_value:.2f}",
                str(point.calls),
            )
            for name, point in manifest.operating_points.items()
        ),
    )


def _networks(entries: Iterable[NetworkEntry]) -> list[str]:
    header = ("network", "role", "width", "input", "parameters", "MACs", *METRIC_NAMES.values())
    return table(
        header,
        (
            (
                entry.label,
                entry.role,
                f"{entry.width:g}",
                f"{entry.recipe.size} px",
                f"{entry.parameters:,}",
                f"{entry.macs:,}",
                *(f"{entry.metrics[m]:.3f}" if m in entry.metrics else "" for m in METRIC_NAMES),
            )
            for entry in entries
        ),
    )


def _yardsticks(manifest: BundleManifest) -> list[str]:
    agreement = manifest.agreement
    lines = ["- Agreement of maps: the bundle holds no yardstick."]
    if agreement is not None:
        lines = [
            f"- Agreement of student and teacher maps must be held against "
            f"{agreement.different_films:.2f} (rank correlation of maps of different films) and "
            f"{agreement.random_maps:.2f} (random maps), medians over {agreement.films} films."
        ]
    if manifest.familiarity is None:
        return [*lines, "- Unfamiliar films are not recognised."]
    return [*lines, "- Films unlike the training films are called unusual before any number."]


def _caveats(manifest: BundleManifest) -> list[str]:
    general = (
        "A map shows which places raise a network's score, not why, and not where disease is.",
        "The numbers above hold for pictures like those of the test split only.",
        "Probabilities are calibrated on the validation split of the same data.",
    )
    return [f"- {line}" for line in (*manifest.provenance.warnings, *general)]

"""An evaluation report as Markdown."""

from __future__ import annotations

from medkd_core.bundles.markdown import table
from medkd_core.bundles.model_card import METRIC_NAMES
from medkd_core.evaluation.report_schema import EvaluationReport, NetworkReport


def report_text(report: EvaluationReport) -> str:
    """Markdown of a report: networks, confusion of the student, sources, and what to mind."""
    sections = {
        "Networks": _networks(report),
        f"Decisions of {report.networks[0].label}": _confusion(report),
        "By source": _sources(report),
        "What to mind": _warnings(report),
    }
    lines = [
        f"# {report.bundle} {report.bundle_version} on {report.dataset}, {report.split}",
        "",
        f"**{report.research_use_only}**",
        "",
        f"{report.images} images of {report.groups} groups, {report.created}, "
        f"bundle {report.bundle_digest[:12]}.",
        "",
    ]
    for title, body in sections.items():
        lines += [f"## {title}", "", *body, ""]
    return "\n".join(lines)


def _networks(report: EvaluationReport) -> list[str]:
    header = (
        "network",
        "role",
        *METRIC_NAMES.values(),
        "calibration error",
        "log loss",
        "decides as the student",
    )
    rows = (
        (
            network.label,
            network.role,
            *(_with_interval(network, metric) for metric in METRIC_NAMES),
            f"{network.calibration_error:.3f}",
            f"{network.negative_log_likelihood:.3f}",
            f"{network.same_decision_as_student:.0%}",
        )
        for network in report.networks
    )
    return [*table(header, rows), "", "In brackets: 95 % bootstrap intervals over groups."]


def _with_interval(network: NetworkReport, metric: str) -> str:
    value, low, high = (network.metrics[metric + end] for end in ("", "_low", "_high"))
    return f"{value:.3f} ({low:.3f} to {high:.3f})"


def _confusion(report: EvaluationReport) -> list[str]:
    rows = zip(report.classes, report.networks[0].confusion, strict=True)
    return table(
        ("true class", *(f"decided {name}" for name in report.classes)),
        ((name, *(str(count) for count in counts)) for name, counts in rows),
    )


def _sources(report: EvaluationReport) -> list[str]:
    return table(
        ("source", "images", *report.classes, *METRIC_NAMES.values()),
        (
            (
                row.group,
                str(row.images),
                *(str(count) for count in row.images_per_class),
                f"{row.macro_f1:.3f}",
                f"{row.balanced_accuracy:.3f}",
                f"{row.accuracy:.3f}",
            )
            for row in report.by_source
        ),
    )


def _warnings(report: EvaluationReport) -> list[str]:
    lines = [f"- {warning}" for warning in dict.fromkeys(report.warnings)]
    if report.demo:
        lines.append("- The model is the embedded demo, trained on drawn films only.")
    if report.unusual_share is not None:
        lines.append(
            f"- {report.unusual_share:.0%} of the images are unlike the model's training films."
        )
    return [*lines, "- The numbers hold for images like these only."]

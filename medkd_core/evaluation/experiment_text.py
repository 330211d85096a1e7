"""The report of an experiment as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from medkd_core.bundles.markdown import table
from medkd_core.bundles.model_card import METRIC_NAMES
from medkd_core.evaluation.experiment_schema import (
    ArmResult,
    Comparison,
    ExperimentReport,
    SetResult,
)
from medkd_core.evaluation.over_seeds import Estimate

HOW_TO_READ = (
    "In brackets: 95 % bootstrap interval over test groups (patients, tissue blocks), the mean of "
    "all seeds; behind ±: standard deviation over seeds. Differences are paired by seed and image; "
    "where the interval holds 0, no difference was shown."
)


def experiment_text(report: ExperimentReport) -> str:
    """Markdown of a report: for each test set the arms, the differences, and the sources."""
    lines = [f"# {report.title}", "", f"**{report.research_use_only}**", ""]
    lines += [report.question, ""] if report.question else []
    lines += [f"{report.created}. {HOW_TO_READ}", ""]
    for test in report.tests:
        lines += _test(test)
    if report.missing:
        lines += ["## Not completed", "", *(f"- {sentence}" for sentence in report.missing), ""]
    return "\n".join(lines)


def written(estimate: Estimate, *, signed: bool = False, between: str = " to ") -> str:
    """An estimate in a cell: ``0.812 (0.771 to 0.850) ± 0.012``."""
    style = "+.3f" if signed else ".3f"
    value, low, high = (
        format(number, style) for number in (estimate.mean, estimate.low, estimate.high)
    )
    spread = "" if estimate.spread is None else f" ± {estimate.spread:.3f}"
    return f"{value} ({low}{between}{high}){spread}"


def _test(test: SetResult) -> list[str]:
    where = "test split" if test.trained_here else "not trained on, all its images"
    lines = [f"## {test.name}: {where}", ""]
    lines += [f"{test.images} images of {test.groups} groups: {', '.join(test.classes)}.", ""]
    lines += [*_arms(test.arms), ""]
    if test.comparisons:
        lines += ["### Differences", "", *_comparisons(test.comparisons), ""]
    if any(arm.by_source for arm in test.arms):
        lines += ["### By source", "", *_sources(test), ""]
    if any(comparison.by_source for comparison in test.comparisons):
        lines += ["### Differences by source", "", *_source_comparisons(test.comparisons), ""]
    if test.warnings:
        lines += ["### What to mind", "", *(f"- {text}" for text in test.warnings), ""]
    return lines


def _arms(arms: Iterable[ArmResult]) -> list[str]:
    return table(
        ("arm", "network", "width", "seeds", *METRIC_NAMES.values()),
        (
            (arm.arm, arm.network, f"{arm.width:g}", str(len(arm.seeds)), *_cells(arm.metrics))
            for arm in arms
        ),
    )


def _comparisons(comparisons: Iterable[Comparison]) -> list[str]:
    return table(
        ("difference", "seeds", *METRIC_NAMES.values()),
        (
            (_pair(each), str(len(each.seeds)), *_cells(each.metrics, signed=True))
            for each in comparisons
        ),
    )


def _sources(test: SetResult) -> list[str]:
    return table(
        ("source", *test.classes, "arm", *METRIC_NAMES.values()),
        (
            (row.source, *map(str, row.images_per_class), arm.arm, *_cells(row.metrics))
            for row, arm in sorted(
                ((row, arm) for arm in test.arms for row in arm.by_source),
                key=lambda pair: pair[0].source,
            )
        ),
    )


def _source_comparisons(comparisons: Iterable[Comparison]) -> list[str]:
    return table(
        ("source", "difference", *METRIC_NAMES.values()),
        (
            (source, _pair(each), *_cells(metrics, signed=True))
            for each in comparisons
            for source, metrics in each.by_source.items()
        ),
    )


def _pair(comparison: Comparison) -> str:
    return f"{comparison.arm} − {comparison.against}"


def _cells(metrics: Mapping[str, Estimate], *, signed: bool = False) -> list[str]:
    return [written(metrics[name], signed=signed) for name in METRIC_NAMES]

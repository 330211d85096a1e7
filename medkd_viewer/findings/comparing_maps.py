"""Do student and teachers look at the same place, and does a map depend on the question?"""

from __future__ import annotations

from collections.abc import Iterable

from medkd_viewer.findings.figure_table import FigureRow
from medkd_viewer.findings.results import NetworkMap, NetworkView

ALIKE = 0.9
"""Rank correlation from which two maps are told to look alike."""


def agreement_rows(views: Iterable[NetworkView]) -> list[FigureRow]:
    """Rank correlation and shared top fifth of every network's map with the student's."""
    views = list(views)
    student = next((view for view in views if view.is_student), None)
    return [_agreement_row(view, student) for view in views]


def dependence_rows(views: Iterable[NetworkView]) -> list[FigureRow]:
    """Of every network: rank correlation with another class's map, and with no class's."""
    rows = []
    for view in views:
        found = _shown_map(view)
        figures = (None, None) if found is None else (found.other_classes, found.channel_mean)
        rows.append(FigureRow(_name(view), figures))
    return rows


def dependence_words(views: Iterable[NetworkView]) -> str:
    """What follows from `dependence_rows`; empty where nothing does."""
    alike = [
        _name(view)
        for view in views
        if (found := _shown_map(view)) is not None and _is_alike(found.other_classes)
    ]
    if not alike:
        return ""
    maps = "map hardly depends" if len(alike) == 1 else "maps hardly depend"
    return f"{', '.join(alike)}: the {maps} on the class that is asked for."


def _is_alike(value: float | None) -> bool:
    return value is not None and value >= ALIKE


def _agreement_row(view: NetworkView, student: NetworkView | None) -> FigureRow:
    own, reference = _shown_map(view), _shown_map(student)
    if view.is_student or own is None or reference is None:
        return FigureRow(_name(view), (None, None))
    # NumPy's and SciPy's statistics are not needed before there is a map.
    from medkd_core.explanation.agreement import agreement

    found = agreement(reference.native, own.native)
    return FigureRow(_name(view), (found.spearman, found.top_fifth_iou))


def _name(view: NetworkView) -> str:
    return "Student" if view.is_student else view.label


def _shown_map(view: NetworkView | None) -> NetworkMap | None:
    return None if view is None or view.map is None or view.map.empty else view.map

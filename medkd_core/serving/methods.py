"""Which ways to explain there are on this machine, in words for a person."""

from __future__ import annotations

from medkd_core.engines.devices import has_torch
from medkd_core.explanation.other_methods import METHODS
from medkd_core.explanation.score_cam import CONTRAST, DIALECTS
from medkd_core.serving.messages import MethodChoice


def possible_methods() -> tuple[MethodChoice, ...]:
    """Score-CAM and the contrast map, then what needs torch where that is installed."""
    dialects = [
        MethodChoice(name, f"Score-CAM, {name}", f"As in {dialect.source}.")
        for name, dialect in DIALECTS.items()
    ]
    contrast = MethodChoice(
        CONTRAST,
        "Contrast with the next class",
        "What speaks for the class and against the likeliest other one; from Score-CAM's passes.",
    )
    others = [MethodChoice(name, m.label, m.remark) for name, m in METHODS.items()]
    return (*dialects, contrast, *(others if has_torch() else []))

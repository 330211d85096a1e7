"""Which curves a run shows, with the yardsticks that they are read against."""

from __future__ import annotations

from medkd_viewer.training.curve_plot import Curve
from medkd_viewer.training.run_history import RunHistory
from medkd_viewer.training.yardsticks import Yardstick

TRAIN = "#8ab4f8"
VALIDATION = "#f0b37e"
BASELINE = "#7d8798"
CLASS_COLOURS = (
    "#8b7cf6",
    "#8fd0b2",
    "#f0b37e",
    "#8ab4f8",
    "#ef8f88",
    "#d9c46a",
    "#c58ae0",
    "#6fc4d6",
)


def loss_curves(history: RunHistory, yardstick: Yardstick, distils: bool) -> list[Curve]:
    """Loss on training and validation films, and what validation was without teachers.

    A distilled student's training loss holds what it learns from teachers, too; validation counts
    the labels alone, in every run.
    """
    train = "train with teachers" if distils else "train"
    curves = [
        Curve(train, TRAIN, history.points("train_loss")),
        Curve("validation", VALIDATION, history.points("validation_loss")),
    ]
    if yardstick.baseline:
        baseline = yardstick.baseline.points("validation_loss")
        curves.append(Curve("no teachers", BASELINE, baseline))
    return curves


def macro_f1_curves(history: RunHistory, yardstick: Yardstick, distils: bool) -> list[Curve]:
    """Macro F1 on validation films, the run without teachers and the best teacher beside it."""
    name = "this student" if distils else "this run"
    curves = [Curve(name, "violet", history.points("macro_f1"))]
    if yardstick.baseline:
        curves.append(Curve("no teachers", BASELINE, yardstick.baseline.points("macro_f1")))
    if yardstick.best_teacher is not None:
        best = ((0, yardstick.best_teacher),)
        curves.append(Curve("best teacher", "caution", best, yardstick=True))
    return curves


def sensitivity_curves(history: RunHistory) -> list[Curve]:
    """Share of each class's validation films that were answered rightly."""
    return [
        Curve(name, CLASS_COLOURS[row % len(CLASS_COLOURS)], history.sensitivity(row))
        for row, name in enumerate(history.classes)
    ]

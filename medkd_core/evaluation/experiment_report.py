"""What came of an experiment: every arm over its seeds, and the arms that are to be compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from medkd_core.evaluation.decisions import Decisions
from medkd_core.evaluation.experiment_schema import ArmResult, Comparison, SetResult, SourceResult
from medkd_core.evaluation.over_seeds import differences, estimates
from medkd_core.jobs.spec import JobSpec

FEW_IMAGES = 10
"""Fewer test images of a class than this say next to nothing of it."""


@dataclass(frozen=True, slots=True)
class ArmRuns:
    """An arm of an experiment with what its completed jobs decided.

    Attributes
    ----------
    arm : str
    spec : JobSpec
    jobs : dict of int to str
        Identifier by seed.
    runs : dict of int to Decisions
        By seed; at least one.
    """

    arm: str
    spec: JobSpec
    jobs: dict[int, str]
    runs: dict[int, Decisions]


def compare_arms(
    name: str,
    arms: Sequence[ArmRuns],
    pairs: Sequence[tuple[str, str]],
    *,
    trained_here: bool,
    warnings: Sequence[str] = (),
) -> SetResult:
    """Measure every arm on one set of test images, and the differences that are asked for.

    Parameters
    ----------
    name : str
        Of the set.
    arms : sequence of ArmRuns
        At least one.
    pairs : sequence of (str, str)
        Which arm against which; a pair without a common seed is left out.
    trained_here : bool
        Whether the images are of the data set that was trained on.
    warnings : sequence of str
        What is known already of the data.
    """
    first = next(iter(arms[0].runs.values()))
    by_name = {arm.arm: arm for arm in arms}
    found = [(by_name[arm], by_name[other]) for arm, other in pairs if {arm, other} <= set(by_name)]
    fair = [pair for pair in found if _same_images(*pair)]
    return SetResult(
        name=name,
        trained_here=trained_here,
        classes=list(first.classes),
        images=len(first.images),
        groups=len(set(first.groups)),
        arms=[_arm_result(arm) for arm in arms],
        comparisons=[_comparison(*pair) for pair in fair if _common_seeds(*pair)],
        warnings=[
            *warnings,
            *_scarce(first),
            *(
                f"{arm.arm} and {other.arm} were tested on different images: not compared."
                for arm, other in found
                if not _same_images(arm, other)
            ),
        ],
    )


def _arm_result(arm: ArmRuns) -> ArmResult:
    runs = list(arm.runs.values())
    return ArmResult(
        arm=arm.arm,
        kind=arm.spec.kind,
        network=arm.spec.network.name,
        width=arm.spec.network.width,
        teachers=[teacher.job for teacher in arm.spec.teachers],
        seeds=list(arm.runs),
        jobs=[arm.jobs[seed] for seed in arm.runs],
        metrics=estimates(runs),
        by_source=[_source_result(source, runs) for source in _sources(runs)],
    )


def _source_result(source: str, runs: Sequence[Decisions]) -> SourceResult:
    inside = [run.only(source) for run in runs]
    return SourceResult(
        source=source,
        images=len(inside[0].images),
        images_per_class=_per_class(inside[0]),
        metrics=estimates(inside),
    )


def _comparison(arm: ArmRuns, against: ArmRuns) -> Comparison:
    seeds = _common_seeds(arm, against)
    one, other = ([each.runs[seed] for seed in seeds] for each in (arm, against))
    return Comparison(
        arm=arm.arm,
        against=against.arm,
        seeds=seeds,
        metrics=differences(one, other),
        by_source={
            source: differences(
                [run.only(source) for run in one], [run.only(source) for run in other]
            )
            for source in _sources([*one, *other])
        },
    )


def _common_seeds(arm: ArmRuns, against: ArmRuns) -> list[int]:
    return [seed for seed in arm.runs if seed in against.runs]


def _same_images(arm: ArmRuns, against: ArmRuns) -> bool:
    seeds = _common_seeds(arm, against)
    return all(arm.runs[seed].images == against.runs[seed].images for seed in seeds)


def _sources(runs: Sequence[Decisions]) -> list[str]:
    """Sources that every run was tested on; none where there is no second one to tell apart."""
    everywhere = set[str].intersection(*(set(run.sources) for run in runs)) - {""}
    return sorted(everywhere) if len(everywhere) > 1 else []


def _scarce(run: Decisions) -> list[str]:
    """Classes that the test images, or one source of them, hardly have or lack."""
    sentences = []
    for source in _sources([run]):
        counts = dict(zip(run.classes, _per_class(run.only(source)), strict=True))
        lacking = [name for name, count in counts.items() if not count]
        few = [f"{count} of {name}" for name, count in counts.items() if 0 < count < FEW_IMAGES]
        if lacking:
            sentences.append(
                f"The source {source} has no test image of {', '.join(lacking)}: its balanced "
                "accuracy is over the classes that it has; its macro F1 jumps with every image "
                "that is taken for one that it lacks."
            )
        if few:
            sentences.append(
                f"The source {source} has only {', '.join(few)}: such a class says next to nothing."
            )
    return sentences


def _per_class(run: Decisions) -> list[int]:
    return np.bincount(run.truth, minlength=len(run.classes)).tolist()

"""Arms over seeds: means, spreads, paired intervals, sources, and what was not to be compared."""

import numpy as np
import pytest

from medkd_core.evaluation.decisions import Decisions
from medkd_core.evaluation.experiment_report import ArmRuns, compare_arms
from medkd_core.evaluation.experiment_schema import ExperimentReport, SetResult
from medkd_core.evaluation.experiment_text import experiment_text
from medkd_core.evaluation.metrics import measure
from medkd_core.evaluation.over_seeds import differences, estimates
from medkd_core.jobs.spec import JobSpec

CLASSES = ("a", "b", "c")
IMAGES = 240


def decisions(seed: int, right: float, *, sources: int = 1, first: int = 0) -> Decisions:
    """Two images a group; a share `right` is decided rightly, the others by chance.

    Of several sources the first has all classes and the others have two.
    """
    truth = np.arange(IMAGES) % 3
    source = np.arange(IMAGES) % sources
    truth = np.where((source > 0) & (truth == 2), 0, truth)
    generator = np.random.default_rng(seed)
    chance = generator.integers(0, 3, IMAGES)
    return Decisions(
        classes=CLASSES,
        images=tuple(f"{first + number}.png" for number in range(IMAGES)),
        groups=tuple(f"patient {number // 2}" for number in range(IMAGES)),
        sources=tuple(f"hospital {number}" for number in source),
        truth=truth.astype(np.int64),
        decided=np.where(generator.random(IMAGES) < right, truth, chance),
    )


def arm(name: str, runs: list[Decisions]) -> ArmRuns:
    spec = JobSpec.model_validate(
        {
            "kind": "student",
            "data": {"kind": "folder", "root": "films"},
            "network": {"name": "ofa_595"},
        }
    )
    jobs = {seed: f"{name}-{seed}" for seed in range(len(runs))}
    return ArmRuns(name, spec, jobs, dict(enumerate(runs)))


def result(*arms: ArmRuns) -> SetResult:
    pairs = [(other.arm, arms[0].arm) for other in arms[1:]]
    return compare_arms("films", arms, pairs, trained_here=True, warnings=["Known before."])


def test_single_seed_has_the_interval_of_an_evaluation() -> None:
    run = decisions(0, 0.6)
    expected = measure(run.truth, run.decided, 3, groups=run.groups)
    for name, found in estimates([run]).items():
        assert found.mean == pytest.approx(expected[name])
        assert found.low == pytest.approx(expected[f"{name}_low"])
        assert found.high == pytest.approx(expected[f"{name}_high"])
        assert found.spread is None


def test_mean_and_spread_are_over_seeds() -> None:
    runs = [decisions(seed, 0.6) for seed in range(4)]
    alone = [estimates([run])["macro_f1"].mean for run in runs]
    together = estimates(runs)["macro_f1"]
    assert together.per_seed == pytest.approx(alone)
    assert together.mean == pytest.approx(np.mean(alone))
    assert together.spread == pytest.approx(np.std(alone, ddof=1))
    assert together.low < together.mean < together.high


def test_paired_difference_is_surer_than_two_intervals() -> None:
    base = decisions(0, 0.5)
    better = base.decided.copy()
    wrong = np.flatnonzero(better != base.truth)[:20]
    better[wrong] = base.truth[wrong]
    improved = Decisions(base.classes, base.images, base.groups, base.sources, base.truth, better)
    difference = differences([improved], [base])["accuracy"]
    assert difference.mean == pytest.approx(20 / IMAGES)
    assert 0 < difference.low < difference.high
    alone = estimates([base])["accuracy"]
    assert difference.high - difference.low < 0.7 * (alone.high - alone.low)


def test_equal_runs_differ_by_nothing() -> None:
    run = decisions(0, 0.6)
    found = differences([run], [run])["balanced_accuracy"]
    assert (found.mean, found.low, found.high) == (0, 0, 0)


def test_runs_on_other_images_are_not_subtracted() -> None:
    with pytest.raises(ValueError, match="different images"):
        differences([decisions(0, 0.5)], [decisions(0, 0.5, first=1)])


def test_arms_on_other_images_are_told_and_not_compared() -> None:
    found = result(arm("baseline", [decisions(0, 0.5)]), arm("b", [decisions(0, 0.5, first=9)]))
    assert found.comparisons == []
    assert "b and baseline were tested on different images: not compared." in found.warnings


def test_only_seeds_that_both_arms_have_are_compared() -> None:
    found = result(
        arm("baseline", [decisions(0, 0.5), decisions(1, 0.5)]),
        arm("distilled", [decisions(2, 0.8)]),
    )
    (comparison,) = found.comparisons
    assert comparison.seeds == [0]
    assert comparison.metrics["macro_f1"].low > 0


def test_each_source_stands_by_itself_and_its_lacking_classes_are_told() -> None:
    baseline = arm("baseline", [decisions(seed, 0.5, sources=2) for seed in range(2)])
    found = result(baseline, arm("distilled", [decisions(5, 0.9, sources=2)] * 2))
    rows = found.arms[0].by_source
    assert [row.source for row in rows] == ["hospital 0", "hospital 1"]
    assert rows[1].images_per_class[2] == 0
    inside = baseline.runs[0].only("hospital 1")
    sensitivity = [(inside.decided[inside.truth == k] == k).mean() for k in (0, 1)]
    assert rows[1].metrics["balanced_accuracy"].per_seed[0] == pytest.approx(np.mean(sensitivity))
    assert any("hospital 1 has no test image of c" in warning for warning in found.warnings)
    assert set(found.comparisons[0].by_source) == {"hospital 0", "hospital 1"}


def test_report_is_a_table_that_says_what_it_is_for() -> None:
    found = result(
        arm("baseline", [decisions(seed, 0.5, sources=2) for seed in range(3)]),
        arm("distilled", [decisions(seed + 9, 0.8, sources=2) for seed in range(3)]),
    )
    report = ExperimentReport(
        created="2026-01-02T03:04:05+00:00",
        title="Check",
        question="Is it?",
        tests=[found],
        missing=["x is not completed."],
    )
    text = experiment_text(report)
    assert report.research_use_only in text
    assert "| distilled − baseline | 3 | +0." in text
    assert "Known before." in text
    assert "- x is not completed." in text
    assert ExperimentReport.model_validate_json(report.model_dump_json()) == report

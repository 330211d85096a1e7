import numpy as np
import pytest
import sklearn.metrics

from medkd_core.evaluation.metrics import (
    bootstrap_intervals,
    confusion_matrix,
    group_table,
    measure,
    scores,
)


@pytest.fixture
def decisions():
    generator = np.random.default_rng(0)
    truth = generator.choice(3, 200, p=[0.2, 0.5, 0.3])
    decided = np.where(generator.random(200) < 0.7, truth, generator.integers(0, 3, 200))
    return truth, decided


def test_scores_are_those_of_scikit_learn(decisions):
    truth, decided = decisions
    confusion = confusion_matrix(truth, decided, 3)
    np.testing.assert_array_equal(confusion, sklearn.metrics.confusion_matrix(truth, decided))
    ours = scores(confusion)
    assert ours["macro_f1"] == pytest.approx(
        sklearn.metrics.f1_score(truth, decided, average="macro")
    )
    assert ours["accuracy"] == pytest.approx(sklearn.metrics.accuracy_score(truth, decided))
    assert ours["balanced_accuracy"] == pytest.approx(
        sklearn.metrics.balanced_accuracy_score(truth, decided)
    )


def test_class_that_never_occurs_does_not_count():
    truth, decided = np.array([0, 0, 1]), np.array([0, 1, 1])
    ours = scores(confusion_matrix(truth, decided, 5))
    assert ours["macro_f1"] == pytest.approx(
        sklearn.metrics.f1_score(truth, decided, average="macro")
    )
    assert ours["balanced_accuracy"] == pytest.approx(0.75)


def test_class_that_is_only_decided_lowers_macro_f1_as_in_scikit_learn():
    truth, decided = np.array([0, 0, 1]), np.array([0, 2, 1])
    ours = scores(confusion_matrix(truth, decided, 3))
    assert ours["macro_f1"] == pytest.approx(
        sklearn.metrics.f1_score(truth, decided, average="macro", zero_division=0)
    )


def test_intervals_hold_the_value_and_narrow_with_more_images(decisions):
    truth, decided = decisions
    value = scores(confusion_matrix(truth, decided, 3))["accuracy"]
    low, high = bootstrap_intervals(truth, decided, 3)["accuracy"]
    assert low < value < high
    more = bootstrap_intervals(np.tile(truth, 9), np.tile(decided, 9), 3)["accuracy"]
    assert more[1] - more[0] == pytest.approx((high - low) / 3, rel=0.15)


def test_accuracy_interval_is_near_the_binomial_one(decisions):
    truth, decided = decisions
    value = (truth == decided).mean()
    low, high = bootstrap_intervals(truth, decided, 3)["accuracy"]
    assert high - low == pytest.approx(2 * 1.96 * np.sqrt(value * (1 - value) / 200), rel=0.1)


def test_intervals_are_wider_when_images_of_one_patient_are_alike(decisions):
    truth, decided = (np.repeat(values, 5) for values in decisions)
    patients = [f"patient {index // 5}" for index in range(len(truth))]
    alone = bootstrap_intervals(truth, decided, 3)["accuracy"]
    grouped = bootstrap_intervals(truth, decided, 3, groups=patients)["accuracy"]
    assert np.ptp(grouped) > 1.8 * np.ptp(alone)


def test_intervals_are_the_same_every_time(decisions):
    assert bootstrap_intervals(*decisions, 3) == bootstrap_intervals(*decisions, 3)


def test_measure_names_every_metric_with_its_bounds(decisions):
    measured = measure(*decisions, 3)
    assert len(measured) == 9
    assert measured["macro_f1_low"] <= measured["macro_f1"] <= measured["macro_f1_high"]


def test_no_images_give_zeros_not_nan():
    nothing = np.array([], int)
    assert set(measure(nothing, nothing, 3).values()) == {0.0}


def test_table_holds_each_source_by_itself(decisions):
    truth, decided = decisions
    sources = np.where(truth == 2, "nih", "web")
    rows = group_table(truth, decided, sources, 3)
    assert [row.group for row in rows] == ["nih", "web"]
    assert sum(row.images for row in rows) == 200
    assert rows[0].images_per_class == [0, 0, int((truth == 2).sum())]
    assert rows[0].accuracy == pytest.approx((decided[truth == 2] == 2).mean())

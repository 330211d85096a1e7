import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from medkd_core.errors import ExplanationError, OperationCancelled
from medkd_core.explanation.faithfulness import MEASURES, faithfulness

STEPS, PERCENTAGES = 8, (25.0, 75.0)
OPTIONS = {"steps": STEPS, "percentages": PERCENTAGES}


class LooksAtCorner(nn.Module):
    """The more the upper left corner shows of class 0, the surer it is; rest is not seen."""

    def __init__(self):
        super().__init__()
        self.features = nn.Identity()
        self.head = nn.Identity()

    def forward(self, inputs):
        seen = inputs[:, 0, :20, :20].mean(dim=(1, 2))
        return torch.stack([4 * seen, torch.zeros_like(seen)], dim=1)


@pytest.fixture
def looks_at_corner(engine):
    return type(engine)(LooksAtCorner())


@pytest.fixture
def bright_corner(looks_at_corner):
    values = 2 * corner(looks_at_corner.input_shape) - 1
    return np.stack([values] * 3)


def corner(shape):
    values = np.zeros(shape, np.float32)
    values[:20, :20] = 1
    return values


@pytest.fixture
def maps(engine):
    """A smooth map in [0, 1] for each class, a third of it 0."""
    coarse = torch.rand((1, 3, 6, 5), generator=torch.Generator().manual_seed(2))
    fine = nn.functional.interpolate(coarse, engine.input_shape, mode="bilinear")[0].numpy()
    return {
        index: np.maximum((fine[index] - low) / (fine[index].max() - low), 0).astype(np.float32)
        for index, low in enumerate(np.quantile(fine, 0.3, axis=(1, 2)))
    }


def test_map_of_what_the_network_sees_beats_both_nulls_in_everything(
    looks_at_corner, bright_corner
):
    values = corner(looks_at_corner.input_shape)
    found = faithfulness(
        looks_at_corner, bright_corner, {0: values}, explain=lambda *_: values, **OPTIONS
    ).of_class[0]
    for name, score in found.scores.items():
        if MEASURES[name].better == "neither" or name in {"increase", "coherency"}:
            continue
        sign = 1 if MEASURES[name].better == "higher" else -1
        assert sign * score.of_map > max(sign * score.of_random, sign * score.of_blob), name
    assert found.missing == {}
    assert found.scores.keys() == MEASURES.keys()


def test_map_of_what_the_network_does_not_see_loses_to_the_blob(looks_at_corner, bright_corner):
    values = 1 - corner(looks_at_corner.input_shape)
    scores = faithfulness(looks_at_corner, bright_corner, {0: values}, **OPTIONS).of_class[0].scores
    for name in ("deletion", "average_drop"):
        assert scores[name].of_map > scores[name].of_blob
    for name in ("insertion", "road"):
        assert scores[name].of_map < scores[name].of_blob


def test_curves_run_from_the_whole_film_to_the_baseline_and_back(engine, image, maps):
    found = faithfulness(engine, image, maps, **OPTIONS)
    logits = engine.logits(np.stack([image, np.zeros_like(image)])).astype(np.float64)
    whole, bare = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    for index, of_class in found.of_class.items():
        for line in of_class.curves["deletion"].lines:
            assert (line[0], line[-1]) == pytest.approx((whole[index], bare[index]), abs=1e-6)
        for line in of_class.curves["insertion"].lines:
            assert (line[0], line[-1]) == pytest.approx((bare[index], whole[index]), abs=1e-6)


def test_all_numbers_are_finite_and_probabilities(engine, image, maps):
    for of_class in faithfulness(engine, image, maps, **OPTIONS).of_class.values():
        assert np.isfinite([score.values for score in of_class.scores.values()]).all()
        for curves in of_class.curves.values():
            assert np.isfinite(curves.lines).all()
            assert 0 <= np.min(curves.lines) <= np.max(curves.lines) <= 1


def test_classes_share_their_nulls_and_no_picture_is_seen_twice(engine, image, maps):
    one, three = (faithfulness(engine, image, some, **OPTIONS) for some in ({0: maps[0]}, maps))
    per_map = 2 * (STEPS - 1 + len(PERCENTAGES))
    assert one.passes == 2 + 3 * per_map + 3
    assert three.passes == 2 + 5 * per_map + 9
    np.testing.assert_array_equal(
        one.of_class[0].curves["deletion"].lines, three.of_class[0].curves["deletion"].lines
    )
    assert one.of_class[0].scores == three.of_class[0].scores


def test_same_seed_gives_the_same_and_another_another(engine, image, maps):
    first, again, other = (
        faithfulness(engine, image, maps, seed=seed, **OPTIONS).of_class[0].scores
        for seed in (1, 1, 2)
    )
    assert first == again
    assert first["deletion"].of_random != other["deletion"].of_random


@pytest.mark.parametrize("baseline", ["mean", "black", "blurred"])
def test_baseline_is_stated_and_used(engine, image, maps, baseline):
    found = faithfulness(engine, image, {0: maps[0]}, baseline=baseline, **OPTIONS)
    assert found.baseline == baseline
    bare = found.of_class[0].curves["deletion"].of_map[-1]
    on_mean = faithfulness(engine, image, {0: maps[0]}, **OPTIONS)
    same = bare == on_mean.of_class[0].curves["deletion"].of_map[-1]
    assert same == (baseline == "mean")


def test_coherency_asks_for_the_map_of_the_film_seen_through_its_map(engine, image, maps):
    asked = []

    def explain(seen, class_index):
        asked.append(class_index)
        np.testing.assert_allclose(seen, image * maps[class_index], atol=1e-6)
        return maps[class_index]

    found = faithfulness(engine, image, maps, explain=explain, **OPTIONS)
    assert asked == [0, 1, 2]
    for of_class in found.of_class.values():
        assert of_class.scores["coherency"].of_map == pytest.approx(1)
        assert of_class.scores["coherency"].of_blob == 1
        assert of_class.scores["coherency"].of_random < 1


def test_no_map_of_the_film_through_its_map_leaves_coherency_out_with_the_reason(
    engine, image, maps
):
    found = faithfulness(
        engine, image, {0: maps[0]}, explain=lambda seen, _: np.zeros_like(seen[0]), **OPTIONS
    ).of_class[0]
    assert "adcc" not in found.scores
    assert found.missing.keys() == {"coherency", "adcc"}
    assert "no map" in found.missing["coherency"]


def test_what_was_not_asked_for_is_left_out_with_the_reason(engine, image, maps):
    found = faithfulness(engine, image, {0: maps[0]}, steps=STEPS, percentages=()).of_class[0]
    left_out = {"coherency", "adcc", "road", "road_morf", "road_lerf"}
    assert found.missing.keys() == left_out
    assert found.scores.keys() == MEASURES.keys() - left_out


@pytest.mark.parametrize("value", [0, 0.4, 1])
def test_constant_map_has_no_score_and_a_reason(engine, image, maps, value):
    flat = np.full(engine.input_shape, value, np.float32)
    found = faithfulness(engine, image, {0: flat, 1: maps[1]}, **OPTIONS).of_class
    assert found[0].scores == {}
    assert "no map" in found[0].missing["deletion"]
    assert "deletion" in found[1].scores


def test_network_of_one_class_is_described_but_not_judged(make_engine, image, maps):
    found = faithfulness(make_engine(classes=1), image, {0: maps[0]}, **OPTIONS).of_class[0]
    assert found.scores.keys() == {"complexity", "sparseness", "entropy"}
    assert "one class" in found.missing["deletion"]


def test_image_of_one_value_gives_finite_numbers(engine, maps):
    flat = np.full((3, *engine.input_shape), 0.3, np.float32)
    found = faithfulness(engine, flat, {0: maps[0]}, **OPTIONS).of_class[0]
    assert np.isfinite([score.values for score in found.scores.values()]).all()


def test_tiny_image_is_measured(engine):
    tiny = type(engine)(engine.network, input_shape=(8, 8))
    values = np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8)
    found = faithfulness(tiny, np.ones((3, 8, 8), np.float32), {0: values}).of_class[0]
    assert np.isfinite([score.values for score in found.scores.values()]).all()


def test_progress_counts_up_to_all_passes(engine, image, maps):
    seen = []
    found = faithfulness(
        engine, image, maps, progress=lambda *counts: seen.append(counts), **OPTIONS
    )
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})
    assert seen[-1] == (found.passes, found.passes)


@pytest.mark.parametrize("after", [0, 20, 60])
def test_cancelling_ends_between_chunks(engine, image, maps, after):
    asked = []

    def cancelled():
        asked.append(True)
        return len(asked) > after // 4

    with pytest.raises(OperationCancelled):
        faithfulness(engine, image, maps, cancelled=cancelled, **OPTIONS)


def with_value(values, value):
    changed = values.copy()
    changed[3, 3] = value
    return changed


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda values: with_value(values, np.nan), "not finite"),
        (lambda values: with_value(values, 1.5), "outside 0 to 1"),
        (lambda values: with_value(values, -0.5), "outside 0 to 1"),
        (lambda values: values[:-1], "the map is"),
    ],
)
def test_map_that_is_none_is_refused(engine, image, maps, change, said):
    with pytest.raises(ExplanationError, match=said):
        faithfulness(engine, image, {0: change(maps[0])}, **OPTIONS)


@pytest.mark.parametrize("class_index", [-1, 3])
def test_class_that_does_not_exist_is_refused(engine, image, maps, class_index):
    with pytest.raises(ExplanationError, match="only the classes 0 to 2"):
        faithfulness(engine, image, {class_index: maps[0]}, **OPTIONS)


def test_image_that_is_none_is_refused(engine, image, maps):
    with pytest.raises(ExplanationError, match="network takes"):
        faithfulness(engine, image[:, :-1], maps, **OPTIONS)
    image[0, 2, 2] = np.inf
    with pytest.raises(ExplanationError, match="not finite"):
        faithfulness(engine, image, maps, **OPTIONS)


@pytest.mark.parametrize(
    "options", [{"steps": 1}, {"percentages": (0,)}, {"percentages": (100,)}], ids=str
)
def test_settings_that_measure_nothing_are_refused(engine, image, maps, options):
    with pytest.raises(ExplanationError, match="2 or more steps"):
        faithfulness(engine, image, maps, **options)


def test_network_with_nan_weights_is_an_error(engine, image, maps):
    with torch.no_grad():
        engine.network.head.weight[0].fill_(float("nan"))
    with pytest.raises(ExplanationError, match="not finite"):
        faithfulness(engine, image, maps, **OPTIONS)


def test_map_of_the_masked_film_with_nan_is_an_error(engine, image, maps):
    with pytest.raises(ExplanationError, match="not finite"):
        faithfulness(
            engine,
            image,
            {0: maps[0]},
            explain=lambda seen, _: np.full_like(seen[0], np.nan),
            **OPTIONS,
        )


def test_result_is_plain_data(engine, image, maps):
    found = dataclasses.asdict(faithfulness(engine, image, {0: maps[0]}, **OPTIONS))
    assert set(found["of_class"][0]["scores"]["deletion"]) == {"of_map", "of_random", "of_blob"}

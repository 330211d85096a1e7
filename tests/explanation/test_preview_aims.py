"""What previews lean on: how maps move with the answers, and which masks are shown first."""

from dataclasses import replace

import numpy as np
import pytest

from medkd_core.explanation.score_cam.aims import ClassAim
from medkd_core.explanation.score_cam.contrast import ContrastAim
from medkd_core.explanation.score_cam.dialects import DIALECTS
from medkd_core.explanation.score_cam.kriging import (
    mask_covariance,
    most_telling,
    predicted,
    shape_pulls,
    stated_error,
)
from medkd_core.explanation.score_cam.masks import channel_masks
from medkd_core.explanation.score_cam.passes import look, show_masks

AIMS = {name: ClassAim(1, rules) for name, rules in DIALECTS.items()} | {
    "contrast": ContrastAim(1, 2)
}


@pytest.fixture
def scores(make_engine, image):
    engine = make_engine(channels=80)
    seen = look(engine, image)
    masks = channel_masks(seen.activations, engine.input_shape, DIALECTS["pytorch-grad-cam"])
    shown = show_masks(engine, seen, masks)
    return replace(shown, logits=shown.logits.astype(np.float64))


@pytest.mark.parametrize("name", AIMS)
def test_shape_of_a_map_moves_with_each_answer_as_foretold(scores, name):
    aim = AIMS[name]
    before = aim.evidence(scores)
    shape = before - before.mean()
    foretold = shape_pulls(scores, aim)
    step = 1e-5
    for mask in (0, 7, 33):
        logits = scores.logits.copy()
        logits[mask, 1] += step
        moved = (aim.evidence(replace(scores, logits=logits)) - before) / step
        moved -= moved.mean()
        moved -= (moved @ shape) / (shape @ shape) * shape
        np.testing.assert_allclose(moved, foretold[mask], atol=1e-3 * np.abs(moved).max())


def test_mask_that_no_channel_of_weight_has_is_not_chosen(scores):
    covariance = mask_covariance(scores.masks.distinct)
    unseen = replace(scores, shown=np.zeros(len(scores.logits), np.bool_))
    pulls = np.zeros_like(shape_pulls(scores, AIMS["contrast"]))
    pulls[[5, 40]] = shape_pulls(scores, AIMS["contrast"])[[5, 40]]
    assert {*most_telling(covariance, unseen, pulls, 2)} == {5, 40}


def test_chosen_masks_are_new_ones_each_once(scores):
    shown = np.arange(len(scores.logits)) % 2 == 0
    chosen = most_telling(
        mask_covariance(scores.masks.distinct),
        replace(scores, shown=shown),
        shape_pulls(scores, AIMS["authors"]),
        20,
    )
    assert len({*chosen}) == 20
    assert not shown[chosen].any()


@pytest.mark.parametrize("name", AIMS)
def test_stated_error_falls_to_nothing_as_more_is_shown(scores, name):
    covariance = mask_covariance(scores.masks.distinct)
    errors = []
    for count in (10, 40, len(scores.logits)):
        some = replace(scores, shown=np.arange(len(scores.logits)) < count)
        errors.append(stated_error(covariance, predicted(covariance, some), AIMS[name]))
    assert errors[0] > errors[-1] == 0


def test_answers_of_another_level_and_scale_are_foretold_likewise(scores):
    covariance = mask_covariance(scores.masks.distinct)
    some = replace(scores, shown=np.arange(len(scores.logits)) < 30)
    seen = scores.look
    other = replace(
        some,
        logits=4 * some.logits + 100,
        look=replace(
            seen, logits=4 * seen.logits + 100, baseline_logits=4 * seen.baseline_logits + 100
        ),
    )
    np.testing.assert_allclose(
        predicted(covariance, other).logits, 4 * predicted(covariance, some).logits + 100, rtol=1e-5
    )

"""Dark places stay dark from stage to stage, and lit ones lit, until their turn is beyond doubt."""

from dataclasses import replace

import numpy as np
import pytest
from torch import nn

from medkd_core.explanation.score_cam.aims import ClassAim
from medkd_core.explanation.score_cam.contrast import ContrastAim
from medkd_core.explanation.score_cam.dialects import DIALECTS
from medkd_core.explanation.score_cam.kriging import mask_covariance, predicted
from medkd_core.explanation.score_cam.masks import channel_masks
from medkd_core.explanation.score_cam.passes import look, show_masks
from medkd_core.explanation.score_cam.steadying import steadied

AIMS = {name: ClassAim(1, rules) for name, rules in DIALECTS.items()} | {
    "contrast": ContrastAim(1, 2)
}


@pytest.fixture
def covariance(some):
    return mask_covariance(some.masks.distinct)


@pytest.fixture
def some(make_engine, image):
    """Answers to 20 masks of 80 channels, which speak against places, too."""
    engine = make_engine(channels=80, activation=nn.Hardswish)
    seen = look(engine, image)
    masks = channel_masks(seen.activations, engine.input_shape, DIALECTS["pytorch-grad-cam"])
    shown = show_masks(engine, seen, masks, np.arange(0, 80, 4))
    return predicted(mask_covariance(masks.distinct), shown)


def turned(lit, place):
    other = lit.copy()
    other[place] ^= True
    return other


@pytest.mark.parametrize("name", AIMS)
def test_place_that_hardly_turned_is_kept_on_its_side(some, covariance, name):
    evidence = AIMS[name].evidence(some)
    nearest = int(np.abs(evidence).argmin())
    before = turned(evidence > 0, nearest)
    after = steadied(covariance, some, AIMS[name], before)
    assert (AIMS[name].evidence(after)[nearest] > 0) == before[nearest]
    np.testing.assert_array_equal(after.logits[some.shown], some.logits[some.shown])
    assert np.abs(AIMS[name].evidence(after) - evidence).max() < 0.1 * np.abs(evidence).max()


@pytest.mark.parametrize("name", AIMS)
def test_turn_beyond_doubt_is_made(some, covariance, name):
    evidence = AIMS[name].evidence(some)
    before = turned(evidence > 0, int(np.abs(evidence).argmax()))
    assert steadied(covariance, some, AIMS[name], before) is some


def test_answers_are_those_expected_where_no_place_turned(some, covariance):
    aim = AIMS["authors"]
    assert steadied(covariance, some, aim, aim.evidence(some) > 0) is some


def test_exact_map_has_the_places_that_it_has(some, covariance):
    aim = AIMS["authors"]
    whole = replace(some, shown=np.ones_like(some.shown))
    before = turned(aim.evidence(some) > 0, int(np.abs(aim.evidence(some)).argmin()))
    assert steadied(covariance, whole, aim, before) is whole

import numpy as np
import pytest
import torch

from medkd_core.errors import ExplanationError
from medkd_core.explanation.agreement import spearman
from medkd_core.explanation.score_cam import contrast_cam, contrast_map, score_cam
from medkd_core.explanation.score_cam.dialects import DEFAULT_DIALECT, DIALECTS
from medkd_core.explanation.score_cam.masks import channel_masks
from medkd_core.explanation.score_cam.passes import look, show_masks


@pytest.fixture
def scores(make_engine, image):
    engine = make_engine(channels=200)
    seen = look(engine, image)
    masks = channel_masks(seen.activations, engine.input_shape, DIALECTS[DEFAULT_DIALECT])
    return show_masks(engine, seen, masks)


def answering(scores, *by_class):
    """The same scores with other answers: one (m,) for each class."""
    scores.logits[:] = np.stack(by_class, axis=1)
    return scores


def test_place_that_alone_speaks_for_a_class_is_the_peak_of_its_map(scores):
    masks = scores.masks.distinct
    flat = np.full(len(masks), 0.7)
    found = contrast_map(answering(scores, 3 * masks[:, 5, 2], flat, flat), 0, 1)
    assert np.unravel_index(found.native.argmax(), found.native.shape) == (5, 2)
    assert not found.empty


def test_what_both_classes_share_does_not_show(scores):
    masks = scores.masks.distinct
    shared = 50 * masks[:, 1, 1]
    apart = contrast_map(answering(scores, masks[:, 5, 2], 0 * shared, shared), 0, 1)
    together = contrast_map(answering(scores, masks[:, 5, 2] + shared, shared, shared), 0, 1)
    np.testing.assert_allclose(apart.native, together.native, atol=1e-3)


def test_exchanging_two_classes_shows_the_other_places(scores):
    one, other = contrast_map(scores, 0, 1), contrast_map(scores, 1, 0)
    assert not ((one.native > 0) & (other.native > 0)).any()
    assert spearman(one.native, other.native) < -0.5


def test_answers_that_masks_do_not_explain_give_an_explicit_no_map(scores):
    generator = np.random.default_rng(3)
    empty = [
        contrast_map(
            answering(scores, *generator.standard_normal((3, len(scores.logits)))), 0
        ).empty
        for _ in range(20)
    ]
    assert sum(empty) >= 16


def test_classes_that_are_told_apart_nowhere_give_an_explicit_no_map(scores):
    same = scores.logits[:, 0].copy()
    found = contrast_map(answering(scores, same, same, same), 0, 1)
    assert found.empty
    assert not found.native.any()


def test_class_is_held_against_the_likeliest_other_one(engine, image):
    logits = engine.logits(image[None])[0]
    first, second, third = np.argsort(-logits)
    for class_index, rival in ((first, second), (second, first), (third, first)):
        *_, exact = contrast_cam(engine, image, int(class_index))
        assert exact.against == rival
        assert exact.exact


def test_contrast_depends_on_the_class_more_than_score_cam_does(make_engine, image):
    engine = make_engine(channels=300)
    *_, contrast = contrast_cam(engine, image, 0)
    usual = score_cam(engine, image, 0)
    assert contrast.sensitivity.other_classes < usual.sensitivity.other_classes
    assert contrast.forwards == usual.forwards


def test_first_stage_of_a_contrast_resembles_the_last(make_engine, image):
    first, *_, last = contrast_cam(make_engine(channels=300), image, 0, 1)
    assert (first.forwards, first.exact) == (32, False)
    assert first.error > 0
    assert (last.exact, last.error) == (True, 0)
    assert spearman(first.native, last.native) > 0.6


def test_layer_without_any_activity_has_no_contrast(engine, image):
    with torch.no_grad():
        engine.network.features[3].bias.fill_(-1e4)
    (only,) = contrast_cam(engine, image, 0)
    assert only.empty


def test_only_class_of_a_network_has_no_rival(make_engine, image):
    with pytest.raises(ExplanationError, match="one class only"):
        next(contrast_cam(make_engine(classes=1), image, 0))


@pytest.mark.parametrize("against", [0, 3, -1])
def test_class_cannot_be_held_against_itself_or_none(engine, image, against):
    with pytest.raises(ExplanationError, match="cannot be held against"):
        next(contrast_cam(engine, image, 0, against))

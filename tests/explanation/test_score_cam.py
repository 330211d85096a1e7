import itertools

import numpy as np
import pytest
import torch

from medkd_core.errors import ExplanationError, OperationCancelled
from medkd_core.explanation.score_cam import DIALECTS, PREVIEW_FORWARDS, score_cam, score_cam_all


def test_dialects_give_different_maps(engine, image):
    maps = [score_cam(engine, image, 0, dialect=name).input_map for name in DIALECTS]
    for one, other in itertools.combinations(maps, 2):
        assert np.abs(one - other).max() > 1e-3


def test_map_is_float32_between_0_and_1_at_the_target_layers_size(engine, image):
    explanation = score_cam(engine, image, 0)
    assert explanation.native.dtype == np.float32
    assert explanation.native.shape == (8, 7)
    assert explanation.input_map.dtype == np.float32
    assert explanation.input_map.shape == engine.input_shape
    for values in (explanation.native, explanation.input_map):
        assert (values.min(), values.max()) == (0, pytest.approx(1, abs=1e-5))
    np.testing.assert_allclose(explanation.logits, engine.logits(image[None])[0], rtol=1e-5)


def test_repeated_and_dead_channels_are_shown_once(engine, image):
    convolution = engine.network.features[3]
    with torch.no_grad():
        convolution.weight[10:20] = convolution.weight[0]
        convolution.bias[10:20] = convolution.bias[0]
        convolution.bias[30:40] = -1e4
    explanation = score_cam(engine, image, 0)
    assert explanation.forwards == engine.shown <= 48 - 10 - 9


def test_preview_shows_at_most_32_masks_and_resembles_the_exact_map(make_engine, image):
    engine = make_engine(channels=300)
    exact, preview = (score_cam(engine, image, 0, preview=p) for p in (False, True))
    assert not preview.exact
    assert preview.forwards <= PREVIEW_FORWARDS < exact.forwards
    assert np.corrcoef(exact.native.ravel(), preview.native.ravel())[0, 1] > 0.9


def test_preview_is_the_same_every_time(make_engine, image):
    engine = make_engine(channels=100)
    first, second = (score_cam(engine, image, 0, preview=True).native for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_preview_of_few_channels_is_exact(make_engine, image):
    explanation = score_cam(make_engine(channels=20), image, 0, preview=True)
    assert explanation.exact


def test_progress_counts_up_to_all_masks(engine, image):
    seen = []
    explanation = score_cam(
        engine, image, 0, progress=lambda done, total: seen.append((done, total))
    )
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1] == (explanation.forwards, explanation.forwards)


def test_cancelling_ends_between_chunks(engine, image):
    with pytest.raises(OperationCancelled):
        score_cam(engine, image, 0, cancelled=lambda: engine.shown >= 16)
    assert engine.shown == 16


def test_baseline_is_what_shows_where_the_mask_is_dark(engine, image):
    bright = np.full((3, 1, 1), 5, np.float32)
    default, on_bright = (score_cam(engine, image, 0, baseline=b) for b in (None, bright))
    assert np.abs(default.native - on_bright.native).max() > 0.01


@pytest.mark.parametrize("dialect", DIALECTS)
def test_layer_without_any_activity_gives_an_explicit_no_map(engine, image, dialect):
    with torch.no_grad():
        engine.network.features[3].bias.fill_(-1e4)
    explanation = score_cam(engine, image, 0, dialect=dialect)
    assert explanation.empty
    assert not explanation.native.any()


def test_image_of_one_value_gives_finite_numbers(engine, image):
    explanation = score_cam(engine, np.full_like(image, 0.3), 0)
    assert np.isfinite(explanation.native).all()


@pytest.mark.parametrize("class_index", [-1, 3])
def test_class_that_does_not_exist_is_refused(engine, image, class_index):
    with pytest.raises(ExplanationError, match="there is no class"):
        score_cam(engine, image, class_index)


def test_unknown_dialect_is_refused_with_the_names_of_the_known(engine, image):
    with pytest.raises(ExplanationError, match="pytorch-grad-cam, authors"):
        score_cam(engine, image, 0, dialect="grad-cam")


def test_image_of_another_size_is_refused(engine, image):
    with pytest.raises(ExplanationError, match="network takes"):
        score_cam(engine, image[:, :-1], 0)


def test_image_with_nan_is_refused(engine, image):
    image[1, 4, 4] = np.nan
    with pytest.raises(ExplanationError, match="not finite"):
        score_cam(engine, image, 0)


@pytest.mark.parametrize("layer", ["features.3", "head"])
def test_nan_in_the_weights_is_an_error_not_a_map(engine, image, layer):
    with torch.no_grad():
        engine.network.get_submodule(layer).weight[0].fill_(float("nan"))
    with pytest.raises(ExplanationError, match="not finite"):
        score_cam(engine, image, 0)


def test_score_that_overflows_only_under_a_mask_is_an_error(engine, image):
    class Overflowing(type(engine)):
        def masked_logits(self, *arguments):
            return super().masked_logits(*arguments) * np.float32(np.inf)

    engine.__class__ = Overflowing
    with pytest.raises(ExplanationError, match="masked images"):
        score_cam(engine, image, 0)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_several_images_and_classes_get_the_maps_they_get_alone(engine, image, dialect):
    images = np.stack([image, image[::-1], np.flip(image, axis=2)])
    together = score_cam_all(engine, images, [2, 0], dialect=dialect)
    assert engine.shown == sum(of_image[0].forwards for of_image in together)
    for one, of_image in zip(images, together, strict=True):
        for class_index, found in zip([2, 0], of_image, strict=True):
            alone = score_cam(engine, one, class_index, dialect=dialect)
            np.testing.assert_allclose(found.input_map, alone.input_map, atol=1e-5)
            assert (found.class_index, found.forwards) == (class_index, alone.forwards)


def test_all_classes_are_explained_when_none_is_named(engine, image):
    together = score_cam_all(engine, image[None])
    assert [found.class_index for found in together[0]] == [0, 1, 2]


def test_images_may_have_baselines_of_their_own(engine, image):
    images, baselines = np.stack([image, -image]), np.stack([image / 2, -image])
    together = score_cam_all(engine, images, [1], baseline=baselines)
    for one, baseline, [found] in zip(images, baselines, together, strict=True):
        alone = score_cam(engine, one, 1, baseline=baseline)
        np.testing.assert_allclose(found.input_map, alone.input_map, atol=1e-5)


def test_image_that_is_its_own_baseline_has_no_map(engine, image):
    explanation = score_cam(engine, image, 0, baseline=image)
    assert explanation.empty
    assert not explanation.input_map.any()


@pytest.mark.parametrize("dialect", DIALECTS)
def test_score_that_is_the_same_whatever_is_shown_gives_an_explicit_no_map(engine, image, dialect):
    with torch.no_grad():
        engine.network.head.weight.zero_()
    assert score_cam(engine, image, 0, dialect=dialect).empty


def test_probability_of_a_single_class_gives_an_explicit_no_map(make_engine, image):
    engine = make_engine(classes=1)
    assert score_cam(engine, image, 0, dialect="authors").empty
    assert not score_cam(engine, image, 0).empty

import numpy as np
import pytest
import torch

from medkd_core.errors import ExplanationError, OperationCancelled
from medkd_core.explanation.agreement import spearman
from medkd_core.explanation.score_cam import PREVIEW_FORWARDS, refined, score_cam
from medkd_core.explanation.score_cam.dialects import DIALECTS
from medkd_core.explanation.score_cam.kriging import mask_covariance, predicted
from medkd_core.explanation.score_cam.masks import channel_masks
from medkd_core.explanation.score_cam.passes import look, show_masks


@pytest.fixture
def wide_engine(make_engine):
    """Its 300 channels take four stages: 32, 64, 128, all."""
    return make_engine(channels=300)


@pytest.fixture
def film_like(wide_engine) -> np.ndarray:
    generator = torch.Generator().manual_seed(1)
    coarse = torch.randn((1, 3, 8, 7), generator=generator)
    shape = wide_engine.input_shape
    return torch.nn.functional.interpolate(coarse, shape, mode="bicubic")[0].numpy()


def test_stages_end_with_the_exact_map_and_no_mask_is_shown_twice(wide_engine, film_like):
    exact = score_cam(wide_engine, film_like, 1)
    wide_engine.shown = 0
    stages = list(refined(wide_engine, film_like, 1))
    assert [stage.forwards for stage in stages] == [32, 64, 128, exact.forwards]
    assert [stage.exact for stage in stages] == [False, False, False, True]
    assert wide_engine.shown == exact.forwards
    np.testing.assert_allclose(stages[-1].native, exact.native, atol=1e-5)
    assert stages[-1].error == 0


@pytest.mark.parametrize("dialect", list(DIALECTS))
def test_stages_come_nearer_to_the_exact_map_within_their_stated_error(
    wide_engine, film_like, dialect
):
    for class_index in range(3):
        *stages, exact = refined(wide_engine, film_like, class_index, dialect=dialect)
        alike = [spearman(stage.native, exact.native) for stage in stages]
        assert alike[0] > 0.9
        assert alike[-1] > 0.99
        for stage, value in zip(stages, alike, strict=True):
            assert 1 - value <= stage.error + 0.01


def test_first_stage_is_the_preview(wide_engine, film_like):
    first = next(refined(wide_engine, film_like, 0))
    preview = score_cam(wide_engine, film_like, 0, preview=True)
    assert first.forwards == preview.forwards == PREVIEW_FORWARDS
    np.testing.assert_array_equal(first.native, preview.native)
    assert first.error == preview.error > 0


def test_answers_to_masks_near_shown_ones_are_foretold_best(wide_engine, film_like):
    seen = look(wide_engine, film_like)
    rules = DIALECTS["pytorch-grad-cam"]
    masks = channel_masks(seen.activations, wide_engine.input_shape, rules)
    truth = show_masks(wide_engine, seen, masks).logits
    half = show_masks(wide_engine, seen, masks, np.arange(0, len(truth), 2))
    guessed = predicted(mask_covariance(masks.distinct), half)
    hidden = ~half.shown
    np.testing.assert_array_equal(guessed.logits[half.shown], truth[half.shown])
    spread = truth[hidden] - truth[half.shown].mean(axis=0)
    assert ((guessed.logits - truth)[hidden] ** 2).mean() < 0.3 * (spread**2).mean()


def test_progress_of_stages_runs_once_to_all_masks(wide_engine, film_like):
    seen = []
    exact = list(refined(wide_engine, film_like, 0, progress=lambda *pair: seen.append(pair)))[-1]
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert {total for _, total in seen} == {exact.forwards}
    assert seen[-1][0] == exact.forwards


def test_cancelling_stages_ends_between_chunks(wide_engine, film_like):
    stages = refined(wide_engine, film_like, 0, cancelled=lambda: wide_engine.shown >= 40)
    assert next(stages).forwards == 32
    with pytest.raises(OperationCancelled):
        next(stages)
    assert wide_engine.shown == 40


def test_few_channels_need_one_stage_only(make_engine, image):
    (only,) = refined(make_engine(channels=20), image, 0)
    assert only.exact


def test_layer_without_any_activity_has_one_stage_without_a_map(engine, image):
    with torch.no_grad():
        engine.network.features[3].bias.fill_(-1e4)
    (only,) = refined(engine, image, 0)
    assert only.empty
    assert only.sensitivity is None


def test_stages_of_a_class_that_does_not_exist_are_refused(engine, image):
    with pytest.raises(ExplanationError, match="there is no class"):
        next(refined(engine, image, 3))


def test_map_says_how_far_it_resembles_other_classes_and_the_channel_mean(engine, image):
    maps = [score_cam(engine, image, index) for index in range(3)]
    alike = [spearman(maps[0].native, other.native) for other in maps[1:]]
    assert maps[0].sensitivity.other_classes == pytest.approx(max(alike))
    channels = engine.logits_and_features(image[None])[1][0]
    mean = spearman(maps[0].native, channels.mean(axis=0))
    assert maps[0].sensitivity.channel_mean == pytest.approx(mean)


def test_map_of_the_only_class_has_no_others_to_resemble(make_engine, image):
    assert score_cam(make_engine(classes=1), image, 0).sensitivity.other_classes is None

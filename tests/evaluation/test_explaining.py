import numpy as np
import pytest

from medkd_core.errors import ExplanationError, OperationCancelled
from medkd_core.evaluation.explaining import laid_over
from medkd_core.explanation.any_method import Subject, explanations
from medkd_core.explanation.other_methods import open_network
from medkd_core.imaging.preprocessing import network_input, view_image
from medkd_core.imaging.recipe import View


def subject(bundle, engines, name):
    entry = bundle.entry(name)
    facts = {"width": entry.width, "classes": 3, "image_size": entry.recipe.size}
    return Subject(
        name,
        entry.recipe.size,
        entry.target_layer,
        engine=lambda: engines[name],
        network=lambda: open_network(bundle.weights_path(name), name, **facts),
    )


@pytest.fixture
def explain(bundle, engines, frame):
    """The last map of a network by a method, with those on the way to it."""

    def computed(name="vgg19", method="pytorch-grad-cam", class_index=1, **options):
        view = bundle.manifest.view
        image = network_input(view_image(frame, view), view, bundle.entry(name).recipe)
        asked = (subject(bundle, engines, name), image, class_index)
        return list(explanations(*asked, method=method, **options))

    return computed


def test_map_lies_over_the_frames_own_pixels(bundle, explain, frame):
    found = explain()[-1]
    overlay = laid_over(bundle.manifest, bundle.entry("vgg19"), found, frame)
    assert overlay.shape == (frame.rows, frame.columns)
    assert overlay.dtype == np.float32
    assert 0 <= overlay.min() <= overlay.max() <= 1
    assert found.class_index == 1


def test_what_the_crop_cut_off_was_not_looked_at(bundle, explain, frame):
    manifest = bundle.manifest.model_copy(update={"view": View(fit="crop")})
    overlay = laid_over(manifest, bundle.entry("vgg19_bn"), explain("vgg19_bn")[-1], frame)
    assert not overlay[:, :9].any()
    assert not overlay[:, -9:].any()


def test_both_engines_and_every_network_give_previews(engines, explain):
    for name in engines:
        assert explain(name, preview=True)[-1].forwards <= 32


def test_stages_end_with_the_map_that_is_computed_at_once(explain):
    stages = explain(in_stages=True)
    assert [stage.exact for stage in stages] == [False] * (len(stages) - 1) + [True]
    np.testing.assert_allclose(stages[-1].input_map, explain()[-1].input_map, atol=1e-5)


def test_contrast_map_names_its_rival_and_comes_in_stages(explain):
    *_, found = explain(method="contrast", in_stages=True)
    assert found.exact
    assert found.against not in {None, 1}
    (preview,) = explain(method="contrast", preview=True)
    assert preview.forwards <= 32
    (exact,) = explain(method="contrast")
    np.testing.assert_allclose(exact.native, found.native, atol=1e-4)


@pytest.mark.parametrize("method", ["grad-cam", "eigen-cam", "ablation-cam"])
def test_other_methods_lie_over_the_same_pixels(bundle, explain, frame, method):
    found = explain(method=method)[-1]
    assert found.method == method
    overlay = laid_over(bundle.manifest, bundle.entry("vgg19"), found, frame)
    assert overlay.shape == (frame.rows, frame.columns)


def test_unknown_method_is_refused_with_the_names_of_the_known(explain):
    with pytest.raises(ExplanationError, match=r"authors.*grad-cam"):
        explain(method="tea leaves")


def test_explaining_can_be_cancelled(explain):
    with pytest.raises(OperationCancelled):
        explain(cancelled=lambda: True)


@pytest.mark.parametrize("method", ["pytorch-grad-cam", "contrast", "grad-cam"])
def test_picture_of_one_value_has_no_map_by_any_method(bundle, engines, method):
    image = np.full((3, 32, 32), 0.5, np.float32)
    asked = (subject(bundle, engines, "vgg19"), image, 0)
    (found,) = explanations(*asked, method=method)
    assert found.empty
    assert not found.input_map.any()
    with pytest.raises(ExplanationError, match="no class 9"):
        next(explanations(*asked[:-1], 9, method=method))

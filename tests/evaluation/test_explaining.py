import numpy as np
import pytest

from medkd_core.errors import ExplanationError, OperationCancelled
from medkd_core.evaluation.explaining import explain_frame
from medkd_core.imaging.recipe import View


def test_map_lies_over_the_frames_own_pixels(bundle, engines, frame):
    explanation, overlay = explain_frame(
        bundle.manifest, engines["vgg19"], "vgg19", frame, class_index=1
    )
    assert overlay.shape == (frame.rows, frame.columns)
    assert overlay.dtype == np.float32
    assert 0 <= overlay.min() <= overlay.max() <= 1
    assert explanation.class_index == 1


def test_what_the_crop_cut_off_was_not_looked_at(bundle, engines, frame):
    manifest = bundle.manifest.model_copy(update={"view": View(fit="crop")})
    _, overlay = explain_frame(manifest, engines["vgg19_bn"], "vgg19_bn", frame, 0)
    assert not overlay[:, :9].any()
    assert not overlay[:, -9:].any()


def test_both_engines_and_every_network_give_maps(bundle, engines, frame):
    for name, engine in engines.items():
        explanation, _ = explain_frame(bundle.manifest, engine, name, frame, 0, preview=True)
        assert explanation.forwards <= 32


def test_unknown_network_is_refused_with_the_names_of_the_known(bundle, engines, frame):
    with pytest.raises(ExplanationError, match="vgg19, vgg19_bn"):
        explain_frame(bundle.manifest, engines["vgg19"], "ofa_595", frame, 0)


def test_explaining_can_be_cancelled(bundle, engines, frame):
    with pytest.raises(OperationCancelled):
        explain_frame(bundle.manifest, engines["vgg19"], "vgg19", frame, 0, cancelled=lambda: True)

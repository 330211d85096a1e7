"""Previews of the embedded demo's networks, which were trained, on the demo's films."""

import numpy as np
import pytest

from medkd_core.bundles.read import open_bundle
from medkd_core.explanation.agreement import agreement
from medkd_core.explanation.score_cam import contrast_cam, refined
from medkd_core.imaging.preprocessing import network_input, view_image
from medkd_core.imaging.reading import read_frame
from resources import DEMO_BUNDLE

FILMS = ("ada_pneumonia.dcm", "ben_covid.dcm", "cyd_normal.dcm")


def demo_engine(name):
    return open_bundle(DEMO_BUNDLE).engine(name, device="cpu")


def demo_picture(name, film):
    bundle = open_bundle(DEMO_BUNDLE)
    frame = read_frame(DEMO_BUNDLE.parent / "studies" / film)
    view, recipe = bundle.manifest.view, bundle.entry(name).recipe
    return network_input(view_image(frame, view), view, recipe)


@pytest.mark.parametrize("name", ["ofa_595", pytest.param("densenet201", marks=pytest.mark.slow)])
def test_preview_of_a_trained_network_resembles_its_exact_map(name):
    engine = demo_engine(name)
    alike = []
    for film in FILMS:
        picture = demo_picture(name, film)
        first, *_, exact = refined(engine, picture, int(engine.logits(picture[None]).argmax()))
        alike.append(agreement(first.input_map, exact.input_map))
    assert np.median([one.spearman for one in alike]) >= 0.99
    assert min(one.spearman for one in alike) >= 0.95
    assert np.median([one.top_fifth_iou for one in alike]) >= 0.90


def test_contrast_of_a_trained_network_asks_another_question_than_its_map():
    engine = demo_engine("ofa_595")
    picture = demo_picture("ofa_595", "ben_covid.dcm")
    index = int(engine.logits(picture[None]).argmax())
    *_, usual = refined(engine, picture, index)
    *_, contrast = contrast_cam(engine, picture, index)
    assert not contrast.empty
    assert contrast.sensitivity.other_classes < usual.sensitivity.other_classes - 0.5

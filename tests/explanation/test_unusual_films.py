"""Films of any size and content get a finite map over their own pixels, or an explicit no map."""

import numpy as np
import pytest

from medkd_core.bundles.read import open_bundle
from medkd_core.evaluation.explaining import laid_over
from medkd_core.explanation.score_cam import DIALECTS, score_cam
from medkd_core.imaging.frame import Frame, Photometric
from medkd_core.imaging.preprocessing import network_input, view_image

FILMS = {"tiny": (8, 8), "a strip": (10_000, 12), "a line": (1, 300), "one pixel": (1, 1)}


def overlay(bundle, stored, dialect):
    entry = bundle.entry("vgg19_bn")
    frame = Frame(stored, Photometric.MONOCHROME2, bits_stored=12)
    view = bundle.manifest.view
    image = network_input(view_image(frame, view), view, entry.recipe)
    found = score_cam(bundle.engine("vgg19_bn"), image, 1, dialect=dialect)
    assert np.isfinite(found.native).all()
    assert found.empty == (not found.input_map.any())
    laid = laid_over(bundle.manifest, entry, found, frame)
    assert laid.shape == stored.shape
    return laid


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("shape", FILMS.values(), ids=FILMS)
def test_film_of_any_size_has_a_finite_map(small_bundle, shape, dialect):
    stored = np.random.default_rng(0).integers(0, 4096, shape).astype(np.uint16)
    laid = overlay(open_bundle(small_bundle), stored, dialect)
    assert np.isfinite(laid).all()
    assert 0 <= laid.min() <= laid.max() <= 1


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("level", [0, 2000, 4095])
def test_film_of_one_value_has_a_finite_map(small_bundle, level, dialect):
    laid = overlay(open_bundle(small_bundle), np.full((40, 30), level, np.uint16), dialect)
    assert np.isfinite(laid).all()


@pytest.mark.slow
def test_film_of_a_hundred_million_pixels_has_a_finite_map(small_bundle):
    rows = np.linspace(0, 4095, 10_000).astype(np.uint16)
    stored = np.minimum(rows[:, None], rows[None, :])
    assert np.isfinite(overlay(open_bundle(small_bundle), stored, "pytorch-grad-cam")).all()

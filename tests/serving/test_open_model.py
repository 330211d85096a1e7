"""A bundle that is open for questions, in this process."""

import numpy as np
import pytest

from medkd_core.evaluation.map_measures import Masks
from medkd_core.explanation import cache
from medkd_core.explanation.baselines import BASELINES
from medkd_core.imaging.frame import Frame, Photometric
from medkd_core.serving.messages import Explain, LoadModel
from medkd_core.serving.model import OpenModel

CLASS = 1


@pytest.fixture
def opened(small_bundle, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return OpenModel(LoadModel(small_bundle))


@pytest.fixture
def film():
    stored = np.random.default_rng(0).integers(0, 4096, (40, 30)).astype(np.uint16)
    return Frame(stored, Photometric.MONOCHROME2, bits_stored=12)


@pytest.mark.parametrize("fit", ["stretch", "letterbox", "crop"])
@pytest.mark.parametrize("method", ["pytorch-grad-cam", "contrast", "grad-cam"])
def test_a_film_of_one_value_has_no_map_however_it_is_fitted(opened, fit, method):
    manifest = opened.bundle.manifest
    view = manifest.view.model_copy(update={"fit": fit})
    object.__setattr__(opened.bundle, "manifest", manifest.model_copy(update={"view": view}))
    frame = Frame(np.full((40, 30), 2000, np.uint16), Photometric.MONOCHROME2, bits_stored=12)
    found = opened.explain(0, Explain(frame, "vgg19", CLASS, method))
    assert found.empty
    assert found.forwards == 0
    assert not found.overlay.any()


def test_what_is_seen_under_a_mask_is_asked_for_and_kept_apart(opened, film):
    maps = {
        name: opened.explain(0, Explain(film, "vgg19", CLASS, baseline=name)).native
        for name in BASELINES
    }
    assert not np.array_equal(maps["mean"], maps["black"])
    assert not np.array_equal(maps["mean"], maps["blurred"])
    again = opened.explain(0, Explain(film, "vgg19", CLASS, baseline="black"))
    assert np.array_equal(again.native, maps["black"])


def test_a_map_is_measured_without_being_computed_again(opened, film, monkeypatch):
    monkeypatch.setattr(cache.MapCache, "put", lambda *_: None)  # as on a full disk
    request = Explain(film, "vgg19", CLASS)
    opened.explain(0, request)
    monkeypatch.setattr(
        "medkd_core.serving.model.explanations", lambda *_, **__: pytest.fail("computed again")
    )
    lungs = np.zeros((40, 30), np.bool_)
    lungs[10:30, 5:25] = True
    assert opened.measures(request, Masks(lungs=lungs), faithfulness=False, seed=0)
    other = Explain(film, "vgg19", 2)
    assert opened.measures(other, Masks(), faithfulness=False, seed=0) == ()

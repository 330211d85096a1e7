"""Every dialect gives the map of the code or the algorithm that it follows."""

import numpy as np
import pytest
import torch
from score_cam_references import REFERENCES, ScoreCAMWithEvidence
from torch import nn

from medkd_core.explanation.score_cam import score_cam


def reference_map(dialect, engine, image, class_index):
    return REFERENCES[dialect](engine.network, engine.network.features, image, class_index)


@pytest.fixture
def in_float64():
    """pytorch-grad-cam keeps scores in torch's default type."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("activation", [nn.ReLU, nn.Hardswish])
@pytest.mark.parametrize("dialect", REFERENCES)
def test_dialect_equals_its_reference(make_engine, image, dialect, activation):
    engine = make_engine(activation=activation)
    for class_index in (0, 2):
        found = score_cam(engine, image, class_index, dialect=dialect)
        expected = reference_map(dialect, engine, image, class_index)
        assert found.exact
        assert not found.empty
        assert np.abs(found.input_map - expected).max() < 1e-5


@pytest.mark.parametrize("dialect", REFERENCES)
def test_dead_channels_weigh_what_they_weigh_in_the_reference(engine, image, dialect):
    with torch.no_grad():
        engine.network.features[3].bias[10:40] = -1e4
    found = score_cam(engine, image, 1, dialect=dialect)
    expected = reference_map(dialect, engine, image, 1)
    assert np.abs(found.input_map - expected).max() < 1e-5


@pytest.mark.parametrize("dialect", ["authors", "algorithm-1", "torch-cam"])
def test_dialect_equals_its_reference_in_float64(in_float64, make_engine, image, dialect):
    engine = make_engine(activation=nn.Hardswish)
    found = score_cam(engine, image.astype(np.float64), 1, dialect=dialect)
    expected = reference_map(dialect, engine, image.astype(np.float64), 1)
    assert found.input_map.dtype == np.float64
    assert np.abs(found.input_map - expected).max() < 1e-8


def test_default_dialect_equals_its_reference_in_float64(in_float64, make_engine, image):
    engine = make_engine(activation=nn.Hardswish)
    found = score_cam(engine, image.astype(np.float64), 1)
    expected = reference_map("pytorch-grad-cam", engine, image.astype(np.float64), 1)
    # The reference up-samples in float32, so that only the layer's own map is known better.
    assert np.abs(found.input_map - expected).max() < 1e-6
    evidence = np.maximum(ScoreCAMWithEvidence.evidence[0], 0)
    native = (evidence - evidence.min()) / (np.ptp(evidence) + 1e-7)
    assert np.abs(found.native - native).max() < 1e-8


@pytest.mark.parametrize("dialect", REFERENCES)
def test_extremes_need_not_lie_on_the_cells(make_engine, dialect):
    """An input that is no multiple of the layer's grid, and smaller than twice it."""
    engine = make_engine(input_shape=(11, 13))
    image = np.random.default_rng(0).standard_normal((3, 11, 13)).astype(np.float32)
    found = score_cam(engine, image, 1, dialect=dialect)
    expected = reference_map(dialect, engine, image, 1)
    assert np.abs(found.input_map - expected).max() < 1e-5

"""Every dialect gives the map of the code or the algorithm that it follows."""

import numpy as np
import pytest
import torch
from pytorch_grad_cam import ScoreCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import nn
from torch.nn import functional as F
from torchcam.methods import ScoreCAM as TorchCAM

from medkd_core.explanation.score_cam import score_cam


def upsampled(maps, input_shape):
    """(n, h, w) -> (n, H, W), values at the centres of cells."""
    return F.interpolate(maps[:, None], input_shape, mode="bilinear", align_corners=False)[:, 0]


def min_max(values):
    return (values - values.min()) / (values.max() - values.min())


class ScoreCAMWithEvidence(ScoreCAM):
    last = None

    def get_cam_image(self, *arguments):
        type(self).last = super().get_cam_image(*arguments)
        return self.last


def pytorch_grad_cam_map(network, image, class_index):
    with ScoreCAMWithEvidence(network, [network.features]) as reference:
        return reference(torch.from_numpy(image)[None], [ClassifierOutputTarget(class_index)])[0]


def torch_cam_map(network, image, class_index):
    with TorchCAM(network, network.features) as reference, torch.no_grad():
        network(torch.from_numpy(image)[None])
        maps = reference(class_index)[0]
    return upsampled(maps, image.shape[1:])[0].numpy()


@torch.inference_mode()
def published_map(network, image, class_index):
    """What github.com/haofanwang/Score-CAM computes: probabilities weigh up-sampled channels."""
    tensor = torch.from_numpy(image)[None]
    evidence = 0
    for full in upsampled(network.features(tensor)[0], image.shape[1:]):
        if full.max() > full.min():
            probability = network(tensor * min_max(full)).softmax(1)[0, class_index]
            evidence = evidence + probability * full
    return min_max(evidence.relu()).numpy()


@torch.inference_mode()
def algorithm_1_map(network, image, class_index):
    """Algorithm 1 of the paper: softmax over the increases of the logit over the baseline's."""
    tensor = torch.from_numpy(image)[None]
    channels = network.features(tensor)[0]
    masks = []
    for full in upsampled(channels, image.shape[1:]):
        masks.append(min_max(full) if full.max() > full.min() else torch.zeros_like(full))
    seen = torch.stack([network(tensor * mask)[0, class_index] for mask in masks])
    increase = seen - network(torch.zeros_like(tensor))[0, class_index]
    evidence = (increase.softmax(0)[:, None, None] * channels).sum(0).relu()
    return min_max(upsampled(evidence[None], image.shape[1:])).numpy()[0]


REFERENCES = {
    "pytorch-grad-cam": pytorch_grad_cam_map,
    "authors": published_map,
    "algorithm-1": algorithm_1_map,
    "torch-cam": torch_cam_map,
}


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
        expected = REFERENCES[dialect](engine.network, image, class_index)
        assert found.exact
        assert not found.empty
        assert np.abs(found.input_map - expected).max() < 1e-5


@pytest.mark.parametrize("dialect", REFERENCES)
def test_dead_channels_weigh_what_they_weigh_in_the_reference(engine, image, dialect):
    with torch.no_grad():
        engine.network.features[3].bias[10:40] = -1e4
    found = score_cam(engine, image, 1, dialect=dialect)
    expected = REFERENCES[dialect](engine.network, image, 1)
    assert np.abs(found.input_map - expected).max() < 1e-5


@pytest.mark.parametrize("dialect", ["authors", "algorithm-1", "torch-cam"])
def test_dialect_equals_its_reference_in_float64(in_float64, make_engine, image, dialect):
    engine = make_engine(activation=nn.Hardswish)
    found = score_cam(engine, image.astype(np.float64), 1, dialect=dialect)
    expected = REFERENCES[dialect](engine.network, image.astype(np.float64), 1)
    assert found.input_map.dtype == np.float64
    assert np.abs(found.input_map - expected).max() < 1e-8


def test_default_dialect_equals_its_reference_in_float64(in_float64, make_engine, image):
    engine = make_engine(activation=nn.Hardswish)
    found = score_cam(engine, image.astype(np.float64), 1)
    expected = pytorch_grad_cam_map(engine.network, image.astype(np.float64), 1)
    # The reference up-samples in float32, so that only the layer's own map is known better.
    assert np.abs(found.input_map - expected).max() < 1e-6
    evidence = np.maximum(ScoreCAMWithEvidence.last[0], 0)
    native = (evidence - evidence.min()) / (np.ptp(evidence) + 1e-7)
    assert np.abs(found.native - native).max() < 1e-8


@pytest.mark.parametrize("dialect", REFERENCES)
def test_extremes_need_not_lie_on_the_cells(make_engine, dialect):
    """An input that is no multiple of the layer's grid, and smaller than twice it."""
    engine = make_engine(input_shape=(11, 13))
    image = np.random.default_rng(0).standard_normal((3, 11, 13)).astype(np.float32)
    found = score_cam(engine, image, 1, dialect=dialect)
    expected = REFERENCES[dialect](engine.network, image, 1)
    assert np.abs(found.input_map - expected).max() < 1e-5

"""Score-CAM of real networks: the same map from both engines and from pytorch-grad-cam."""

import cv2
import numpy as np
import pytest
import torch
from pytorch_grad_cam import ScoreCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

from medkd_core.bundles.read import open_bundle
from medkd_core.engines.export import export_onnx
from medkd_core.engines.onnx_engine import OnnxEngine
from medkd_core.engines.torch_engine import TorchEngine
from medkd_core.explanation.score_cam import score_cam
from medkd_core.networks import create_network
from medkd_core.networks.registry import network_facts
from medkd_core.networks.weights import load_weights, save_weights


def make_image(side):
    coarse = torch.randn((1, 3, 7, 7), generator=torch.Generator().manual_seed(0))
    return torch.nn.functional.interpolate(coarse, (side, side), mode="bicubic")[0].numpy()


def assert_same_maps(network, name, onnx_path, image):
    engines = (OnnxEngine(onnx_path), TorchEngine(network, name, image.shape[-1]))
    from_onnx, from_torch = (score_cam(engine, image, 1) for engine in engines)
    assert np.abs(from_onnx.native - from_torch.native).max() < 1e-4
    layer = network.get_submodule(network_facts(name).target_layer)
    with ScoreCAM(network, [layer]) as reference:
        expected = reference(torch.from_numpy(image)[None], [ClassifierOutputTarget(1)])[0]
    full = cv2.resize(from_onnx.native, image.shape[1:])
    assert np.abs((full - full.min()) / np.ptp(full) - expected).max() < 1e-4


@pytest.mark.parametrize("name", ["vgg19", "vgg19_bn"])
def test_maps_of_a_published_bundle_are_those_of_pytorch_grad_cam(small_bundle, name):
    bundle = open_bundle(small_bundle)
    network = create_network(name, 3, 0.05, 32).eval()
    load_weights(network, bundle.weights_path(name))
    assert_same_maps(network, name, bundle.onnx_path(name), make_image(32))


@pytest.mark.slow
def test_maps_of_the_student_are_those_of_pytorch_grad_cam(tmp_path):
    torch.manual_seed(0)
    network = create_network("ofa_595", 3, 0.15, 128).eval()
    weights, graph = tmp_path / "ofa_595.safetensors", tmp_path / "ofa_595.onnx"
    save_weights(network, weights)
    export_onnx(network, "ofa_595", 128, weights, graph)
    assert_same_maps(network, "ofa_595", graph, make_image(128))

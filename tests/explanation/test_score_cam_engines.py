"""Score-CAM of real networks: every dialect's map, from both engines, is its reference's."""

import copy

import numpy as np
import pytest
import torch
from score_cam_references import REFERENCES

from medkd_core.bundles.read import open_bundle
from medkd_core.datasets.phantom import draw_phantom
from medkd_core.engines.export import export_onnx
from medkd_core.engines.onnx_engine import OnnxEngine
from medkd_core.engines.torch_engine import TorchEngine
from medkd_core.explanation.score_cam import score_cam, score_cam_all
from medkd_core.networks import create_network
from medkd_core.networks.registry import network_facts
from medkd_core.networks.weights import load_weights, save_weights

CLASS = 1


def film(side, seed=0):
    """A drawn chest in normalised units, (3, side, side)."""
    drawn = draw_phantom(seed, "Normal", side=max(side, 64)).film[:side, :side]
    return np.repeat((drawn[None] - 0.5) / 0.25, 3, axis=0).astype(np.float32)


@pytest.fixture
def after_films(lived_in):
    """Makes a network that saw four films."""

    def make(name, width, side):
        torch.manual_seed(0)
        films = np.stack([film(side, seed) for seed in range(4)])
        return lived_in(create_network(name, 3, width, side), torch.from_numpy(films))

    return make


def assert_maps_are_the_references(engines, network, name, image):
    """An untrained network amplifies rounding: what it makes of float64 is allowed on top."""
    precise, target = copy.deepcopy(network).double(), network_facts(name).target_layer
    for dialect, reference in REFERENCES.items():
        expected = reference(network, network.get_submodule(target), image, CLASS)
        in_float64 = image.astype(np.float64)
        truth = reference(precise, precise.get_submodule(target), in_float64, CLASS)
        rounding = np.abs(expected - truth).max()
        for engine in engines:
            found = score_cam(engine, image, CLASS, dialect=dialect)
            assert not found.empty
            assert np.abs(found.input_map - truth).max() < 1e-4 + 2 * rounding, dialect


def assert_exported_maps_are_the_references(folder, network, name, side):
    weights, graph = folder / f"{name}.safetensors", folder / f"{name}.onnx"
    save_weights(network, weights)
    export_onnx(network, name, side, weights, graph)
    assert_maps_are_the_references([OnnxEngine(graph)], network, name, film(side))


def test_maps_of_a_published_bundle_are_the_references(small_bundle):
    bundle = open_bundle(small_bundle)
    network = create_network("vgg19_bn", 3, 0.05, 32).eval()
    load_weights(network, bundle.weights_path("vgg19_bn"))
    engines = [OnnxEngine(bundle.onnx_path("vgg19_bn")), TorchEngine(network, "vgg19_bn", 32)]
    assert_maps_are_the_references(engines, network, "vgg19_bn", film(32))


def test_maps_of_the_student_are_the_references(after_films):
    network = after_films("ofa_595", 0.1, 96)
    engine = TorchEngine(network, "ofa_595", 96)
    assert_maps_are_the_references([engine], network, "ofa_595", film(96))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ofa_595", "densenet201", "visformer_s"])
def test_maps_of_larger_networks_are_the_references(tmp_path, after_films, name):
    network = after_films(name, 0.1, 96)
    assert_exported_maps_are_the_references(tmp_path, network, name, 96)


def test_both_engines_let_several_images_share_batches(small_bundle):
    bundle = open_bundle(small_bundle)
    network = create_network("vgg19_bn", 3, 0.05, 32).eval()
    load_weights(network, bundle.weights_path("vgg19_bn"))
    images = np.stack([film(32, seed) for seed in range(3)])
    for engine in (
        OnnxEngine(bundle.onnx_path("vgg19_bn"), threads=2),
        TorchEngine(network, "vgg19_bn", 32),
    ):
        for image, (found,) in zip(images, score_cam_all(engine, images, [CLASS]), strict=True):
            alone = score_cam(engine, image, CLASS)
            assert np.abs(found.input_map - alone.input_map).max() < 1e-4

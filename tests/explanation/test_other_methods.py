import subprocess
import sys

import numpy as np
import pytest
import torch
from pytorch_grad_cam import (
    AblationCAM,
    EigenCAM,
    GradCAM,
    GradCAMPlusPlus,
    HiResCAM,
    LayerCAM,
)
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import nn

from medkd_core.errors import ExplanationError, NetworkError, OperationCancelled
from medkd_core.explanation.other_methods import (
    METHODS,
    cam,
    cam_all,
    class_evidence,
    open_network,
)
from medkd_core.networks import create_network, network_facts
from medkd_core.networks.access import as_map
from medkd_core.networks.weights import save_weights

SIZE, CLASSES, WIDTH = 64, 3, 0.125
NAMES = ("ofa_595", "densenet201", "visformer_s", "autoformer_v2_t", "vgg19")
BY_GRADIENTS = {
    "grad-cam": GradCAM,
    "grad-cam++": GradCAMPlusPlus,
    "hirescam": HiResCAM,
    "layer-cam": LayerCAM,
}


@pytest.fixture(scope="module")
def networks(lived_in):
    torch.set_num_threads(1)
    made = {}
    for name in NAMES:
        torch.manual_seed(0)
        fresh = create_network(name, CLASSES, WIDTH, SIZE)
        made[name] = lived_in(fresh, torch.randn(4, 3, SIZE, SIZE))
    return made


@pytest.fixture(scope="module")
def image():
    coarse = torch.randn((1, 3, 8, 8), generator=torch.Generator().manual_seed(1))
    return nn.functional.interpolate(coarse, (SIZE, SIZE), mode="bicubic")[0].numpy()


def by_library(kind, network, name, image, class_index):
    facts = network_facts(name)
    method = kind(
        network,
        [network.get_submodule(facts.target_layer)],
        reshape_transform=lambda output: as_map(output, facts.layout, facts.prefix_tokens),
    )
    try:
        return method(torch.from_numpy(image)[None], [ClassifierOutputTarget(class_index)])[0]
    finally:
        method.activations_and_grads.release()


@pytest.mark.parametrize("method", BY_GRADIENTS)
@pytest.mark.parametrize("name", NAMES)
def test_map_equals_pytorch_grad_cam(networks, image, name, method):
    found = cam(networks[name], name, SIZE, image, 1, method)
    expected = by_library(BY_GRADIENTS[method], networks[name], name, image, 1)
    np.testing.assert_allclose(found.input_map, expected, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_eigen_cam_equals_pytorch_grad_cam_up_to_its_sign(networks, image, name):
    found = cam(networks[name], name, SIZE, image, 0, "eigen-cam")
    (theirs,) = by_signed_pattern(networks[name], name, image)
    pattern = theirs if theirs.max() >= -theirs.min() else -theirs
    positive = np.maximum(pattern, 0)
    np.testing.assert_allclose(found.native, positive / positive.max(), atol=1e-5)


def by_signed_pattern(network, name, image):
    facts = network_facts(name)
    seen = []
    layer = network.get_submodule(facts.target_layer)
    handle = layer.register_forward_hook(lambda _module, _inputs, output: seen.append(output))
    with torch.no_grad():
        network(torch.from_numpy(image)[None])
    handle.remove()
    activations = as_map(seen[0], facts.layout, facts.prefix_tokens).numpy()
    return EigenCAM(network, []).get_cam_image(None, None, None, activations, None, False)


def test_ablation_cam_equals_pytorch_grad_cam_where_activations_are_positive(networks, image):
    network = networks["densenet201"]
    logits = class_evidence(network, "densenet201", SIZE, image, "eigen-cam").logits
    index = int(logits.argmax())
    assert logits[index] > 0
    found = cam(network, "densenet201", SIZE, image, index, "ablation-cam")
    expected = by_library(AblationCAM, network, "densenet201", image, index)
    np.testing.assert_allclose(found.input_map, expected, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ofa_595", "autoformer_v2_t"])
def test_ablation_cam_weighs_channels_by_what_is_lost_without_them(networks, image, name):
    facts, network = network_facts(name), networks[name]
    layer = network.get_submodule(facts.target_layer)
    tensor, seen, losses = torch.from_numpy(image)[None], [], []
    with torch.no_grad():
        handle = layer.register_forward_hook(lambda _module, _inputs, output: seen.append(output))
        whole = network(tensor)[0]
        handle.remove()
        activations = as_map(seen[0], facts.layout, facts.prefix_tokens)[0]
        for channel in range(len(activations)):

            def ablate(_module, _inputs, output, channel=channel):
                changed = output.clone()
                as_map(changed, facts.layout, facts.prefix_tokens)[:, channel] = 0
                return changed

            handle = layer.register_forward_hook(ablate)
            losses.append(whole - network(tensor)[0])
            handle.remove()
    expected = np.tensordot(torch.stack(losses).T.numpy(), activations.numpy(), axes=1)
    found = class_evidence(network, name, SIZE, image, "ablation-cam")
    np.testing.assert_allclose(found.maps, expected, atol=1e-5 * np.abs(expected).max() + 1e-6)
    assert found.forwards == len(activations)


def test_all_classes_come_from_one_look(networks, image):
    looks = []
    network = networks["vgg19"]
    handle = network.register_forward_hook(lambda *_: looks.append(1))
    together = cam_all(network, "vgg19", SIZE, image, "grad-cam")
    handle.remove()
    assert len(looks) == 1
    assert [one.class_index for one in together] == [0, 1, 2]
    for one in together:
        alone = cam(network, "vgg19", SIZE, image, one.class_index, "grad-cam")
        np.testing.assert_array_equal(one.native, alone.native)


@pytest.mark.parametrize("name", NAMES)
def test_only_methods_labelled_so_answer_every_class_alike(networks, image, name):
    for method in METHODS.values():
        maps = class_evidence(networks[name], name, SIZE, image, method.name).maps
        alike = all(np.array_equal(maps[0], other) for other in maps[1:])
        assert alike != method.class_dependent


@pytest.mark.parametrize("method", METHODS)
def test_network_is_left_as_it_was(networks, image, method):
    network = networks["vgg19"]
    network.head.train()
    network.features[0].weight.requires_grad_(False)
    network.head.fc.weight.grad = torch.ones_like(network.head.fc.weight)
    cam(network, "vgg19", SIZE, image, 0, method)
    assert network.head.training
    assert not network.features.training
    assert [weight.requires_grad for weight in network.features[0].parameters()] == [False, True]
    assert network.head.fc.weight.grad.all()
    assert not any(module._forward_hooks for module in network.modules())
    assert not any("forward" in vars(module) for module in network.modules())
    network.eval().requires_grad_(True).zero_grad()


def test_layer_before_an_activation_in_place_shows_its_own_values(networks, image):
    network = networks["vgg19"]
    assert network.features[35].inplace
    evidence = class_evidence(network, "vgg19", SIZE, image, "grad-cam", target_layer="features.34")
    with torch.no_grad():
        channels = network.features[:35](torch.from_numpy(image)[None])[0]
    assert channels.min() < 0
    np.testing.assert_allclose(evidence.channel_mean, channels.mean(0).numpy(), atol=1e-6)


@pytest.mark.parametrize("method", ["grad-cam", "eigen-cam", "ablation-cam"])
def test_layers_with_channels_last_have_maps_of_their_grid(networks, image, method):
    network, name = networks["autoformer_v2_t"], "autoformer_v2_t"
    # A class that nothing in the picture speaks for has no map.
    decided = int(class_evidence(network, name, SIZE, image, "eigen-cam").logits.argmax())
    found = cam(network, name, SIZE, image, decided, method, target_layer="layers.1.blocks.1")
    assert found.native.shape == (8, 8)
    assert found.input_map.shape == (SIZE, SIZE)
    assert not found.empty


def test_map_in_double_precision_confirms_the_one_in_single(networks, image):
    single = cam(networks["ofa_595"], "ofa_595", SIZE, image, 0, "ablation-cam")
    double = cam(networks["ofa_595"].double(), "ofa_595", SIZE, image, 0, "ablation-cam")
    networks["ofa_595"].float()
    np.testing.assert_allclose(single.input_map, double.input_map, atol=1e-3)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", NAMES)
def test_image_of_one_value_gives_a_finite_map_or_an_explicit_no_map(networks, name, method):
    flat = np.full((3, SIZE, SIZE), 0.3, np.float32)
    for found in cam_all(networks[name], name, SIZE, flat, method):
        assert np.isfinite(found.input_map).all()
        assert found.empty != bool(found.input_map.any())


@pytest.mark.parametrize("method", METHODS)
def test_layer_that_gives_the_same_everywhere_has_no_map(networks, method):
    # Its patches and windows have no borders: every token of a flat image is like every other.
    flat = np.full((3, SIZE, SIZE), 0.3, np.float32)
    found = cam(networks["autoformer_v2_t"], "autoformer_v2_t", SIZE, flat, 0, method)
    assert found.empty
    assert found.sensitivity is None
    assert not found.input_map.any()


def test_mirrored_and_read_only_images_are_taken(networks, image):
    mirrored = image[:, :, ::-1]
    mirrored.flags.writeable = False
    found = cam(networks["vgg19"], "vgg19", SIZE, mirrored, 0, "grad-cam")
    copied = cam(networks["vgg19"], "vgg19", SIZE, mirrored.copy(), 0, "grad-cam")
    np.testing.assert_array_equal(found.native, copied.native)


def test_network_of_one_class_has_a_map(image):
    network = create_network("vgg19_bn", 1, WIDTH, SIZE)
    found = cam(network, "vgg19_bn", SIZE, image, 0, "grad-cam")
    assert np.isfinite(found.input_map).all()
    assert len(found.logits) == 1


def test_what_cannot_be_explained_is_told(networks, image):
    network = networks["vgg19"]
    for pixels, because in [
        (image[:, :-1], "the network takes"),
        (np.full_like(image, np.nan), "not finite"),
    ]:
        with pytest.raises(ExplanationError, match=because):
            cam(network, "vgg19", SIZE, pixels, 0, "grad-cam")
    for class_index in (-1, CLASSES):
        with pytest.raises(ExplanationError, match="only 0 to 2"):
            cam(network, "vgg19", SIZE, image, class_index, "grad-cam")
    with pytest.raises(ExplanationError, match=r"grad-cam\+\+"):
        cam(network, "vgg19", SIZE, image, 0, "magic")
    with pytest.raises(NetworkError, match="no layer of that name"):
        cam(network, "vgg19", SIZE, image, 0, "grad-cam", target_layer="features.99")
    with pytest.raises(NetworkError, match="no map"):
        cam(network, "vgg19", SIZE, image, 0, "grad-cam", target_layer="head")


@pytest.mark.parametrize("method", ["grad-cam", "eigen-cam", "ablation-cam"])
def test_weights_that_are_no_numbers_give_an_error_and_no_map(image, method):
    network = create_network("vgg19_bn", CLASSES, WIDTH, SIZE)
    with torch.no_grad():
        network.features[0].weight[0] = torch.nan
    with pytest.raises(ExplanationError, match="not finite"):
        cam(network, "vgg19_bn", SIZE, image, 0, method)


def test_network_that_breaks_down_is_told_without_a_traceback(image):
    network = create_network("vgg19", CLASSES, WIDTH, SIZE)
    network.head.fc = nn.Linear(1, CLASSES)
    with pytest.raises(ExplanationError, match="torch gave up"):
        cam(network, "vgg19", SIZE, image, 0, "grad-cam")


def test_cancelling_ablation_ends_between_chunks_and_releases_the_network(networks, image):
    network, steps = networks["densenet201"], []
    with pytest.raises(OperationCancelled):
        cam(
            network,
            "densenet201",
            SIZE,
            image,
            0,
            "ablation-cam",
            progress=lambda done, total: steps.append((done, total)),
            cancelled=lambda: len(steps) == 3,
        )
    assert [done for done, _ in steps] == [0, 64, 128]
    assert all(weight.requires_grad for weight in network.parameters())


def test_ablation_computes_what_comes_before_the_layer_once(networks, image, monkeypatch):
    convolutions = []
    plain = nn.Conv2d.forward
    monkeypatch.setattr(
        nn.Conv2d, "forward", lambda self, x: convolutions.append(self) or plain(self, x)
    )
    network = networks["vgg19"]
    cam(network, "vgg19", SIZE, image, 0, "ablation-cam")
    assert convolutions.count(network.features[0]) == convolutions.count(network.features[34]) == 1
    assert convolutions.count(network.pre_logits.fc1) > 1


def test_layer_that_is_run_twice_is_refused(image):
    network = create_network("vgg19", CLASSES, WIDTH, SIZE)
    network.features[3] = network.features[1]
    with pytest.raises(ExplanationError, match="2 times"):
        cam(network, "vgg19", SIZE, image, 0, "grad-cam", target_layer="features.1")


def test_progress_ends_with_all_steps(networks, image):
    for method in METHODS:
        steps = []
        cam(
            networks["vgg19"],
            "vgg19",
            SIZE,
            image,
            0,
            method,
            progress=lambda *step, steps=steps: steps.append(step),
        )
        assert steps[-1][0] == steps[-1][1]


def test_network_is_opened_from_its_safetensors(networks, image, tmp_path):
    save_weights(networks["ofa_595"], tmp_path / "ofa_595.safetensors")
    network = open_network(
        tmp_path / "ofa_595.safetensors",
        "ofa_595",
        width=WIDTH,
        classes=CLASSES,
        image_size=SIZE,
    )
    opened, own = (
        cam(one, "ofa_595", SIZE, image, 0, "grad-cam") for one in (network, networks["ofa_595"])
    )
    np.testing.assert_array_equal(opened.native, own.native)


def test_want_of_pytorch_grad_cam_is_told_with_its_cure(networks, image, monkeypatch):
    monkeypatch.setitem(sys.modules, "pytorch_grad_cam", None)
    monkeypatch.delitem(sys.modules, "medkd_core.explanation.other_methods.formulas", False)
    with pytest.raises(ExplanationError, match=r"pytorch_grad_cam is not.*pip install"):
        cam(networks["vgg19"], "vgg19", SIZE, image, 0, "hirescam")
    assert not cam(networks["vgg19"], "vgg19", SIZE, image, 0, "ablation-cam").empty


def test_room_is_entered_without_torch_whose_want_is_told_with_its_cure():
    program = """
import sys
from pathlib import Path
sys.modules["torch"] = None
from medkd_core.errors import MedKDError
from medkd_core.explanation.other_methods import METHODS, open_network
try:
    open_network(Path("weights.safetensors"), "vgg19", width=1, classes=2, image_size=32)
except MedKDError as error:
    print(error)
"""
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout
    assert "torch is not installed" in answer
    assert "pip install" in answer

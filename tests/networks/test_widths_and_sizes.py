"""Narrow networks and other input sizes: what is kept, and what is refused."""

import re

import pytest
import torch

from medkd_core.errors import NetworkError
from medkd_core.networks import NETWORKS, create_network
from medkd_core.networks.access import Explained, as_map
from medkd_core.networks.autoformer_v2_t import AutoFormerV2T
from medkd_core.networks.complexity import count_macs
from medkd_core.networks.registry import Layout
from medkd_core.networks.target_layers import look_up_target_layer, with_target_layer


@pytest.mark.parametrize("name", NETWORKS)
def test_a_narrow_network_at_64_pixels_hands_out_logits_features_and_embeddings(name: str) -> None:
    network = create_network(name, num_classes=5, width=0.125, image_size=64).eval()
    with torch.inference_mode():
        images = torch.randn(2, 3, 64, 64)
        logits, features, embeddings = with_target_layer(network, name, 64)(images)
        assert torch.equal(logits, network(images))
    side = 4 if name.startswith("vgg") else 2
    assert logits.shape == (2, 5)
    assert features.shape[2:] == (side, side)
    assert embeddings.ndim == 2


@pytest.mark.parametrize("name", NETWORKS)
def test_half_the_width_costs_less_than_half(name: str) -> None:
    with torch.device("meta"):
        narrow = create_network(name, width=0.5)
    assert count_macs(narrow, NETWORKS[name].native_size) < 0.5 * NETWORKS[name].macs


def test_target_maps_of_the_published_networks_are_7_or_8_or_14_cells_wide() -> None:
    for name, facts in NETWORKS.items():
        with torch.device("meta"):
            network = create_network(name).eval()
            size = facts.native_size
            features = with_target_layer(network, name, size)(torch.empty(1, 3, size, size))[1]
        assert features.shape[-1] == (14 if "vgg" in name else 8 if size == 236 else 7), name


@pytest.mark.parametrize("name", NETWORKS)
def test_layers_are_maps_of_the_layout_that_the_registry_says(name: str) -> None:
    facts = NETWORKS[name]
    with torch.device("meta"):
        network = create_network(name)
    target = look_up_target_layer(network, facts.target_layer, facts.native_size)
    assert (target.layout, target.prefix_tokens) == (facts.layout, facts.prefix_tokens)
    if facts.cheaper_layer:
        cheaper = look_up_target_layer(network, facts.cheaper_layer, facts.native_size)
        assert (cheaper.layout, cheaper.side) == (target.layout, target.side)
        assert cheaper.channels < target.channels / 4


def test_the_students_cheaper_layer_has_192_channels_instead_of_1152() -> None:
    facts = NETWORKS["ofa_595"]
    assert facts.cheaper_layer is not None
    with torch.device("meta"):
        network, images = create_network("ofa_595").eval(), torch.empty(1, 3, 236, 236)
        dear = Explained(network, facts.target_layer)(images)[1]
        cheap = Explained(network, facts.cheaper_layer)(images)[1]
    assert dear.shape == (1, 1152, 8, 8)
    assert cheap.shape == (1, 192, 8, 8)


def test_tokens_become_a_map_row_by_row() -> None:
    network = create_network("autoformer_v2_t", 3, width=0.125, image_size=64).eval()
    tokens: list[torch.Tensor] = []
    network.norm.register_forward_hook(lambda _module, _inputs, output: tokens.append(output))
    with torch.inference_mode():
        features = Explained(network, "norm", "tokens")(torch.randn(1, 3, 64, 64))[1]
    assert torch.equal(features[0, :, 0, 1], tokens[0][0, 1])
    assert torch.equal(features[0, :, 1, 0], tokens[0][0, 2])


@pytest.mark.parametrize(
    ("shape", "layout", "prefix_tokens", "reason"),
    [
        ((1, 48, 8), "tokens", 0, "tokens of a square grid"),
        ((1, 49, 8), "tokens", 1, "tokens of a square grid"),
        ((1, 49, 8), "nchw", 0, "(batch, channels, height, width)"),
        ((1, 8), "nhwc", 0, "(batch, height, width, channels)"),
    ],
)
def test_output_that_is_not_of_its_layout_is_refused(
    shape: tuple[int, ...], layout: Layout, prefix_tokens: int, reason: str
) -> None:
    with pytest.raises(NetworkError, match=re.escape(reason)):
        as_map(torch.zeros(shape), layout, prefix_tokens)


def test_channels_that_stand_last_are_put_first_and_prefix_tokens_left_out() -> None:
    image = torch.arange(12.0).reshape(1, 2, 2, 3)
    assert torch.equal(as_map(image, "nhwc", 0)[0, :, 1, 0], image[0, 1, 0])
    tokens = torch.arange(15.0).reshape(1, 5, 3)
    assert torch.equal(as_map(tokens, "tokens", 1)[0, :, 1, 0], tokens[0, 3])


def test_explaining_leaves_no_listener_behind() -> None:
    network = create_network("ofa_595", 3, width=0.125).eval()
    Explained(network, "final_expand_layer")(torch.randn(1, 3, 32, 32))
    assert not network.final_expand_layer._forward_hooks
    assert not network.get_classifier()._forward_pre_hooks


def test_an_unknown_target_layer_is_refused() -> None:
    with pytest.raises(NetworkError, match=r"'layer4'.*Ofa595 has no layer of that name"):
        Explained(create_network("ofa_595", 3, width=0.125), "layer4")


def test_windows_shrink_to_the_largest_divisor_of_their_grid() -> None:
    windows = {
        size: [stage.blocks[0].window for stage in AutoFormerV2T(3, 0.125, size).layers]
        for size in (64, 96, 128, 224)
    }
    assert windows == {
        64: [4, 4, 4, 2],
        96: [6, 6, 6, 3],
        128: [4, 4, 8, 4],
        224: [7, 7, 14, 7],
    }


def test_only_the_first_two_stages_shift_their_windows_at_224_pixels() -> None:
    shifts = [[b.shift for b in stage.blocks] for stage in AutoFormerV2T(3, 0.125, 224).layers]
    assert shifts == [[0, 3], [0, 3], [0] * 6, [0, 0]]


@pytest.mark.parametrize(
    ("name", "arguments", "reason"),
    [
        ("autoformer_v2_t", {"image_size": 100}, "multiple of 32"),
        ("autoformer_v2_t", {"image_size": 416}, "no window divides its grid of 13 x 13"),
        ("visformer_s", {"image_size": 100}, "multiple of 32"),
        ("ofa_595", {"image_size": 16}, "smaller than 32"),
        ("densenet201", {"width": 0.0}, "width of 0"),
        ("vgg19", {"num_classes": 0}, "0 classes"),
    ],
)
def test_numbers_that_give_no_network_are_refused_in_a_sentence(
    name: str, arguments: dict[str, float], reason: str
) -> None:
    with pytest.raises(NetworkError, match=reason):
        create_network(name, **arguments)


def test_counting_macs_leaves_the_network_as_it_was() -> None:
    network = create_network("ofa_595", 3, width=0.125)
    before = {key: value.clone() for key, value in network.state_dict().items()}
    count_macs(network, 64)
    assert network.training
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())

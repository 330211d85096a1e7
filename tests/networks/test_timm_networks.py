"""Any network of timm as a teacher: what is known of it, where its map is, what is refused."""

import math

import pytest
import torch
from torch import nn

from medkd_core.errors import NetworkError
from medkd_core.networks import create_network, network_facts, recipe_for
from medkd_core.networks.target_layers import find_target_layer, target_layer_of, with_target_layer

SEEN = {
    "test_resnet": ("layer4", "nchw", 0),
    "test_vit": ("norm", "tokens", 1),
    "swin_tiny_patch4_window7_224": ("norm", "nhwc", 0),
    "deit_tiny_distilled_patch16_224": ("norm", "tokens", 2),
}
FAMILIES = {
    "resnet50": ("layer4", "nchw", 0),
    "convnext_tiny": ("stages", "nchw", 0),
    "swinv2_tiny_window8_256": ("norm", "nhwc", 0),
    "vit_small_patch14_dinov2": ("norm", "tokens", 1),
    "eva02_tiny_patch14_224": ("blocks.11", "tokens", 1),
    "cait_xxs24_224": ("norm", "tokens", 1),
    "efficientnet_b0": ("bn2", "nchw", 0),
    "mobilenetv3_large_100": ("blocks", "nchw", 0),
    "regnety_002": ("s4", "nchw", 0),
    "mixer_s16_224": ("norm", "tokens", 0),
    "maxvit_tiny_rw_224": ("norm", "nchw", 0),
    "coatnet_nano_rw_224": ("norm", "nchw", 0),
    "densenet121": ("features", "nchw", 0),
    "inception_v3": ("Mixed_7c", "nchw", 0),
    "levit_128s": ("stages", "tokens", 0),
    "nest_tiny": ("norm", "nhwc", 0),
    "volo_d1_224": ("norm", "tokens", 1),
    "naflexvit_base_patch16_gap": ("blocks.11", "tokens", 4),
}


def found(name: str) -> tuple[str, str, int]:
    facts = network_facts(f"timm:{name}")
    return facts.target_layer, facts.layout, facts.prefix_tokens


@pytest.mark.parametrize("name", SEEN)
def test_last_layer_that_is_still_a_map_is_found(name: str) -> None:
    assert found(name) == SEEN[name]


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_last_map_is_found_in_every_family(name: str) -> None:
    assert found(name) == FAMILIES[name]


@pytest.mark.slow
def test_maps_inside_an_attention_pooling_are_not_taken() -> None:
    assert found("resnet50_clip") == ("stages", "nchw", 0)


def test_facts_are_those_of_timm() -> None:
    facts = network_facts("timm:resnet10t")
    assert facts.label == "resnet10t (timm)"
    assert (facts.native_size, facts.interpolation, facts.crop_fraction) == (176, "bicubic", 0.875)
    assert facts.parameters == 5_435_488
    assert facts.licence == "apache-2.0"
    assert recipe_for("timm:resnet10t", 64).size == 64


def test_a_tag_chooses_among_published_preprocessings() -> None:
    plain, clipped = (
        recipe_for("timm:vit_base_patch16_224"),
        recipe_for("timm:vit_base_patch16_224.orig_in21k"),
    )
    assert plain.mean == clipped.mean == (0.5, 0.5, 0.5)
    assert recipe_for("timm:resnet50.tv_in1k").interpolation == "bilinear"
    assert recipe_for("timm:resnet50.a1_in1k").interpolation == "bicubic"


@pytest.mark.parametrize("name", SEEN)
def test_logits_map_and_embedding_are_handed_out(name: str) -> None:
    size = network_facts(f"timm:{name}").native_size
    with torch.device("meta"):
        network = create_network(f"timm:{name}", 3).eval()
        explained = with_target_layer(network, f"timm:{name}", size)
        logits, features, embeddings = explained(torch.empty(2, 3, size, size))
    assert logits.shape == (2, 3)
    assert features.shape[2] == features.shape[3] > 1
    assert features.shape[1] == embeddings.shape[1] == network.num_features


def brightest_cell(name: str, row: int, column: int) -> tuple[int, int]:
    """Where the map changes most when one spot of the image does."""
    size = network_facts(name).native_size
    explained = with_target_layer(create_network(name, 3).eval(), name, size)
    images = torch.zeros(2, 3, size, size)
    images[1, :, row - 2 : row + 2, column - 2 : column + 2] = 1
    with torch.inference_mode():
        before, after = explained(images)[1]
    cell = int((after - before).square().sum(0).argmax())
    side = before.shape[-1]
    return cell // side * size // side, cell % side * size // side


NEAR = ("test_resnet", "test_vit", "test_convnext")
FAR = (
    "swin_tiny_patch4_window7_224",
    "nest_tiny",
    "hiera_tiny_224",
    "deit_tiny_distilled_patch16_224",
    "cait_xxs24_224",
    "pit_ti_224",
    "mvitv2_tiny",
    "efficientformer_l1",
)


@pytest.mark.parametrize(
    "name", [*NEAR, *(pytest.param(name, marks=pytest.mark.slow) for name in FAR)]
)
def test_map_lies_over_the_image_row_by_row(name: str) -> None:
    size = network_facts(f"timm:{name}").native_size
    wanted = (size // 8, size - size // 8)
    assert math.dist(brightest_cell(f"timm:{name}", *wanted), wanted) < size / 4


def test_another_size_is_taken_where_the_architecture_allows_it() -> None:
    for name in ("timm:test_vit", "timm:test_resnet"):
        network = create_network(name, 3, image_size=64).eval()
        assert network(torch.zeros(1, 3, 64, 64)).shape == (1, 3)
    with pytest.raises(NetworkError, match="does not take images of 100 pixels"):
        target_layer_of("timm:maxvit_tiny_rw_224", 1.0, 100)


def test_a_given_layer_is_read_in_its_own_layout() -> None:
    network = create_network("timm:test_vit", 3).eval()
    features = with_target_layer(network, "timm:test_vit", 160, "blocks.1")(
        torch.zeros(1, 3, 160, 160)
    )[1]
    assert features.shape == (1, network.num_features, 10, 10)
    assert target_layer_of("timm:test_resnet", 1.0, 160, "layer3") == "layer3"
    assert (
        target_layer_of("densenet201", 0.25, 64, "features.denseblock3") == "features.denseblock3"
    )


@pytest.mark.parametrize(
    ("name", "layer", "reason"),
    [
        ("timm:test_resnet", "layer5", r"'layer5' of ResNet: there is no layer.*layer4"),
        ("timm:test_resnet", "fc", r"its output is no map for an image of 160 pixels.*layer4"),
        ("timm:test_vit", "head", r"its output is no map.*norm"),
    ],
)
def test_a_layer_without_a_map_is_refused_with_likely_ones(
    name: str, layer: str, reason: str
) -> None:
    with pytest.raises(NetworkError, match=reason):
        target_layer_of(name, 1.0, 160, layer)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("timm:resnet5", r"timm has none of that name\. Did you mean: timm:resnet50"),
        ("timm:resnet50.a9_in1k", r"Did you mean: timm:resnet50\.[a-z]"),
        ("timm:hf-hub:someone/network", "there is none of that name"),
        ("timm:../resnet50", "there is none of that name"),
        ("timm:vit_base_patch16_sapiens2", "not at square colour ones"),
    ],
)
def test_a_name_that_gives_no_teacher_is_refused(name: str, reason: str) -> None:
    with pytest.raises(NetworkError, match=reason):
        network_facts(name)
    with pytest.raises(NetworkError, match=reason):
        create_network(name)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"width": 0.5}, "no width of 0.5"),
        ({"num_classes": 0}, "0 classes"),
        ({"image_size": 8}, "smaller than 32"),
    ],
)
def test_numbers_that_give_no_network_of_timm_are_refused(
    arguments: dict[str, float], reason: str
) -> None:
    with pytest.raises(NetworkError, match=reason):
        create_network("timm:swin_tiny_patch4_window7_224", **arguments)


def test_a_network_without_a_classifier_is_refused() -> None:
    with pytest.raises(NetworkError, match="Sequential: it has no classifier"):
        find_target_layer(nn.Sequential(nn.Conv2d(3, 8, 3)), 64)

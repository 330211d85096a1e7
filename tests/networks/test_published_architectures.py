"""The networks at width 1 are the published ones: keys, shapes, sizes, and what they compute."""

import json
from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from timm.layers import SqueezeExcite, make_divisible
from timm.models._efficientnet_builder import decode_arch_def
from timm.models.mobilenetv3 import MobileNetV3
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from medkd_core.networks import NETWORKS, create_network
from medkd_core.networks.complexity import count_macs, count_parameters

REFERENCE = Path(__file__).resolve().parents[2].parent / "shared" / "reference"
REFERENCE_NAMES = {
    "ofa_595": "ofa595",
    "autoformer_v2_t": "autoformerv2_t",
    "visformer_s": "visformer_s",
}
with_reference = pytest.mark.skipif(
    not REFERENCE.is_dir(), reason="the reference facts are not on this machine"
)


def without_weights(name: str, **arguments: Any) -> nn.Module:
    with torch.device("meta"):
        return create_network(name, **arguments)


def reference(name: str) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads((REFERENCE / f"{REFERENCE_NAMES[name]}.json").read_text())
    return facts


@pytest.mark.parametrize("name", NETWORKS)
def test_parameters_and_macs_are_those_of_the_registry(name: str) -> None:
    network, facts = without_weights(name), NETWORKS[name]
    assert count_parameters(network) == facts.parameters
    assert count_macs(network, facts.native_size) == facts.macs


@with_reference
@pytest.mark.parametrize("name", REFERENCE_NAMES)
def test_every_state_dict_key_and_shape_is_the_published_one(name: str) -> None:
    network = without_weights(name)
    ours = [
        [key, list(value.shape), str(value.dtype).removeprefix("torch.")]
        for key, value in network.state_dict().items()
    ]
    assert ours == reference(name)["state_dict"]


@with_reference
@pytest.mark.parametrize("name", REFERENCE_NAMES)
def test_registry_agrees_with_the_measured_facts(name: str) -> None:
    facts, measured = NETWORKS[name], reference(name)["measured"]
    assert facts.native_size == reference(name)["image_size"]
    assert facts.parameters == measured["params_1000_classes"]
    assert facts.macs == measured[f"macs_{facts.native_size}"]
    assert count_parameters(without_weights(name, num_classes=3)) == measured["params_3_classes"]


@with_reference
def test_the_students_cost_at_224_pixels_is_the_measured_one() -> None:
    measured = reference("ofa_595")["measured"]
    assert count_macs(without_weights("ofa_595"), 224) == measured["macs_224"]


@with_reference
@pytest.mark.parametrize("size", [224, 236])
def test_every_block_of_the_student_has_the_published_shape_and_cost(size: int) -> None:
    network, published = without_weights("ofa_595").eval(), reference("ofa_595")
    assert len(network.blocks) == len(published["blocks"])
    x = network.first_conv(torch.empty(1, 3, size, size, device="meta"))
    for block, facts in zip(network.blocks, published["blocks"], strict=True):
        with FlopCounterMode(display=False) as counter:
            x = block(x)
        body = block.mobile_inverted_conv
        assert x.shape[1:] == (facts["out"], *[facts[f"out_size_at_{size}"]] * 2)
        assert counter.get_total_flops() // 2 == facts[f"macs_at_{size}"]
        assert count_parameters(block) == facts["params"]
        assert block.shortcut == facts["identity_shortcut"]
        assert body.depth_conv.conv.kernel_size == (facts["kernel"], facts["kernel"])
        squeeze = getattr(body.depth_conv, "se", None)
        assert (squeeze is not None) == facts["se"]
        if squeeze is not None:
            assert squeeze.fc.reduce.out_channels == facts["se_hidden"]
    assert network.final_expand_layer(x).shape[-1] == (7 if size == 224 else 8)


@with_reference
@pytest.mark.parametrize("name", ["ofa_595", "visformer_s"])
def test_batch_normalisation_is_the_published_one(name: str) -> None:
    facts = reference(name)["batch_norm"]
    norms = [m for m in without_weights(name).modules() if isinstance(m, nn.BatchNorm2d)]
    assert {(norm.eps, norm.momentum) for norm in norms} == {(facts["eps"], facts["momentum"])}


@with_reference
def test_every_block_of_the_windowed_transformer_is_the_published_one() -> None:
    published = reference("autoformer_v2_t")
    network = without_weights("autoformer_v2_t")
    for stage, facts in zip(network.layers, published["stages"], strict=True):
        for block, fact in zip(stage.blocks, facts["blocks"], strict=True):
            ours = (block.attn.heads, block.window, block.shift, block.mlp.fc1.out_features)
            assert ours == (fact["heads"], fact["window"], fact["shift"], fact["mlp_hidden"])
            assert (block.attn_mask is not None) == fact["has_attn_mask"]
            assert block.attn.scale == pytest.approx(fact["head_dim"] ** -0.5)
    norms = [m for m in network.modules() if isinstance(m, nn.LayerNorm)]
    assert {norm.eps for norm in norms} == {published["layernorm_eps"]}


def test_the_students_dropout_is_the_published_one_and_the_variant_has_none() -> None:
    rates = {
        name: [m.p for m in without_weights(name).modules() if isinstance(m, nn.Dropout)]
        for name in ("ofa_595", "ofa_595_s")
    }
    assert rates == {"ofa_595": [0.2], "ofa_595_s": []}


@with_reference
def test_stochastic_depth_grows_along_the_transformer_as_published() -> None:
    network = create_network("autoformer_v2_t", width=1 / 32)
    ours = [b.drop_path.drop_prob for layer in network.layers for b in layer.blocks]
    published = [
        block["drop_path_at_rate_0.1"]
        for stage in reference("autoformer_v2_t")["stages"]
        for block in stage["blocks"]
    ]
    assert ours == pytest.approx(published, abs=1e-6)


def test_swish_variant_has_the_students_keys_and_a_convolution_as_classifier() -> None:
    hard, smooth = without_weights("ofa_595"), without_weights("ofa_595_s")
    assert list(hard.state_dict()) == list(smooth.state_dict())
    assert smooth.state_dict()["classifier.linear.weight"].shape == (1000, 1536, 1, 1)


def test_swish_variant_takes_the_classes_of_imagenet_21k() -> None:
    network = without_weights("ofa_595_s", num_classes=11221).eval()
    assert network.state_dict()["classifier.linear.weight"].shape == (11221, 1536, 1, 1)
    assert network(torch.empty(1, 3, 224, 224, device="meta")).shape == (1, 11221)


@pytest.mark.parametrize("name", ["densenet201", "visformer_s", "vgg19", "vgg19_bn"])
def test_networks_from_timm_keep_its_keys_and_shapes(name: str) -> None:
    with torch.device("meta"):
        theirs = timm.create_model(NETWORKS[name].timm_name)
    assert {k: v.shape for k, v in without_weights(name).state_dict().items()} == {
        k: v.shape for k, v in theirs.state_dict().items()
    }


def settled(network: nn.Module) -> nn.Module:
    """Random normalisation statistics, so that a wrong one would show."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean, -0.1, 0.1)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
    return network.eval()


@pytest.mark.parametrize(
    ("name", "activation", "gate"),
    [("ofa_595", nn.Hardswish, nn.Hardsigmoid), ("ofa_595_s", nn.SiLU, nn.Sigmoid)],
)
def test_student_computes_what_timms_blocks_of_the_same_architecture_compute(
    name: str, activation: type[nn.Module], gate: type[nn.Module]
) -> None:
    ours = settled(create_network(name, num_classes=5))
    theirs = timm_student(activation, gate).eval()
    pairs = zip(theirs.state_dict().items(), ours.state_dict().values(), strict=True)
    theirs.load_state_dict({key: value.reshape(own.shape) for (key, own), value in pairs})
    images = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        expected, found = theirs(images), ours(images)
    assert (found - expected).abs().max() <= 1e-4 * (expected.max() - expected.min())


def timm_student(activation: type[nn.Module], gate: type[nn.Module]) -> nn.Module:
    """OFA-595 written in timm's own notation: kernel, stride, expansion, channels, activation."""
    found = [
        ["ds_r1_k3_s1_e1_c24_nre"],
        ["ir_r1_k3_s2_e3_c32_nre", "ir_r1_k5_s1_e4_c32_nre", "ir_r1_k3_s1_e3_c32_nre"],
        [
            "ir_r1_k5_s2_e4_c48_se0.25_nre",
            "ir_r1_k5_s1_e4_c48_se0.25_nre",
            "ir_r1_k3_s1_e6_c48_se0.25_nre",
            "ir_r1_k5_s1_e3_c48_se0.25_nre",
        ],
        ["ir_r1_k7_s2_e6_c96", "ir_r1_k5_s1_e6_c96", "ir_r1_k3_s1_e3_c96", "ir_r1_k5_s1_e4_c96"],
        [
            "ir_r1_k3_s1_e6_c136_se0.25",
            "ir_r1_k5_s1_e6_c136_se0.25",
            "ir_r1_k7_s1_e6_c136_se0.25",
            "ir_r1_k3_s1_e4_c136_se0.25",
        ],
        [
            "ir_r1_k3_s2_e6_c192_se0.25",
            "ir_r1_k3_s1_e6_c192_se0.25",
            "ir_r1_k5_s1_e6_c192_se0.25",
            "ir_r1_k3_s1_e3_c192_se0.25",
        ],
        ["cn_r1_k1_s1_c1152"],
    ]
    return MobileNetV3(
        decode_arch_def(found),
        num_classes=5,
        stem_size=24,
        num_features=1536,
        head_bias=False,
        act_layer=activation,
        se_layer=lambda channels, **_: SqueezeExcite(
            channels, rd_channels=make_divisible(channels // 4, 8), gate_layer=gate
        ),
    )


@pytest.mark.parametrize(("image_size", "window"), [(64, 4), (96, 6)])
def test_windowed_transformer_computes_what_timms_swin_computes(
    image_size: int, window: int
) -> None:
    ours = create_network("autoformer_v2_t", 5, width=0.25, image_size=image_size).eval()
    theirs = timm.models.swin_transformer.SwinTransformer(
        img_size=image_size,
        window_size=window,
        embed_dim=24,
        depths=(2, 2, 6, 2),
        num_heads=(3, 6, 12, 24),
        num_classes=5,
    ).eval()
    theirs.load_state_dict(
        {timm_swin_key(key): value for key, value in ours.state_dict().items()}, strict=False
    )
    images = torch.randn(2, 3, image_size, image_size)
    with torch.inference_mode():
        expected, found = theirs(images), ours(images)
    assert (found - expected).abs().max() <= 1e-4 * (expected.max() - expected.min())


def timm_swin_key(key: str) -> str:
    """timm merges patches at the start of the next stage, not at the end of the last."""
    stage, merging, rest = key.partition(".downsample.")
    if merging:
        return f"layers.{int(stage.removeprefix('layers.')) + 1}.downsample.{rest}"
    return key.replace("head.", "head.fc.")

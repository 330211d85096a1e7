import numpy as np
import pytest
import torch
from torch import nn

from medkd_core.errors import ExplanationError, OperationCancelled
from medkd_core.explanation.null_maps import random_maps_like
from medkd_core.explanation.other_methods import METHODS
from medkd_core.explanation.sanity import (
    explainer,
    fresh_network,
    network_blocks,
    repeatability,
    similarity,
    verdict,
    weight_cascade,
)
from medkd_core.networks import create_network

SIZE, CLASSES, WIDTH = 64, 3, 0.125


@pytest.fixture(scope="module")
def network():
    torch.set_num_threads(1)
    return fresh_network("vgg19_bn", CLASSES, WIDTH, SIZE, seed=1)


@pytest.fixture
def fresh():
    return fresh_network("vgg19_bn", CLASSES, WIDTH, SIZE, seed=2)


@pytest.fixture(scope="module")
def images():
    coarse = torch.randn((1, 3, 8, 8), generator=torch.Generator().manual_seed(1))
    return list(nn.functional.interpolate(coarse, (SIZE, SIZE), mode="bicubic").numpy())


def explaining(method, images, **options):
    return explainer(method, "vgg19_bn", SIZE, images, [1], **options)


def smooth_maps(count, seed):
    coarse = torch.rand((count, 1, 6, 6), generator=torch.Generator().manual_seed(seed))
    return list(nn.functional.interpolate(coarse, (48, 48), mode="bilinear")[:, 0].numpy())


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("ofa_595", "classifier", "first_conv"),
        ("densenet201", "classifier", "features.conv0"),
        ("visformer_s", "head", "parameters outside any layer"),
        ("autoformer_v2_t", "head", "patch_embed"),
        ("vgg19", "head", "features.0"),
        ("timm:resnet18", "fc", "conv1"),
        ("timm:vit_tiny_patch16_224", "head", "parameters outside any layer"),
    ],
)
def test_blocks_hold_every_weight_once_from_the_classifier_down(name, first, last):
    size = 224 if "vit" in name else SIZE
    with torch.device("meta"):
        network = create_network(name, CLASSES, image_size=size)
    blocks = network_blocks(network, size)
    assert (blocks[0].name, blocks[-1].name) == (first, last)
    keys = [key for block in blocks for key in block.keys]
    assert sorted(keys) == sorted(network.state_dict())


def test_blocks_are_the_networks_own_and_not_their_layers():
    with torch.device("meta"):
        network = create_network("ofa_595", CLASSES, image_size=SIZE)
    names = [block.name for block in network_blocks(network, SIZE)]
    expected = [f"blocks.{number}" for number in reversed(range(20))]
    assert names == [
        "classifier",
        "feature_mix_layer",
        "final_expand_layer",
        *expected,
        "first_conv",
    ]


def test_cascade_randomises_from_the_top_and_keeps_what_was_randomised(network, fresh):
    for value in fresh.state_dict().values():
        value.fill_(7)
    blocks = network_blocks(network, SIZE)
    random_blocks = []

    def explain(which):
        state = which.state_dict()
        random = [all((state[key] == 7).all() for key in block.keys) for block in blocks]
        assert random == sorted(random, reverse=True)
        random_blocks.append(sum(random))
        return [np.eye(8, dtype=np.float32)]

    steps = weight_cascade(network, fresh, SIZE, explain)
    assert random_blocks == [0, *range(len(blocks), 0, -1)]
    assert [step.block for step in steps] == [block.name for block in blocks]
    assert [step.randomised for step in steps] == sorted(step.randomised for step in steps)
    assert steps[-1].randomised == 1


def test_cascade_leaves_the_trained_network_alone(network, fresh, images):
    before = {key: value.clone() for key, value in network.state_dict().items()}
    weight_cascade(network, fresh, SIZE, explaining("grad-cam", images), at_most=2)
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())


def test_cascade_is_the_same_under_the_same_seed(network, images):
    cascades = [
        weight_cascade(
            network,
            fresh_network("vgg19_bn", CLASSES, WIDTH, SIZE, seed=seed),
            SIZE,
            explaining("eigen-cam", images),
            at_most=2,
        )
        for seed in (5, 5, 6)
    ]
    once, again, other = ([step.similarities for step in steps] for steps in cascades)
    assert once == again != other


def test_fresh_network_leaves_the_random_state_alone():
    before = torch.random.get_rng_state()
    fresh_network("vgg19_bn", CLASSES, WIDTH, SIZE, seed=3)
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize("method", METHODS)
def test_only_methods_labelled_so_survive_a_random_head(network, fresh, images, method):
    explain = explaining(method, images, signed=True)
    (head, *_) = weight_cascade(network, fresh, SIZE, explain, at_most=2)
    originals = explain(network)
    alike = all(map(np.array_equal, originals, head.maps))
    assert head.block == "head"
    assert alike != METHODS[method].head_dependent


def test_score_cam_goes_through_the_cascade(network, fresh, images):
    steps = weight_cascade(
        network, fresh, SIZE, explaining("pytorch-grad-cam", images, preview=True), at_most=2
    )
    assert len(steps) == 2
    assert {one.shape for step in steps for one in step.maps} == {(SIZE, SIZE)}
    assert all(np.isfinite(s.spearman) for step in steps for s in step.similarities)


def test_signed_score_cam_is_refused(images):
    with pytest.raises(ExplanationError, match="positive part"):
        explaining("pytorch-grad-cam", images, signed=True)


def test_another_architecture_is_refused(network, images):
    other = fresh_network("vgg19_bn", CLASSES + 1, WIDTH, SIZE, seed=0)
    with pytest.raises(ExplanationError, match="another architecture"):
        weight_cascade(network, other, SIZE, explaining("grad-cam", images))


def test_cascade_counts_its_sets_of_maps_and_can_be_cancelled(network, fresh, images):
    steps = []
    with pytest.raises(OperationCancelled):
        weight_cascade(
            network,
            fresh,
            SIZE,
            explaining("eigen-cam", images),
            at_most=4,
            progress=lambda *step: steps.append(step),
            cancelled=lambda: len(steps) == 2,
        )
    assert steps == [(1, 5), (2, 5)]


def test_signs_and_sizes_are_compared_apart():
    one = smooth_maps(1, 0)[0] - 0.5
    found = similarity(one, -3 * one)
    assert found.spearman == pytest.approx(-1)
    assert found.spearman_absolute == pytest.approx(1)
    assert found.ssim < 0
    assert found.ssim_absolute == pytest.approx(1)


def test_maps_that_stay_do_not_depend_and_random_ones_do():
    originals = smooth_maps(8, 0)
    kept = [one + 0.1 * other for one, other in zip(originals, smooth_maps(8, 1), strict=True)]
    assert verdict(originals, kept).label == "does not depend on the weights"
    gone = [random_maps_like(one, 1, seed=100)[0] for one in originals]
    found = verdict(originals, gone)
    assert found.label == "depends on the weights"
    assert found.chance < 0.3 < found.threshold < 0.95


def test_random_maps_are_seldom_held_for_the_original():
    originals = [one[::3, ::3] for one in smooth_maps(60, 3)]
    survivors = [
        not verdict([one], random_maps_like(one, 1, seed=500 + i), null_maps=60, seed=i).depends
        for i, one in enumerate(originals)
    ]
    assert sum(survivors) <= 8


def test_images_without_a_map_have_no_say():
    originals = smooth_maps(2, 0)
    flat = np.zeros_like(originals[0])
    assert verdict([*originals, flat], [*originals, flat]).images == 2
    assert verdict(originals, [flat, flat]).depends
    with pytest.raises(ExplanationError, match="no image has a map"):
        verdict([flat], originals[:1])


def test_networks_that_look_alike_stand_above_both_nulls():
    first = smooth_maps(12, 0)
    second = [one + 0.2 * other for one, other in zip(first, smooth_maps(12, 1), strict=True)]
    found = repeatability(first, second)
    likeness = found.measures["spearman"]
    assert len(likeness.values) == found.images == 12
    assert likeness.lowest <= likeness.tenth <= likeness.median <= likeness.highest
    assert likeness.among_different_images.percentile > 99
    assert likeness.among_random_maps.percentile > 99


def test_networks_that_look_elsewhere_stand_within_the_nulls():
    likeness = repeatability(smooth_maps(12, 0), smooth_maps(12, 1)).measures["spearman"]
    assert 5 < likeness.among_different_images.percentile < 95
    assert 5 < likeness.among_random_maps.percentile < 95


def test_images_that_neither_network_can_explain_are_counted_apart():
    first, second = smooth_maps(3, 0), smooth_maps(3, 1)
    flat = np.zeros_like(first[0])
    found = repeatability([*first, flat], [*second, flat])
    assert (found.images, found.left_out) == (3, 1)
    one = repeatability(first[:1], [flat]).measures["spearman"]
    assert one.values == (0.0,)
    assert one.among_different_images is None
    with pytest.raises(ExplanationError, match="neither has a map"):
        repeatability([flat], [flat])

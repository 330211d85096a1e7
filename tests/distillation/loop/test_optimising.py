"""What learns, and how fast."""

import pytest
import torch
from torch import nn

from medkd_core.distillation.loop.optimising import freeze, make_optimizer, set_learning_rate
from medkd_core.errors import NetworkError
from medkd_core.jobs.spec import TrainingSpec
from medkd_core.networks import create_network
from medkd_core.networks.stages import stage_numbers

NETWORKS = {
    "ofa_595": 7,
    "ofa_595_s": 7,
    "densenet201": 5,
    "visformer_s": 4,
    "autoformer_v2_t": 5,
    "vgg19": 6,
    "vgg19_bn": 6,
    "timm:resnet18": 6,
    "timm:test_vit": 8,
}


def network_of(name: str) -> nn.Module:
    with torch.device("meta"):
        return create_network(name, 3, 1.0 if name.startswith("timm:") else 0.25, 64)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_has_stages_from_its_input_to_its_classifier(name: str) -> None:
    network = network_of(name)
    numbers = stage_numbers(network, name)
    assert set(numbers) == {key for key, _ in network.named_parameters()}
    assert set(numbers.values()) == set(range(NETWORKS[name]))
    in_order = list(numbers.values())
    assert in_order[0] == 0
    classifier = network.get_classifier()  # type: ignore[operator]
    head = {id(weight) for weight in classifier.parameters()}
    of_head = [numbers[key] for key, weight in network.named_parameters() if id(weight) in head]
    assert set(of_head) == {NETWORKS[name] - 1}


def test_frozen_stages_have_no_gradient_and_their_normalisation_stands_still() -> None:
    network = create_network("ofa_595", 3, 0.25, 64)
    still = freeze(network, "ofa_595", TrainingSpec(frozen_stages=2))
    assert not network.blocks[3].mobile_inverted_conv[0].conv.weight.requires_grad  # type: ignore
    assert network.blocks[4].mobile_inverted_conv[0].conv.weight.requires_grad  # type: ignore
    names = {name for name, module in network.named_modules() if module in set(still)}
    assert "first_conv.bn" in names
    assert not any(name.startswith("blocks.4") for name in names)


def test_frozen_normalisation_still_learns_its_scale() -> None:
    network = create_network("ofa_595", 3, 0.25, 64)
    still = freeze(network, "ofa_595", TrainingSpec(freeze_normalisation=True))
    assert len(still) == sum(isinstance(m, nn.BatchNorm2d) for m in network.modules())
    assert all(weight.requires_grad for weight in network.parameters())


def test_network_whose_every_stage_is_frozen_is_refused() -> None:
    with pytest.raises(NetworkError, match="it has 7, and the last one must learn"):
        freeze(network_of("ofa_595"), "ofa_595", TrainingSpec(frozen_stages=7))


def test_stages_learn_the_more_slowly_the_nearer_they_are_to_the_input() -> None:
    network = create_network("vgg19_bn", 3, 0.125, 64)
    projection = nn.Parameter(torch.zeros(2, 2))
    spec = TrainingSpec(layer_decay=0.5, weight_decay=0.1)
    optimizer = make_optimizer(network, "vgg19_bn", [projection], spec)
    set_learning_rate(optimizer, 1.0)
    groups = {id(w): group for group in optimizer.param_groups for w in group["params"]}
    first, last = network.features[0], network.head.fc  # type: ignore[union-attr,index]
    assert groups[id(first.weight)]["lr"] == 0.5**5  # type: ignore[union-attr]
    assert groups[id(last.weight)]["lr"] == 1.0  # type: ignore[union-attr]
    assert groups[id(last.weight)]["weight_decay"] == 0.1  # type: ignore[union-attr]
    assert groups[id(last.bias)]["weight_decay"] == 0.0  # type: ignore[union-attr]
    assert groups[id(projection)]["lr"] == 1.0
    assert groups[id(projection)]["weight_decay"] == 0.0


def test_optimiser_has_each_weight_that_learns_once() -> None:
    network = create_network("ofa_595", 3, 0.25, 64)
    freeze(network, "ofa_595", TrainingSpec(frozen_stages=3))
    optimizer = make_optimizer(network, "ofa_595", (), TrainingSpec())
    held = [id(weight) for group in optimizer.param_groups for weight in group["params"]]
    assert sorted(held) == sorted(id(w) for w in network.parameters() if w.requires_grad)

"""What networks that learn say of a batch, ours and timm's, however they are run."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from medkd_core.distillation.devices import make_fabric
from medkd_core.distillation.losses.deciding_layer import deciding_layer
from medkd_core.distillation.losses.maps import map_loss
from medkd_core.distillation.losses.student_signal import SignalReader
from medkd_core.errors import NetworkError
from medkd_core.networks import create_network
from medkd_core.networks.access import last_layer
from medkd_core.networks.target_layers import with_target_layer

SIZE = 64
LABELS = torch.tensor([0, 2, 1])

OURS = ["ofa_595", "densenet201", "visformer_s", "autoformer_v2_t", "vgg19_bn"]
TIMM = ["timm:resnet10t", "timm:swin_tiny_patch4_window7_224", "timm:vit_tiny_patch16_224"]


def small(name: str) -> nn.Module:
    torch.manual_seed(0)
    width = 1.0 if name.startswith("timm:") else 0.125
    return create_network(name, 3, width, size_of(name))


def size_of(name: str) -> int:
    return 224 if "swin" in name or "vit" in name else SIZE


def images(name: str) -> Tensor:
    return torch.randn(3, 3, size_of(name), size_of(name), generator=torch.manual_seed(1))


def read(name: str, network: nn.Module, model: nn.Module | None = None) -> tuple[Tensor, Tensor]:
    """Loss of a map that looks at the upper left corner, and the map."""
    reader = SignalReader(network, name, size_of(name), maps=True)
    maps = reader.read(model or network, images(name), LABELS, maps=True).maps
    assert maps is not None
    return looks_at_the_corner(maps), maps


def looks_at_the_corner(maps: Tensor | None) -> Tensor:
    assert maps is not None
    corner = torch.zeros(3, 4, 4)
    corner[:, :2, :2] = 1
    return map_loss(maps, [corner], torch.ones(3, 1))


@pytest.mark.parametrize(
    "name",
    [*OURS[:1], *(pytest.param(name, marks=pytest.mark.slow) for name in OURS[1:] + TIMM)],
)
def test_every_network_has_a_map_that_teaches_it(name: str) -> None:
    network = small(name)
    loss, maps = read(name, network)
    loss.backward()
    _, features, _ = with_target_layer(network, name, size_of(name))(images(name))
    assert maps.shape == (3, *features.shape[2:])
    slopes = [weight.grad for weight in network.parameters() if weight.grad is not None]
    assert all(torch.isfinite(slope).all() for slope in slopes)
    # The first layer and the last alike.
    first = next(layer for layer in network.modules() if isinstance(layer, nn.Conv2d)).weight
    last = last_layer(network).get_parameter("weight")
    assert first.grad is not None
    assert last.grad is not None
    assert first.grad.any()
    assert last.grad.any()


@pytest.mark.slow
def test_network_read_at_its_class_token_is_explained_where_its_places_still_decide() -> None:
    network = small("timm:vit_tiny_patch16_224")
    found = deciding_layer(network, "norm", 224)
    assert found.name == "blocks.11.norm1"
    assert deciding_layer(network, "blocks.4", 224).name == "blocks.4"


def test_target_layer_whose_places_decide_is_the_one() -> None:
    assert deciding_layer(small("ofa_595"), "blocks.19", SIZE).name == "blocks.19"


def test_map_of_a_single_cell_is_refused() -> None:
    with pytest.raises(NetworkError, match="its output is no map"):
        SignalReader(small("ofa_595"), "ofa_595", 32, maps=True)


def test_student_learns_to_look_where_it_is_told() -> None:
    network = small("ofa_595").eval()
    optimizer = torch.optim.Adam(network.parameters(), lr=3e-3)
    reader = SignalReader(network, "ofa_595", SIZE, maps=True)
    losses = []
    for _ in range(8):
        optimizer.zero_grad()
        maps = reader.read(network, images("ofa_595"), LABELS, maps=True).maps
        losses.append(looks_at_the_corner(maps))
        losses[-1].backward()
        optimizer.step()
    assert losses[-1] < 0.8 * losses[0]


def test_logits_and_features_are_those_of_a_plain_pass() -> None:
    network = small("ofa_595").eval()
    reader = SignalReader(network, "ofa_595", SIZE, features=True, maps=True)
    signal = reader.read(network, images("ofa_595"), LABELS, maps=True)
    logits, _, features = with_target_layer(network, "ofa_595", SIZE)(images("ofa_595"))
    assert torch.equal(signal.logits, logits)
    assert signal.features is not None
    assert torch.equal(signal.features, features)


def test_only_what_is_asked_for_is_read_and_nothing_stays_behind() -> None:
    network = small("ofa_595")
    signal = SignalReader(network, "ofa_595", SIZE).read(network, images("ofa_595"), LABELS)
    assert signal.features is None
    assert signal.maps is None
    SignalReader(network, "ofa_595", SIZE, features=True, maps=True).read(
        network, images("ofa_595"), LABELS, maps=True
    )
    hooks = [module._forward_hooks or module._forward_pre_hooks for module in network.modules()]
    assert not any(hooks)


def test_another_target_layer_is_compared_if_asked_for() -> None:
    network = small("ofa_595")
    reader = SignalReader(network, "ofa_595", SIZE, "blocks.8", maps=True)
    maps = reader.read(network, images("ofa_595"), LABELS, maps=True).maps
    assert maps is not None
    assert maps.shape[1:] == (4, 4)


def test_network_whose_stages_are_frozen_still_has_a_map() -> None:
    network = small("ofa_595").requires_grad_(False)
    last_layer(network).requires_grad_(True)
    loss, _ = read("ofa_595", network)
    loss.backward()
    slope = last_layer(network).get_parameter("weight").grad
    assert slope is not None
    assert slope.any()


def test_channels_last_changes_no_map() -> None:
    network = small("ofa_595").eval()
    _, expected = read("ofa_595", network)
    _, found = read("ofa_595", network.to(memory_format=torch.channels_last))
    assert torch.allclose(found, expected, atol=1e-5)


def test_map_is_read_and_derived_under_mixed_precision() -> None:
    network = small("ofa_595").eval()
    _, expected = read("ofa_595", network)
    fabric = make_fabric("cpu", "bf16-mixed")
    loss, maps = read("ofa_595", network, fabric.setup_module(network))
    fabric.backward(loss)
    assert maps.dtype == torch.float32
    agreement = torch.cosine_similarity(maps.flatten(1), expected.flatten(1))
    assert agreement.min() > 0.98
    slope = next(network.parameters()).grad
    assert slope is not None
    assert slope.any()


@pytest.fixture
def gang_of_one(tmp_path: Path) -> Iterator[None]:
    """A process group as torchrun makes it, of this process alone."""
    store = f"file://{tmp_path / 'store'}"
    torch.distributed.init_process_group("gloo", init_method=store, rank=0, world_size=1)
    yield
    torch.distributed.destroy_process_group()


@pytest.mark.usefixtures("gang_of_one")
def test_map_is_derived_through_the_wrapping_of_several_processes() -> None:
    alone, wrapped = small("ofa_595").eval(), small("ofa_595").eval()
    expected, _ = read("ofa_595", alone)
    expected.backward()
    model = nn.parallel.DistributedDataParallel(wrapped, find_unused_parameters=True)
    loss, _ = read("ofa_595", wrapped, model)
    loss.backward()
    for plain, shared in zip(alone.parameters(), wrapped.parameters(), strict=True):
        wanted = torch.zeros_like(plain) if plain.grad is None else plain.grad
        found = torch.zeros_like(shared) if shared.grad is None else shared.grad
        assert torch.allclose(found, wanted, atol=1e-7)

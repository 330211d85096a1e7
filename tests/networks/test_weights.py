"""Weights in files: what comes back, and what is refused."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from medkd_core.errors import NetworkError
from medkd_core.networks import create_network
from medkd_core.networks.weights import load_weights, save_weights

SMALL = {"width": 0.125, "image_size": 64}


def small(name: str = "ofa_595", classes: int = 3, seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return create_network(name, classes, **SMALL)


def same(one: nn.Module, other: nn.Module) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "ofa_595.safetensors"
    save_weights(small(), path)
    return path


@pytest.mark.parametrize("name", ["ofa_595", "autoformer_v2_t", "densenet201"])
def test_saved_weights_come_back_bit_for_bit(name: str, tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    save_weights(small(name), path)
    loaded = small(name, seed=1)
    assert not load_weights(loaded, path).replaced_head
    assert same(loaded, small(name))


def test_tables_that_follow_from_the_architecture_are_not_stored(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    save_weights(small("autoformer_v2_t"), path)
    assert not [key for key in load_file(path) if "index" in key or "mask" in key]


@pytest.mark.parametrize(
    "wrap",
    [
        dict,
        lambda state: {"state_dict": state, "epoch": 3},
        lambda state: {"model": state},
        lambda state: {"state_dict": {f"module.{k}": v for k, v in state.items()}},
        lambda state: {
            "model": {"state_dict": {f"module.module.{k}": v for k, v in state.items()}}
        },
        lambda state: {"model_ema": state},
        lambda state: {**state, "epoch": 3},
    ],
    ids=["plain", "state_dict", "model", "data-parallel", "nested", "average", "beside an epoch"],
)
def test_published_pickles_are_unwrapped(
    wrap: Callable[[dict[str, torch.Tensor]], object], tmp_path: Path
) -> None:
    path = tmp_path / "released.pth"
    torch.save(wrap(dict(small().state_dict())), path)
    loaded = small(seed=1)
    load_weights(loaded, path)
    assert same(loaded, small())


@pytest.mark.parametrize(
    "name", ["ofa_595", "ofa_595_s", "autoformer_v2_t", "visformer_s", "vgg19"]
)
def test_a_head_for_other_classes_stays_fresh_and_is_reported(name: str, tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    save_weights(small(name, classes=7), path)
    network = small(name, classes=3, seed=1)
    head = network.get_classifier().weight.clone()
    report = load_weights(network, path)
    assert report.replaced_head
    assert report.classes_in_file == 7
    assert torch.equal(network.get_classifier().weight, head)
    first = next(iter(network.parameters()))
    assert torch.equal(first, next(iter(small(name, classes=7).parameters())))


def test_both_heads_of_a_distilled_transformer_stay_fresh_together(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    save_weights(create_network("timm:deit_tiny_distilled_patch16_224", 5), path)
    network = create_network("timm:deit_tiny_distilled_patch16_224", 3)
    heads = [head.weight.clone() for head in network.get_classifier()]
    assert load_weights(network, path).replaced_head
    pairs = zip(network.get_classifier(), heads, strict=True)
    assert all(torch.equal(head.weight, before) for head, before in pairs)


def test_weights_of_another_network_are_refused_and_nothing_is_copied(saved: Path) -> None:
    network = small("densenet201", seed=1)
    with pytest.raises(NetworkError, match=r"no classifier\.weight and so belong to another"):
        load_weights(network, saved)
    assert same(network, small("densenet201", seed=1))


def test_weights_of_another_width_are_refused_with_the_misfits_counted(saved: Path) -> None:
    with pytest.raises(NetworkError, match=r"\d+ of another shape \(first_conv\.conv\.weight, "):
        load_weights(create_network("ofa_595", 3, width=0.5), saved)


def test_a_missing_and_an_unexpected_key_are_both_named(saved: Path) -> None:
    tensors = load_file(saved)
    tensors["first_conv.conv.kernel"] = tensors.pop("first_conv.conv.weight")
    save_file(tensors, saved)
    with pytest.raises(
        NetworkError,
        match=r"1 missing \(first_conv\.conv\.weight\); 1 unexpected \(first_conv\.conv\.kernel\)",
    ):
        load_weights(small(), saved)


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
@pytest.mark.parametrize("content", [b"", b"no weights at all", b"\xff" * 64])
def test_a_damaged_file_is_refused_in_a_sentence(
    suffix: str, content: bytes, tmp_path: Path
) -> None:
    path = tmp_path / f"broken{suffix}"
    path.write_bytes(content)
    with pytest.raises(NetworkError, match="damaged, or holds more than weights"):
        load_weights(small(), path)


def test_a_truncated_file_is_refused(saved: Path) -> None:
    saved.write_bytes(saved.read_bytes()[:-100])
    with pytest.raises(NetworkError, match="damaged"):
        load_weights(small(), saved)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match="there is no such file"):
        load_weights(small(), tmp_path / "none.safetensors")


class Intruder:
    """Leaves a folder behind when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.mark),)


def test_nothing_in_a_hostile_pickle_runs(tmp_path: Path) -> None:
    path, mark = tmp_path / "hostile.pth", tmp_path / "mark"
    torch.save({"state_dict": Intruder(mark)}, path)
    with pytest.raises(NetworkError, match="holds more than weights"):
        load_weights(small(), path)
    assert not mark.exists()


def test_a_small_file_that_claims_to_be_huge_is_refused(tmp_path: Path) -> None:
    state = small().state_dict()
    state["classifier.linear.weight"] = torch.zeros(1).expand(10**9, 192)
    torch.save(state, tmp_path / "inflated.pth")
    with pytest.raises(NetworkError, match="damaged, or holds more than weights"):
        load_weights(small(), tmp_path / "inflated.pth")


def test_failing_to_write_leaves_nothing_behind(tmp_path: Path) -> None:
    target = tmp_path / "taken.safetensors"
    target.mkdir()
    with pytest.raises(NetworkError, match="Cannot write weights"):
        save_weights(small(), target)
    assert [path.name for path in tmp_path.iterdir()] == ["taken.safetensors"]

"""Files as they were released elsewhere become the same network."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from medkd_core.errors import NetworkError
from medkd_core.networks import create_network
from medkd_core.networks.weights import load_weights

State = dict[str, Tensor]


def small(name: str, seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return create_network(name, 3, width=0.125, image_size=64)


def respelt(change: Callable[[str], str]) -> Callable[[State], State]:
    return lambda state: {change(key): value for key, value in state.items()}


def nested(key: str) -> str:
    """As the elastic layers of once-for-all name what they hold."""
    key = key.replace(".bn.", ".bn.bn.").replace("classifier.linear.", "classifier.linear.linear.")
    return re.sub(r"^(blocks\.\d+)\.mobile_inverted_conv\.", r"\1.conv.", key)


def as_authors_of_visformer(state: State) -> State:
    normalised = {key.removesuffix(".running_mean") for key in state if "running_mean" in key}
    return {
        re.sub(r"\.(\w+)$", r".bn.\1", key) if key.rpartition(".")[0] in normalised else key: value
        for key, value in state.items()
    }


def as_torchvision_vgg(state: State) -> State:
    names = {"pre_logits.fc1": "classifier.0", "pre_logits.fc2": "classifier.3"}
    names["head.fc"] = "classifier.6"
    renamed = {}
    for key, value in state.items():
        layer, _, rest = key.rpartition(".")
        matrix = value.flatten(1) if layer in names and value.ndim == 4 else value
        renamed[f"{names.get(layer, layer)}.{rest}"] = matrix
    return renamed


def without_counters(state: State) -> State:
    """As before batch normalisation counted its batches; fresh networks have counted none."""
    return {key: value for key, value in state.items() if "num_batches" not in key}


RELEASES = {
    "newer once-for-all": (
        "ofa_595",
        respelt(lambda key: key.replace("mobile_inverted_conv", "conv")),
        "once-for-all's newer code",
    ),
    "elastic once-for-all": ("ofa_595", respelt(nested), "once-for-all's newer code"),
    "matrix as classifier": (
        "ofa_595_s",
        lambda s: {
            k: v.flatten(1) if "classifier" in k and v.ndim > 1 else v for k, v in s.items()
        },
        "",
    ),
    "Visformer": ("visformer_s", as_authors_of_visformer, "the authors' release of Visformer"),
    "first DenseNets": (
        "densenet201",
        respelt(lambda key: re.sub(r"(layer\d+\.(?:norm|conv))(\d)", r"\1.\2", key)),
        "torchvision's first DenseNets",
    ),
    "DenseNet without counters": ("densenet201", without_counters, ""),
    "VGG": ("vgg19_bn", as_torchvision_vgg, "torchvision's VGG"),
    "AutoFormerV2 with its tables": ("autoformer_v2_t", dict, ""),
}


@pytest.mark.parametrize("release", RELEASES)
def test_a_released_file_becomes_the_same_network(release: str, tmp_path: Path) -> None:
    name, spelt, told = RELEASES[release]
    path = tmp_path / "released.pth"
    torch.save(
        {"model": {f"module.{k}": v for k, v in spelt(small(name).state_dict()).items()}}, path
    )
    loaded = small(name, seed=1)
    report = load_weights(loaded, path)
    assert report.spelling == told
    pairs = zip(loaded.state_dict().values(), small(name).state_dict().values(), strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)


@pytest.mark.parametrize("release", ["newer once-for-all", "VGG"])
def test_a_head_for_other_classes_is_reported_in_any_spelling(release: str, tmp_path: Path) -> None:
    name, spelt, _ = RELEASES[release]
    path = tmp_path / "released.pth"
    torch.save(spelt(create_network(name, 11, width=0.125, image_size=64).state_dict()), path)
    report = load_weights(small(name), path)
    assert (report.replaced_head, report.classes_in_file) == (True, 11)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_precisions_are_converted(dtype: torch.dtype, tmp_path: Path) -> None:
    state = {key: v.to(dtype) for key, v in small("ofa_595").state_dict().items()}
    torch.save(state, tmp_path / "released.pth")
    loaded = small("ofa_595", seed=1)
    load_weights(loaded, tmp_path / "released.pth")
    weight = loaded.get_parameter("first_conv.conv.weight")
    assert weight.dtype == torch.float32
    assert torch.equal(weight, state["first_conv.conv.weight"].float())


# torch will drop quantised tensors, but the files that hold them stay.
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")
@pytest.mark.parametrize(
    ("spoilt", "reason"),
    [
        (lambda weight: weight * float("nan"), "not finite"),
        (lambda weight: weight.double() + 1e300, "not finite in single precision"),
        (lambda weight: weight > 0, "of the type bool"),
        (lambda weight: weight.to(torch.complex64), "of the type complex64"),
        (lambda weight: weight.to(torch.float8_e4m3fn), "of the type float8_e4m3fn"),
        (lambda weight: torch.quantize_per_tensor(weight, 0.1, 0, torch.qint8), "no plain array"),
    ],
)
def test_values_that_are_no_weights_are_refused_by_name(
    spoilt: Callable[[Tensor], Tensor], reason: str, tmp_path: Path
) -> None:
    state = small("ofa_595").state_dict()
    state["first_conv.conv.weight"] = spoilt(state["first_conv.conv.weight"])
    torch.save(state, tmp_path / "released.pth")
    with pytest.raises(NetworkError, match=rf"first_conv\.conv\.weight .*{reason}"):
        load_weights(small("ofa_595"), tmp_path / "released.pth")

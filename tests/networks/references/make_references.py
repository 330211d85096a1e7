"""Make the stored outputs again, from implementations that are not ours.

    python -m venv v && v/bin/pip install torch torchvision timm
    v/bin/pip install --no-deps ofa==0.1.0.post202307202001 darmo==0.1.15
    v/bin/python tests/networks/references/make_references.py

The networks: ``ofa`` (the authors' code) with the configuration in ``darmo``; ``torchvision``
0.29.1 for DenseNet-201 and VGG-19, ``timm`` 1.0.31 for Visformer-S and, as a Swin transformer
with windows of 7, 7, 14 and 7, AutoFormerV2-T. Each gets the weights of `fixed_weights` under
MedKD's keys. MedKD's Visformer-S is timm's as well: ``test_visformer_written_again.py`` is what
holds it to something else.
"""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import timm
import torch
import torchvision
from fixed_weights import fixed_pictures, fixed_weights, sampled
from torch import nn

HERE = Path(__file__).parent
Rename = Callable[[str], str]


def main() -> None:
    """Write one file a network and size."""
    torch.manual_seed(0)
    for name, size, network, target, our_key in references():
        shapes = {
            key: tuple(value.shape)
            for key, value in network.state_dict().items()
            if value.is_floating_point() and "attn_mask" not in key
        }
        own = fixed_weights({our_key(key): shape for key, shape in shapes.items()})
        network.load_state_dict({key: own[our_key(key)] for key in shapes}, strict=False)
        logits, features = outputs(network.eval(), network.get_submodule(target), size)
        np.savez(HERE / f"{name}-{size}.npz", logits=logits, features=sampled(features))
        spread = np.ptp(logits[0] - logits[1]) / np.ptp(logits)
        print(f"{name} {size}: range {np.ptp(logits):.3g}, two pictures differ by {spread:.2f}")


def references() -> list[tuple[str, int, nn.Module, str, Rename]]:
    """Name, input size, network, target layer, and how its keys become MedKD's."""
    swin = timm.create_model(
        "swin_tiny_patch4_window7_224", window_size=((7, 7), (7, 7), (14, 14), (7, 7))
    )
    return [
        ("ofa_595", 236, once_for_all(smooth=False), "final_expand_layer", ofa_key),
        ("ofa_595", 224, once_for_all(smooth=False), "final_expand_layer", ofa_key),
        ("ofa_595_s", 224, once_for_all(smooth=True), "final_expand_layer", ofa_key),
        ("autoformer_v2_t", 224, swin, "norm", swin_key),
        ("visformer_s", 224, timm.create_model("visformer_small"), "norm", str),
        ("densenet201", 224, torchvision.models.densenet201(), "features", str),
        ("vgg19", 224, torchvision.models.vgg19(), "features.35", vgg_key),
        ("vgg19_bn", 224, torchvision.models.vgg19_bn(), "features.51", vgg_key),
    ]


def once_for_all(smooth: bool) -> nn.Module:
    """The authors' network; the ImageNet-21K release replaced its activations."""
    from ofa.imagenet_classification.networks import MobileNetV3
    from ofa.utils.pytorch_modules import Hsigmoid, Hswish

    darmo = importlib.util.find_spec("darmo").submodule_search_locations[0]
    config = json.loads((Path(darmo) / "config" / "ofa595.config").read_text())
    network = MobileNetV3.build_from_config(config)
    replaced = {Hswish: nn.SiLU, Hsigmoid: nn.Sigmoid} if smooth else {}
    for parent in list(network.modules()):
        for key, child in list(parent.named_children()):
            if type(child) in replaced:
                setattr(parent, key, replaced[type(child)]())
    return network


def ofa_key(key: str) -> str:
    return re.sub(r"^(blocks\.\d+)\.conv\.", r"\1.mobile_inverted_conv.", key)


def swin_key(key: str) -> str:
    """timm merges patches at the start of the next stage, not at the end of the last."""
    merging = re.match(r"layers\.(\d)\.downsample\.(.*)", key)
    if merging:
        return f"layers.{int(merging[1]) - 1}.downsample.{merging[2]}"
    return key.replace("head.fc.", "head.")


def vgg_key(key: str) -> str:
    """timm writes the hidden layers as convolutions."""
    layers = {"0": "pre_logits.fc1", "3": "pre_logits.fc2", "6": "head.fc"}
    return re.sub(r"classifier\.(\d)", lambda found: layers[found[1]], key)


def outputs(network: nn.Module, target: nn.Module, size: int) -> tuple[np.ndarray, np.ndarray]:
    seen: list[torch.Tensor] = []
    target.register_forward_hook(lambda _module, _inputs, output: seen.append(output))
    with torch.inference_mode():
        logits = network(torch.from_numpy(fixed_pictures(size)))
    features = seen[0]
    if features.shape[1] == features.shape[2]:
        features = features.permute(0, 3, 1, 2)
    return logits.numpy(), features.contiguous().numpy()


if __name__ == "__main__":
    main()

"""A small real bundle, made once a session: untrained networks that run in milliseconds."""

import os
import uuid
from pathlib import Path

import pytest

if "PYTEST_XDIST_WORKER" in os.environ:
    # Tests that run side by side would take each other's processors.
    os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path_factory) -> None:
    """No test finds what another one, or the person at this machine, computed before."""
    folder = tmp_path_factory.getbasetemp() / "caches" / uuid.uuid4().hex
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))


@pytest.fixture(scope="session")
def small_bundle(tmp_path_factory) -> Path:
    """Folder of a bundle with a student and a teacher of 32 px; not to be changed."""
    import torch

    from medkd_core.bundles.schema import BundleManifest, NetworkEntry
    from medkd_core.bundles.write import write_bundle
    from medkd_core.engines.export import export_onnx
    from medkd_core.imaging.recipe import View
    from medkd_core.networks import create_network
    from medkd_core.networks.complexity import count_macs, count_parameters
    from medkd_core.networks.registry import network_facts, recipe_for
    from medkd_core.networks.weights import save_weights

    folder = tmp_path_factory.mktemp("small_bundle")
    torch.manual_seed(0)
    entries, files = [], {}
    for name, role in (("vgg19", "student"), ("vgg19_bn", "teacher")):
        network = create_network(name, 3, 0.05, 32).eval()
        weights, graph = folder / f"{name}.safetensors", folder / f"{name}.onnx"
        save_weights(network, weights)
        export_onnx(network, name, 32, weights, graph)
        files |= {weights.name: weights, graph.name: graph}
        facts = network_facts(name)
        entries.append(
            NetworkEntry(
                name=name,
                label=facts.label,
                role=role,
                width=0.05,
                recipe=recipe_for(name, 32),
                target_layer=facts.target_layer,
                parameters=count_parameters(network),
                macs=count_macs(network, 32),
            )
        )
    manifest = BundleManifest(
        name="small",
        created="2026-01-02T03:04:05Z",
        classes=["COVID-19", "Non-COVID", "Normal"],
        view=View(),
        networks=entries,
    )
    return write_bundle(folder / "small", manifest, files)


@pytest.fixture(scope="session")
def lived_in():
    """Gives a fresh network biases, and statistics of pictures that it saw, as training would."""
    import torch
    from torch import nn

    def after(network: nn.Module, pictures: torch.Tensor) -> nn.Module:
        for parameter in network.parameters():
            if parameter.ndim == 1:
                nn.init.normal_(parameter, mean=parameter.detach().mean().item(), std=0.1)
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.momentum = 1.0
        with torch.no_grad():
            network.train()(pictures)
        return network.eval()

    return after


@pytest.fixture(scope="session")
def in_a_reading_room() -> str:
    """Start of a program: from here on no library that a reading room lacks can be found."""
    return """
import sys
ABSENT = {
    "torch", "torchvision", "timm", "onnx", "onnxscript", "onnx_ir", "sklearn", "lightning_fabric",
    "torchmetrics", "pytorch_grad_cam", "filelock", "matplotlib", "huggingface_hub", "submitit",
}
class Without:
    def __init__(self, finder):
        self.finder = finder
    def find_spec(self, name, path=None, target=None):
        hidden = name.split(".")[0] in ABSENT
        return None if hidden else self.finder.find_spec(name, path, target)
sys.meta_path[:] = [Without(finder) for finder in sys.meta_path]
"""

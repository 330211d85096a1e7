import json
import shutil
import subprocess

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from medkd_core.bundles.read import open_bundle
from medkd_core.bundles.verify import verify_bundle
from medkd_core.errors import BundleError, EngineError


@pytest.fixture
def copy(small_bundle, tmp_path):
    return shutil.copytree(small_bundle, tmp_path / "copy")


def sum_again(folder):
    """Make the sums fit what is there, as somebody would who wants to deceive."""
    names = sorted(f.name for f in folder.iterdir() if f.name != "SHA256SUMS")
    (folder / "SHA256SUMS").write_bytes(subprocess.check_output(["sha256sum", *names], cwd=folder))


def test_published_bundle_passes(small_bundle):
    report = verify_bundle(small_bundle)
    assert report.networks == ("vgg19", "vgg19_bn")
    assert report.digest == open_bundle(small_bundle).digest


def test_every_network_of_a_bundle_runs(small_bundle):
    engine = open_bundle(small_bundle).engine("vgg19_bn", "cpu")
    assert engine.input_shape == (32, 32)
    assert engine.logits(np.zeros((2, 3, 32, 32), np.float32)).shape == (2, 3)


def test_altered_weights_are_refused(copy):
    with (copy / "vgg19.safetensors").open("r+b") as file:
        file.seek(-10, 2)
        file.write(b"\x01")
    with pytest.raises(BundleError, match=r"vgg19\.safetensors differs"):
        verify_bundle(copy)


def test_weights_that_are_not_finite_are_refused_even_with_right_sums(copy):
    file = copy / "vgg19_bn.safetensors"
    weights = load_file(file)
    weights["features.0.bias"][0] = np.nan
    save_file(weights, file)
    sum_again(copy)
    with pytest.raises(BundleError, match="is not finite"):
        verify_bundle(copy)


@pytest.mark.parametrize("suffix", ["safetensors", "onnx"])
def test_file_of_another_kind_is_refused_even_with_right_sums(copy, suffix):
    (copy / f"vgg19.{suffix}").write_bytes(b"not what the name says")
    sum_again(copy)
    with pytest.raises((BundleError, EngineError)):
        verify_bundle(copy)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"classes": ["a", "b"]}, "one finite number a class"),
        ({"recipe_size": 64}, "not \\(64, 64\\)"),
    ],
)
def test_manifest_that_does_not_fit_its_networks_is_refused(copy, change, sentence):
    document = json.loads((copy / "bundle.json").read_text())
    if "recipe_size" in change:
        document["networks"][0]["recipe"]["size"] = change["recipe_size"]
    else:
        document |= change
    (copy / "bundle.json").write_text(json.dumps(document))
    sum_again(copy)
    with pytest.raises(BundleError, match=sentence):
        verify_bundle(copy)

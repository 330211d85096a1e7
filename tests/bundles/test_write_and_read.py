import json
import os
import subprocess
import sys

import pytest

from medkd_core.bundles.read import open_bundle
from medkd_core.bundles.write import write_bundle
from medkd_core.errors import BundleError


@pytest.fixture
def folder(tmp_path, manifest, files):
    return write_bundle(tmp_path / "models" / "lungs", manifest, files)


def rewrite_manifest(folder, **changes):
    file = folder / "bundle.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def test_what_is_written_is_read_back(folder, manifest):
    bundle = open_bundle(folder)
    assert bundle.manifest == manifest
    assert bundle.entry("large").role == "teacher"
    assert bundle.weights_path("small").is_file()
    assert bundle.onnx_path("small").read_bytes() == b"graph of small"
    assert len(bundle.digest) == 64


def test_sums_are_those_of_the_usual_tool(folder):
    told = subprocess.check_output(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=folder)
    assert told.count(b"OK") == 6


def test_model_card_says_what_a_reader_must_know(folder):
    card = (folder / "model_card.md").read_text()
    for expected in (
        "Research use only",
        "Adult frontal chest films.",
        "| macro F1 | 0.900 | 0.850 to 0.940 |",
        "| SMALL | student | 0.25 | 32 px | 1,234 | 56,789 | 0.800 |",
        "Source and class are confounded.",
        "| COVID-19 | 0.40 | 0.90 | 0.80 | 0.70 | 31 |",
        "Normal: nothing seen",
        "0.31 (rank correlation of maps of different films)",
        "Unfamiliar films are not recognised.",
    ):
        assert expected in card


def test_existing_folder_is_never_written_over(folder, manifest, files):
    before = sorted((f.name, f.read_bytes()) for f in folder.iterdir())
    with pytest.raises(BundleError, match="already"):
        write_bundle(folder, manifest, files)
    assert before == sorted((f.name, f.read_bytes()) for f in folder.iterdir())


def test_failed_write_leaves_nothing(tmp_path, manifest, files):
    files["large.onnx"].unlink()
    with pytest.raises(BundleError, match="No such file"):
        write_bundle(tmp_path / "models" / "lungs", manifest, files)
    assert list((tmp_path / "models").iterdir()) == []


def test_file_that_was_not_given_is_named(tmp_path, manifest, files):
    del files["large.onnx"]
    with pytest.raises(BundleError, match=r"large\.onnx was not given"):
        write_bundle(tmp_path / "lungs", manifest, files)


@pytest.mark.parametrize("name", ["large.pt", "large.pth", "large.pkl", "large.bin", "large.ckpt"])
def test_pickles_are_neither_written_nor_read(tmp_path, folder, manifest, files, name):
    with pytest.raises(BundleError, match="can run code"):
        write_bundle(tmp_path / "other", manifest, files | {name: files["large.onnx"]})
    (folder / name).write_bytes(b"")
    with pytest.raises(BundleError, match="can run code"):
        open_bundle(folder)


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda f: (f / "large.onnx").write_bytes(b"other"), "large.onnx differs"),
        (lambda f: (f / "large.onnx").unlink(), "large.onnx is missing"),
        (lambda f: (f / "extra.onnx").write_bytes(b""), "extra.onnx is not listed"),
        (lambda f: (f / "notes.txt").write_bytes(b""), "notes.txt is not part of a bundle"),
        (lambda f: (f / "sub").mkdir(), "sub is not a plain file"),
        (lambda f: (f / "SHA256SUMS").unlink(), "SHA256SUMS is missing"),
        (lambda f: (f / "SHA256SUMS").write_bytes(b"\xff"), "SHA256SUMS is not text"),
        (lambda f: (f / "SHA256SUMS").write_text("a b\n"), "line that is not a sum"),
        (lambda f: (f / "bundle.json").unlink(), "holds no bundle.json"),
        (lambda f: (f / "bundle.json").write_text("{"), "bundle.json is not JSON"),
        (lambda f: (f / "bundle.json").write_text("[" * 100_000), "bundle.json is not JSON"),
        (lambda f: (f / "bundle.json").write_text("[]"), "bundle.json is wrong at"),
        (lambda f: rewrite_manifest(f, schema_version=2), "schema 2 is newer"),
        (lambda f: rewrite_manifest(f, classes=3), "wrong at classes"),
        (lambda f: rewrite_manifest(f, colour="red"), "wrong at colour"),
        (lambda f: rewrite_manifest(f, networks=[]), "first network is not a student"),
        (lambda f: rewrite_manifest(f, classes=["a", "a"]), "not distinct"),
        (lambda f: rewrite_manifest(f, metrics={"accuracy": float("nan")}), "finite number"),
        (lambda f: rewrite_manifest(f, research_use_only=False), "wrong at research_use_only"),
    ],
)
def test_damage_is_refused_in_a_sentence_that_names_it(folder, damage, sentence):
    damage(folder)
    with pytest.raises(BundleError, match=sentence):
        open_bundle(folder)


def test_link_in_a_bundle_is_refused(folder, tmp_path):
    (folder / "large.onnx").rename(tmp_path / "elsewhere.onnx")
    (folder / "large.onnx").symlink_to(tmp_path / "elsewhere.onnx")
    with pytest.raises(BundleError, match="not a plain file"):
        open_bundle(folder)


def test_network_name_that_leaves_the_folder_is_refused(folder, manifest):
    networks = [entry.model_dump() for entry in manifest.networks]
    networks[1]["name"] = "../large"
    rewrite_manifest(folder, networks=networks)
    with pytest.raises(BundleError, match="no name of a network"):
        open_bundle(folder)


def test_missing_bundle_is_named(tmp_path):
    with pytest.raises(BundleError, match="there is no such file"):
        open_bundle(tmp_path / "nothing")


def test_unknown_network_is_refused_with_the_names_of_the_known(folder):
    with pytest.raises(BundleError, match="small, large"):
        open_bundle(folder).entry("resnet50")


def test_reading_a_bundle_loads_no_network_library(folder):
    script = (
        "import sys, pathlib; from medkd_core.bundles.read import open_bundle;"
        f"open_bundle(pathlib.Path({str(folder)!r}));"
        "print({'torch', 'torchvision', 'timm', 'onnx', 'onnxruntime'} & set(sys.modules))"
    )
    assert subprocess.check_output([sys.executable, "-c", script], text=True).strip() == "set()"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.timeout(20)
@pytest.mark.parametrize("name", ["bundle.json", "SHA256SUMS"])
def test_pipe_where_a_file_should_be_is_refused_and_not_waited_for(folder, tmp_path, name):
    (folder / name).unlink()
    os.mkfifo(folder / name)
    with pytest.raises(BundleError, match=f"{name} is not a plain file"):
        open_bundle(folder)
    with pytest.raises(BundleError, match="no ordinary file"):
        open_bundle(folder / name)


def test_name_too_long_for_the_system_is_refused(tmp_path):
    with pytest.raises(BundleError, match="too long"):
        open_bundle(tmp_path / ("a" * 300))


def test_network_of_timm_has_files_whose_names_suit_any_system(tmp_path, manifest, files):
    teacher = manifest.networks[1].model_copy(update={"name": "timm:large.a1_in1k"})
    named = {name.replace("large", "timm-large-a1_in1k"): file for name, file in files.items()}
    changed = manifest.model_copy(update={"networks": [manifest.student, teacher]})
    bundle = open_bundle(write_bundle(tmp_path / "lungs", changed, named))
    assert bundle.onnx_path("timm:large.a1_in1k").name == "timm-large-a1_in1k.onnx"
    assert bundle.weights_path("timm:large.a1_in1k").name == "timm-large-a1_in1k.safetensors"


@pytest.mark.parametrize(
    "name",
    [
        "timm:../large",
        "timm:a/b",
        "timm:a\\b",
        "timm:a..b",
        "timm:",
        "a:b",
        "large.a",
        "timm-large",
    ],
)
def test_network_name_of_which_no_file_name_is_made_is_refused(folder, manifest, name):
    networks = [entry.model_dump() for entry in manifest.networks]
    networks[1]["name"] = name
    rewrite_manifest(folder, networks=networks)
    with pytest.raises(BundleError, match="no name of a network"):
        open_bundle(folder)


def test_networks_that_differ_in_capitals_only_are_refused(folder, manifest):
    networks = [entry.model_dump() for entry in manifest.networks]
    networks[1]["name"] = "SMALL"
    rewrite_manifest(folder, networks=networks)
    with pytest.raises(BundleError, match="two networks have one name"):
        open_bundle(folder)

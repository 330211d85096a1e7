"""Networks that only timm knows: trained, distilled from, published, and read without timm."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from medkd_core.bundles.read import Bundle, open_bundle
from medkd_core.bundles.verify import verify_bundle
from medkd_core.datasets.phantom_files import write_covid_qu_ex
from medkd_core.distillation.publishing import publish
from medkd_core.distillation.run import run_job
from medkd_core.jobs.spec import DataSpec, JobSpec, NetworkSpec
from medkd_core.jobs.state import JobStatus
from medkd_core.jobs.store import JobStore
from medkd_core.networks import network_facts

MakeSpec = Callable[..., JobSpec]

SIDE = 64
TRANSFORMER = NetworkSpec(name="timm:test_vit", image_size=SIDE)
TAGGED = NetworkSpec(name="timm:test_resnet.r160_in1k", image_size=SIDE, target_layer="layer3")

READ = """
import sys
from medkd_core.cli.app import app
film, bundle, output = sys.argv[1:]
app(['predict', film, '--model', bundle], standalone_mode=False)
app(['explain', film, '--model', bundle, '--preview', '-o', output], standalone_mode=False)
"""


@pytest.fixture(scope="module")
def phantoms(tmp_path_factory: pytest.TempPathFactory) -> DataSpec:
    root = tmp_path_factory.mktemp("phantoms") / "set"
    write_covid_qu_ex(root, {"train": 6, "validation": 4, "test": 3}, seed=5, side=SIDE)
    return DataSpec(kind="covid-qu-ex", root=root)


@pytest.fixture(scope="module")
def bundle(
    tmp_path_factory: pytest.TempPathFactory, make_spec: MakeSpec, phantoms: DataSpec
) -> Bundle:
    """A student distilled in one epoch from two teachers of timm, each of one epoch."""
    store = JobStore(tmp_path_factory.mktemp("jobs"))
    for name, network in (("transformer", TRANSFORMER), ("tagged", TAGGED)):
        job = store.create(make_spec(1, kind="teacher", name=name, network=network, data=phantoms))
        state = run_job(job)
        assert state.status is JobStatus.COMPLETED, state.message
    student = store.create(make_spec(1, ("transformer", "tagged"), data=phantoms))
    state = run_job(student)
    assert state.status is JobStatus.COMPLETED, state.message
    folder = tmp_path_factory.mktemp("published") / "bundle"
    return open_bundle(publish(student, folder, name="Phantoms"))


@pytest.mark.slow
def test_bundle_says_what_its_teachers_are(bundle: Bundle) -> None:
    transformer, tagged = bundle.manifest.teachers
    assert (transformer.name, transformer.label) == ("timm:test_vit", "test_vit (timm)")
    assert transformer.target_layer == "norm"
    assert tagged.name == TAGGED.name
    assert tagged.target_layer == "layer3"
    assert tagged.recipe.mean == network_facts(TAGGED.name).mean


@pytest.mark.slow
def test_files_of_a_bundle_have_names_for_any_system(bundle: Bundle) -> None:
    graphs = sorted(file.name for file in bundle.folder.glob("*.onnx"))
    assert graphs == ["ofa_595.onnx", "timm-test_resnet-r160_in1k.onnx", "timm-test_vit.onnx"]


@pytest.mark.slow
def test_every_network_answers_and_has_a_map_of_its_target_layer(bundle: Bundle) -> None:
    names = verify_bundle(bundle.folder).networks
    assert names == ("ofa_595", "timm:test_vit", TAGGED.name)
    black = np.zeros((1, 3, SIDE, SIDE), np.float32)
    for name, side in (("timm:test_vit", 4), (TAGGED.name, 4)):
        features = bundle.engine(name, "cpu").logits_and_features(black)[1]
        assert features.shape[2:] == (side, side)


@pytest.mark.slow
def test_bundle_is_read_where_torch_and_timm_are_not_installed(
    bundle: Bundle, phantoms: DataSpec, tmp_path: Path, in_a_reading_room: str
) -> None:
    film = next(path for path in sorted(phantoms.root.rglob("*.png")) if "images" in path.parts)
    arguments = [str(film), str(bundle.folder), str(tmp_path)]
    command = [sys.executable, "-c", in_a_reading_room + READ, *arguments]
    read = subprocess.run(command, capture_output=True, text=True, check=False)
    assert read.returncode == 0, read.stderr
    assert "timm-test_vit.npy" in {file.name for file in tmp_path.iterdir()}


def test_layer_that_is_not_there_fails_the_job_before_any_film_is_read(
    store: JobStore, make_spec: MakeSpec, tmp_path: Path
) -> None:
    network = NetworkSpec(name="timm:test_resnet", image_size=SIDE, target_layer="layer9")
    nowhere = DataSpec(kind="folder", root=tmp_path / "nowhere")
    state = run_job(store.create(make_spec(kind="teacher", network=network, data=nowhere)))
    assert state.status is JobStatus.FAILED
    assert "no layer of that name" in state.message
    assert "layer4" in state.message


def test_width_of_a_network_of_timm_fails_the_job(store: JobStore, make_spec: MakeSpec) -> None:
    network = NetworkSpec(name="timm:test_resnet", width=0.5)
    state = run_job(store.create(make_spec(kind="teacher", network=network)))
    assert state.status is JobStatus.FAILED
    assert "no width of 0.5" in state.message

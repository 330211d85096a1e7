"""From a completed job to a bundle that reading can open."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from medkd_core.bundles.read import Bundle, open_bundle
from medkd_core.datasets.loading import load_dataset
from medkd_core.distillation.publishing import publish
from medkd_core.errors import BundleError, JobError
from medkd_core.imaging.preprocessing import network_input, view_image
from medkd_core.imaging.reading import read_frame
from medkd_core.jobs.result import LOGITS_FILE, WEIGHTS_FILE, read_result
from medkd_core.jobs.spec import DataSpec, JobSpec
from medkd_core.jobs.store import Job, JobStore

MakeSpec = Callable[..., JobSpec]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory, distilled: Job) -> Bundle:
    folder = tmp_path_factory.mktemp("published") / "bundle"
    return open_bundle(publish(distilled, folder, name="Discs"))


@pytest.mark.slow
def test_bundle_holds_the_student_and_its_teacher(bundle: Bundle, distilled: Job) -> None:
    manifest, result = bundle.manifest, read_result(distilled.result_folder)
    assert [(entry.name, entry.role) for entry in manifest.networks] == [
        ("ofa_595", "student"),
        ("vgg19_bn", "teacher"),
    ]
    assert manifest.name == "Discs"
    assert manifest.classes == ["bright", "dark", "grey"]
    assert manifest.view == distilled.spec.view
    assert manifest.student.temperature == result.temperature
    assert manifest.metrics == result.metrics
    assert set(manifest.operating_points) == set(manifest.classes)
    assert sum(one.count for one in manifest.reliability) == 9
    assert manifest.familiarity is not None
    assert manifest.provenance.job == distilled.identifier
    assert "No groups are known" in manifest.provenance.warnings[0]


@pytest.mark.slow
def test_published_weights_are_those_of_the_job(bundle: Bundle, distilled: Job) -> None:
    published = load_file(bundle.weights_path("ofa_595"))
    for key, array in load_file(distilled.result_folder / WEIGHTS_FILE).items():
        assert np.array_equal(array, published[key])


@pytest.mark.slow
def test_published_student_answers_as_it_did_when_it_was_tested(
    bundle: Bundle, distilled: Job
) -> None:
    spec, manifest = distilled.spec, bundle.manifest
    engine = bundle.engine("ofa_595", "cpu")
    records = load_dataset(spec.data, spec.seed).split("test")
    inputs = [
        network_input(
            view_image(read_frame(record.path), manifest.view),
            manifest.view,
            manifest.student.recipe,
        )
        for record in records
    ]
    with np.load(distilled.result_folder / LOGITS_FILE, allow_pickle=False) as logits:
        assert engine.logits(np.stack(inputs)) == pytest.approx(logits["test"], abs=0.02)


@pytest.mark.slow
def test_teacher_can_be_published_alone(tmp_path: Path, teacher: Job) -> None:
    manifest = open_bundle(publish(teacher, tmp_path / "bundle", name="Alone")).manifest
    assert [(entry.name, entry.role) for entry in manifest.networks] == [("vgg19_bn", "student")]
    assert manifest.agreement is None


def test_unfinished_job_is_not_published(
    store: JobStore, make_spec: MakeSpec, tmp_path: Path
) -> None:
    with pytest.raises(JobError, match="not completed"):
        publish(store.create(make_spec()), tmp_path / "bundle", name="")
    assert not (tmp_path / "bundle").exists()


def test_folder_that_exists_is_refused_at_once(tmp_path: Path, teacher: Job) -> None:
    said: list[str] = []
    with pytest.raises(BundleError, match="already"):
        publish(teacher, tmp_path, name="", say=said.append)
    assert said == []


def test_changed_data_set_is_refused(tmp_path: Path, teacher: Job, films: Path) -> None:
    shutil.copytree(films, tmp_path / "films")
    (tmp_path / "films" / "dark" / "0.png").unlink()
    data = DataSpec(kind="folder", root=tmp_path / "films")
    moved = Job(teacher.folder, teacher.spec.model_copy(update={"data": data}))
    with pytest.raises(JobError, match="has changed"):
        publish(moved, tmp_path / "bundle", name="")

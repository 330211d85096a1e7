"""The build of the embedded demo, with few films and one epoch, from drawing to publishing."""

from __future__ import annotations

import pytest

from medkd_core.bundles.verify import verify_bundle
from medkd_core.distillation import demo
from medkd_core.errors import JobError
from medkd_core.imaging.searching import find_studies
from medkd_core.jobs.spec import TrainingSpec
from resources import DEMO_BUNDLE, DEMO_STUDIES

ONE_EPOCH = TrainingSpec(epochs=1, batch_size=8)


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(demo, "FILMS", {"train": 6, "validation": 3, "test": 3})
    monkeypatch.setattr(demo, "IMAGE_SIDE", 64)
    monkeypatch.setattr(demo, "TEACHERS", {"visformer_s": (0.125, ONE_EPOCH)})
    monkeypatch.setattr(demo, "STUDENT", ("ofa_595", 0.15, ONE_EPOCH))


@pytest.mark.slow
def test_build_replaces_the_demo_by_a_bundle_that_passes_and_films_that_open(small, tmp_path):
    folder = tmp_path / "demo"
    folder.mkdir()
    (folder / "old").touch()
    told: list[str] = []
    demo.build_demo(folder, 0, told.append)
    report = verify_bundle(folder / "bundle")
    assert report.manifest.demo
    assert report.networks == ("ofa_595", "visformer_s")
    found = find_studies([folder / "studies"])
    assert (len(found.studies), found.refused) == (5, ())
    assert sorted(path.name for path in folder.iterdir()) == ["bundle", "studies"]
    assert list(tmp_path.iterdir()) == [folder]
    assert any("student: epoch 1 of 1" in sentence for sentence in told)


def test_build_that_fails_leaves_the_demo_as_it_was(small, monkeypatch, tmp_path):
    wrong = {"densenet201": (0.125, TrainingSpec(epochs=1, device="cuda:99"))}
    monkeypatch.setattr(demo, "TEACHERS", wrong)
    folder = tmp_path / "demo"
    folder.mkdir()
    (folder / "old").touch()
    with pytest.raises(JobError, match="Cannot train densenet201"):
        demo.build_demo(folder, 0, lambda _: None)
    assert [path.name for path in tmp_path.rglob("*")] == ["demo", "old"]


def test_embedded_demo_is_small_and_its_student_is_smaller_than_its_teachers():
    files = [*DEMO_BUNDLE.iterdir(), *DEMO_STUDIES.iterdir()]
    assert sum(file.stat().st_size for file in files) <= 10_000_000
    manifest = verify_bundle(None).manifest
    assert len(manifest.teachers) == 3
    assert all(manifest.student.parameters < teacher.parameters for teacher in manifest.teachers)

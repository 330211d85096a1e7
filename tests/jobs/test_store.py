"""The folder of jobs."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from medkd_core.errors import JobError
from medkd_core.jobs.launched import Launched
from medkd_core.jobs.processes import ProcessIdentity
from medkd_core.jobs.spec import DataSpec, JobSpec, NetworkSpec, TeacherSpec
from medkd_core.jobs.state import JobStatus
from medkd_core.jobs.store import JobStore


def spec(name: str = "Quick look", **changes: object) -> JobSpec:
    plain = JobSpec(
        kind="student",
        name=name,
        data=DataSpec(kind="folder", root=Path("films")),
        network=NetworkSpec(name="ofa_595"),
    )
    return plain.model_copy(update=changes)


def test_new_job_is_queued_and_found_again(tmp_path: Path) -> None:
    store = JobStore(tmp_path / "jobs")
    job = store.create(spec())
    assert job.identifier.startswith("quick-look-")
    assert job.state().status is JobStatus.QUEUED
    for reference in (job.identifier, job.folder, "Quick look"):
        assert store.get(reference) == job


def test_jobs_made_in_the_same_second_have_their_own_folders(tmp_path: Path) -> None:
    store = JobStore(tmp_path)
    jobs = [store.create(spec()) for _ in range(3)]
    assert len({job.folder for job in jobs}) == 3
    assert store.list() == jobs


def test_name_means_the_newest_job_of_that_name(tmp_path: Path) -> None:
    store = JobStore(tmp_path)
    store.create(spec())
    newest = store.create(spec())
    assert store.get("Quick look") == newest


def test_teacher_named_by_its_name_is_frozen_to_its_identifier(tmp_path: Path) -> None:
    store = JobStore(tmp_path)
    teacher = store.create(spec("Teacher", kind="teacher"))
    distilled = store.create(spec(kind="distill", teachers=(TeacherSpec(job="Teacher"),)))
    assert store.get(distilled.identifier).spec.teachers[0].job == teacher.identifier


def test_unknown_teacher_leaves_no_folder_behind(tmp_path: Path) -> None:
    store = JobStore(tmp_path / "jobs")
    with pytest.raises(JobError, match="Cannot find the job nobody"):
        store.create(spec(kind="distill", teachers=(TeacherSpec(job="nobody"),)))
    assert not store.root.exists()


def test_changed_spec_is_refused_and_not_listed(tmp_path: Path) -> None:
    store = JobStore(tmp_path)
    job = store.create(spec())
    path = job.folder / "spec.json"
    frozen = json.loads(path.read_text())
    frozen["spec"]["seed"] = 7
    path.write_text(json.dumps(frozen))
    with pytest.raises(JobError, match="changed after the job was made"):
        store.get(job.identifier)
    assert store.list() == []


@pytest.mark.parametrize("text", ["", "{", "[]", '{"spec": 1, "sha256": ""}'])
def test_damaged_spec_is_refused(tmp_path: Path, text: str) -> None:
    store = JobStore(tmp_path)
    job = store.create(spec())
    (job.folder / "spec.json").write_text(text)
    with pytest.raises(JobError, match="missing or damaged"):
        store.get(job.identifier)


def test_damaged_state_is_refused(tmp_path: Path) -> None:
    job = JobStore(tmp_path).create(spec())
    job.state_path.write_text("{")
    with pytest.raises(JobError, match="state"):
        job.state()


def test_running_job_is_not_deleted(tmp_path: Path) -> None:
    store = JobStore(tmp_path)
    job = store.create(spec())
    job.set_state(job.state().claimed())
    with pytest.raises(JobError, match="it is running"):
        store.delete(job)
    job.set_state(job.state().changed(status=JobStatus.COMPLETED))
    store.delete(job)
    assert list(tmp_path.iterdir()) == []


def test_vanished_process_makes_the_job_interrupted(tmp_path: Path) -> None:
    job = JobStore(tmp_path).create(spec())
    code = (
        "import sys; from pathlib import Path; from medkd_core.jobs.store import open_job;"
        "job = open_job(Path(sys.argv[1])); job.set_state(job.state().claimed())"
    )
    subprocess.run([sys.executable, "-c", code, job.folder], check=True)
    assert job.state().status is JobStatus.INTERRUPTED


def test_recycled_process_number_is_not_taken_for_the_job(tmp_path: Path) -> None:
    job = JobStore(tmp_path).create(spec())
    job.set_state(job.state().claimed().changed(process_start="earlier"))
    assert job.state().pid == os.getpid()
    assert job.state().status is JobStatus.INTERRUPTED


def test_process_that_ends_before_it_claims_the_job_makes_it_interrupted(tmp_path: Path) -> None:
    job = JobStore(tmp_path).create(spec())
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    job.mark_launched(Launched(process=ProcessIdentity.of(child.pid)))
    assert job.state().status is JobStatus.QUEUED
    child.communicate()
    assert job.state().status is JobStatus.INTERRUPTED
    job.mark_waiting()
    assert job.state().status is JobStatus.QUEUED


def test_relative_paths_are_frozen_as_absolute_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert JobStore(tmp_path / "jobs").create(spec()).spec.data.root == tmp_path / "films"


def test_requested_cancel_is_seen_until_it_is_answered(tmp_path: Path) -> None:
    job = JobStore(tmp_path).create(spec())
    job.set_state(job.state().claimed())
    job.request("pause")
    assert job.state().status is JobStatus.RUNNING
    job.request("cancel")
    assert job.state().status is JobStatus.CANCELLING
    job.clear_request()
    assert job.state().status is JobStatus.RUNNING


def test_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(JobError, match="Cannot make a job in"):
        JobStore(tmp_path / "file").create(spec())


def test_environment_names_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDKD_JOBS", str(tmp_path))
    assert JobStore().root == tmp_path


def test_jobs_are_read_without_torch() -> None:
    code = (
        "import sys; import medkd_core.jobs.store, medkd_core.jobs.recipes,"
        "medkd_core.launching.starting; sys.exit('torch' in sys.modules or 'cv2' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_damaged_jobs_do_not_hide_the_others(tmp_path: Path) -> None:
    store = JobStore(tmp_path)
    good, nested, asked = (store.create(spec()) for _ in range(3))
    (nested.folder / "spec.json").write_text("[" * 100_000)
    (asked.folder / "control").write_bytes(b"\xff\xfe")
    asked.set_state(asked.state().claimed())
    assert {job.identifier for job in store.list()} == {good.identifier, asked.identifier}
    assert asked.state().status is JobStatus.RUNNING


def test_request_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    job = JobStore(tmp_path).create(spec())
    (job.folder / "control").mkdir()
    with pytest.raises(JobError, match="Cannot write into the job"):
        job.request("pause")

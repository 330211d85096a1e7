import os

import pytest

from medkd_core.jobs.state import JobStatus
from medkd_viewer.training.runs import Group, Runs
from medkd_viewer.training.words import duration


def words_of(runs: Runs) -> dict[str, tuple[Group, str, str]]:
    runs.refresh()
    return {run.title: (run.group, run.word, run.note) for run in runs.all}


def test_runs_stand_in_groups_with_words(store, make_job):
    make_job("done", epochs=5, best=0.8421)
    make_job("going", JobStatus.RUNNING, epochs=2)
    make_job("next", JobStatus.QUEUED)
    make_job("stopped", JobStatus.PAUSED, epochs=1)
    words = words_of(Runs(store))
    assert words["done"] == (Group.FINISHED, "0.842", "macro F1, validation · 5 epochs")
    assert words["going"][:2] == (Group.RUNNING, "40 %")
    assert words["next"][:2] == (Group.WAITING, "waiting")
    assert words["stopped"][:2] == (Group.RUNNING, "paused")


def test_vanished_process_is_interrupted_and_says_where_it_goes_on(store, make_job):
    job = make_job("phantom check", JobStatus.RUNNING, epochs=3)
    job.set_state(job.state().changed(process_start="another process"))
    words = words_of(Runs(store))
    assert words["phantom check"] == (
        Group.FINISHED,
        "interrupted",
        "can be resumed at epoch 4",
    )


def test_failed_run_says_why(store, make_job):
    make_job("focal", JobStatus.FAILED, message="Cannot train: the memory is full.")
    assert words_of(Runs(store))["focal"][1:] == ("failed", "Cannot train: the memory is full.")


def test_damaged_folder_is_shown_with_its_reason(store, make_job):
    make_job("whole", epochs=5)
    damaged = store.root / "damaged-job"
    damaged.mkdir()
    (damaged / "spec.json").write_text('{"spec": {}}')
    runs = Runs(store)
    words = words_of(runs)
    assert words["damaged-job"][1] == "damaged"
    assert "missing or damaged" in words["damaged-job"][2]
    assert words["whole"][1] == "0.800"


def test_missing_folder_of_jobs_is_no_problem(store):
    runs = Runs(store)
    assert not runs.refresh()
    assert runs.counts() == "0 running · 0 waiting · 0 finished"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every folder")
def test_unreadable_folder_of_jobs_is_told(store):
    store.root.mkdir()
    store.root.chmod(0)
    runs = Runs(store)
    runs.refresh()
    store.root.chmod(0o700)
    assert "cannot be read" in runs.problem


def test_file_in_place_of_the_folder_of_jobs_is_told(store):
    store.root.write_text("no folder")
    runs = Runs(store)
    runs.refresh()
    assert "cannot be read" in runs.problem


def test_refresh_tells_whether_anything_changed(store, make_job):
    runs = Runs(store)
    job = make_job("student", JobStatus.QUEUED)
    assert runs.refresh()
    assert not runs.refresh()
    job.set_state(job.state().changed(status=JobStatus.FAILED))
    assert runs.refresh()
    store.delete(job)
    assert runs.refresh()
    assert runs.all == ()


def test_waiting_runs_are_listed_in_the_order_in_which_they_start(store, make_job):
    for name in ("first", "second"):
        make_job(name, JobStatus.QUEUED)
    runs = Runs(store)
    runs.refresh()
    assert [run.title for run in runs.of_group(Group.WAITING)] == ["first", "second"]


@pytest.mark.parametrize(
    ("seconds", "words"), [(8.2, "8 s"), (250, "4 min 10 s"), (7500, "2 h 5 min"), (-3, "0 s")]
)
def test_durations_are_told_in_their_two_largest_units(seconds, words):
    assert duration(seconds) == words

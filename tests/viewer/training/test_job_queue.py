import os

import pytest

from medkd_core.jobs.launched import Launched
from medkd_core.jobs.processes import ProcessIdentity
from medkd_core.jobs.state import JobStatus
from medkd_viewer.training import job_queue
from medkd_viewer.training.actions import Action
from medkd_viewer.training.job_queue import JobQueue
from medkd_viewer.training.runs import Runs


@pytest.fixture
def runs(store):
    return Runs(store)


@pytest.fixture
def queue(runs):
    return JobQueue(runs)


@pytest.fixture
def started(monkeypatch):
    """Names of the jobs whose process would have been started; this process plays theirs."""
    names = []

    def start(job):
        names.append(job.spec.name)
        return Launched(process=ProcessIdentity.of(os.getpid()))

    monkeypatch.setattr(job_queue, "start_job", start)
    return names


def advance(runs, queue):
    runs.refresh()
    problem = queue.advance()
    runs.refresh()
    return problem


def finish(job, status=JobStatus.COMPLETED):
    job.set_state(job.state().changed(status=status))


def test_one_job_runs_at_a_time_teachers_first(runs, queue, started, make_job):
    teacher = make_job("teacher", JobStatus.QUEUED, kind="teacher")
    student = make_job("student", JobStatus.QUEUED, kind="distill", teachers=(teacher.identifier,))
    queue.submit(student)
    queue.submit(teacher)
    advance(runs, queue)
    assert started == ["teacher"]
    assert runs.get(teacher.identifier).word == "starting"
    teacher.set_state(teacher.state().claimed())
    advance(runs, queue)
    assert started == ["teacher"]
    finish(teacher)
    advance(runs, queue)
    assert started == ["teacher", "student"]


def test_student_waits_for_a_teacher_that_failed_and_says_so(runs, queue, started, make_job):
    teacher = make_job("teacher", JobStatus.FAILED, kind="teacher")
    student = make_job("student", JobStatus.QUEUED, kind="distill", teachers=(teacher.identifier,))
    queue.submit(student)
    advance(runs, queue)
    assert started == []
    outlook = queue.outlook(runs.get(student.identifier))
    assert outlook == "It waits for its teacher 'teacher', which is failed."


def test_waiting_job_of_another_program_is_left_alone(runs, queue, started, make_job):
    job = make_job("of the command line", JobStatus.QUEUED)
    advance(runs, queue)
    assert started == []
    assert queue.outlook(runs.get(job.identifier)) == "It waits until somebody presses Start."


def test_process_that_ends_before_it_begins_is_told(runs, queue, monkeypatch, make_job):
    gone = Launched(process=ProcessIdentity(pid=2**22 + 1, start=None))
    monkeypatch.setattr(job_queue, "start_job", lambda job: gone)
    job = make_job("student", JobStatus.QUEUED)
    queue.submit(job)
    advance(runs, queue)
    assert "ended before it began" in advance(runs, queue)
    assert not runs.get(job.identifier).starting


def test_job_of_slurm_waits_there_and_is_handed_over_once(runs, queue, monkeypatch, make_job):
    handed_over = []

    def submit(job):
        handed_over.append(job.spec.name)
        launched = Launched(slurm_job="1")
        job.mark_launched(launched)
        job.set_state(job.state().waiting("Waiting in Slurm's queue (Priority)."))
        return launched

    monkeypatch.setattr(job_queue, "start_job", submit)
    job = make_job("student", JobStatus.QUEUED)
    queue.submit(job)
    for _ in range(3):
        advance(runs, queue)
    assert handed_over == ["student"]
    run = runs.get(job.identifier)
    assert not run.starting
    assert queue.outlook(run) == "Waiting in Slurm's queue (Priority)."


def test_what_cannot_be_done_is_a_sentence(runs, queue, make_job):
    job = make_job("done", epochs=5)
    runs.refresh()
    assert "Cannot pause the job" in queue.perform(Action.PAUSE, runs.get(job.identifier))


def test_pause_and_cancel_are_asked_of_the_running_process(runs, queue, make_job):
    job = make_job("going", JobStatus.RUNNING, epochs=1)
    runs.refresh()
    run = runs.get(job.identifier)
    assert queue.perform(Action.PAUSE, run) == ""
    assert job.requested() == "pause"
    assert queue.perform(Action.CANCEL, run) == ""
    runs.refresh()
    assert runs.get(job.identifier).status is JobStatus.CANCELLING


def test_delete_removes_the_folder(runs, queue, make_job):
    job = make_job("done", epochs=5)
    runs.refresh()
    assert queue.perform(Action.DELETE, runs.get(job.identifier)) == ""
    assert not job.folder.exists()

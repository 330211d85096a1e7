from medkd_core.jobs.events import EventLog, Started
from medkd_core.jobs.state import JobStatus
from medkd_viewer.training.run_history import RunHistory


def test_history_grows_with_the_events(make_job, append_epoch):
    job = make_job("student", JobStatus.RUNNING, epochs=2)
    history = RunHistory(job.events_path)
    assert history.read()
    assert history.points("macro_f1") == ((1, 0.4), (2, 0.8))
    assert history.classes == ("COVID-19", "Non-COVID", "Normal")
    assert not history.read()
    append_epoch(job, 3, 0.9)
    assert history.read()
    assert history.points("macro_f1")[-1] == (3, 0.9)


def test_sensitivity_is_the_share_of_a_class_that_was_answered_rightly(make_job):
    history = RunHistory(make_job("student", epochs=1).events_path)
    history.read()
    assert history.sensitivity(0) == ((1, 0.75),)
    assert history.sensitivity(2) == ((1, 0.5),)


def test_epochs_after_the_checkpoint_are_forgotten_on_resume(make_job):
    job = make_job("student", JobStatus.PAUSED, epochs=4)
    history = RunHistory(job.events_path)
    history.read()
    with EventLog(job.events_path) as log:
        log.append(Started(settings={}, epoch=2))
    history.read()
    assert list(history.epochs) == [1, 2]


def test_line_that_is_being_written_waits(make_job):
    job = make_job("student", epochs=1)
    history = RunHistory(job.events_path)
    history.read()
    with job.events_path.open("a") as events:
        events.write('{"seq": 99, "ty')
    assert not history.read()
    assert history.problem == ""


def test_damaged_events_are_told_and_what_was_read_stays(make_job):
    job = make_job("student", epochs=2)
    history = RunHistory(job.events_path)
    history.read()
    with job.events_path.open("a") as events:
        events.write("no event\n")
    assert history.read()
    assert "not an event" in history.problem
    assert len(history.epochs) == 2
    assert not history.read()

"""The window is never stuck, whatever is being opened or computed."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from drawn_studies import drawn_study
from event_loop_watch import LIMIT_S, STUCK_S, EventLoopWatch, Moment, own_part
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QLineEdit
from written_studies import write_slices

from medkd_core.datasets.phantom_dicom import FictitiousPatient
from medkd_core.imaging.study import FoundStudies
from medkd_core.serving.client import WorkerClient
from medkd_core.serving.messages import Explain
from medkd_viewer.decoding import Decoding
from medkd_viewer.findings.opinion import SecondOpinion
from medkd_viewer.findings.results import MapStatus
from medkd_viewer.inference import Inference
from medkd_viewer.main_window import MainWindow
from medkd_viewer.settings import SettingsFile
from medkd_viewer.studies.journal import Journal

FILES = 1_000
_SIDE = 1_500

# What the window itself does comes back every time; a machine that stood still does not.
watched = pytest.mark.flaky(reruns=2, only_rerun=["did not answer"])


@pytest.fixture
def watch() -> Iterator[EventLoopWatch]:
    """Beats in the event loop of the test, which is spared what the viewer is spared."""
    watch = EventLoopWatch()
    # The viewer does so when it has started. Other tests have left far more than a viewer holds.
    gc.collect()
    gc.freeze()
    yield watch
    watch.stop()
    gc.unfreeze()


@pytest.fixture(scope="module")
def thousand_films(tmp_path_factory) -> Path:
    """250 patients with a series of four."""
    folder = tmp_path_factory.mktemp("thousand")
    for number in range(FILES // 4):
        patient = FictitiousPatient(f"DRAWN^NUMBER {number}", f"MK-{number:04}")
        write_slices(folder / f"{number:04}", patient, "20260101", slices=4, rows=16, columns=16)
    return folder


@pytest.fixture(scope="module")
def large_film(tmp_path_factory) -> Path:
    """A film of the size that makes careless code slow."""
    folder = tmp_path_factory.mktemp("large")
    patient = FictitiousPatient("DRAWN^LARGE", "MK-9999")
    return write_slices(folder, patient, "20260101", slices=1, rows=_SIDE, columns=_SIDE)


def assert_always_answered(watch: EventLoopWatch) -> None:
    watch.stop()
    assert watch.worst.own_s <= STUCK_S, f"The event loop did not answer for {watch.worst}"


@watched
def test_opening_a_thousand_files_never_keeps_the_window_waiting(desk, watch, thousand_films):
    desk.window.open_model(None)
    watch.start()
    desk.window.open_paths([thousand_films])
    library = desk.room.library
    desk.wait(lambda: sum(len(s.instances) for s in library.studies.values()) == FILES)
    desk.wait(lambda: not desk.room.is_opening and desk.opinion.settled)
    assert_always_answered(watch)


@watched
def test_maps_of_a_large_film_never_keep_the_window_waiting(desk, watch, large_film):
    desk.worker.held = True
    desk.open([large_film])
    watch.start()
    desk.worker.held = False
    for number, request in list(desk.worker.requests.items()):
        if isinstance(request, Explain):
            for done in range(100):
                desk.worker.progress(number, done, 100)
            desk.worker.answer(number)
    desk.wait(lambda: desk.opinion.settled)
    assert_always_answered(watch)
    assert all(view.status is MapStatus.DONE for view in desk.opinion.views.values())


@watched
def test_ten_thousand_studies_never_keep_the_window_waiting(desk, watch, qtbot):
    studies = tuple(drawn_study(f"1.{n}", f"DRAWN^{n}") for n in range(10_000))
    watch.start()
    for first in range(0, len(studies), 1_000):
        desk.room.library.add(FoundStudies(studies[first : first + 1_000], ()))
        desk.room.studies.refresh()
        qtbot.wait(20)
    for words in ("drawn", "drawn 99", "nobody", ""):
        desk.room.studies.findChild(QLineEdit).setText(words)
        qtbot.wait(50)
    assert_always_answered(watch)


@watched
@pytest.mark.slow
def test_real_networks_never_keep_the_window_waiting(
    qtbot, pool, watch, large_film, small_bundle, tmp_path, monkeypatch
):
    monkeypatch.setenv("MEDKD_JOBS", str(tmp_path))
    inference, decoding = Inference(WorkerClient), Decoding(pool)
    opinion = SecondOpinion(inference)
    window = MainWindow(decoding, opinion, Journal(None), SettingsFile(None))
    qtbot.addWidget(window)
    window.show()
    qtbot.wait(200)
    watch.start()
    window.open_model(small_bundle)
    window.open_paths([large_film])
    qtbot.waitUntil(lambda: window.room.state.film is not None and opinion.settled, timeout=60_000)
    qtbot.wait(200)
    assert_always_answered(watch)
    assert [view.status for view in opinion.views.values()] == [MapStatus.DONE] * 2
    inference.close()


def test_watch_notices_a_window_that_sleeps(watch, qtbot):
    watch.start()

    def asleep() -> None:
        time.sleep(0.3)

    QTimer.singleShot(30, asleep)
    qtbot.wait(100)
    watch.stop()
    assert watch.worst_wall_s > LIMIT_S
    assert " in asleep" in watch.worst.seen


def test_time_that_other_programs_took_is_no_stall():
    before = Moment(0.0, 0.0, {1: 5.0, 2: 1.0})
    after = Moment(0.4, 0.05, {1: 5.2, 2: 1.15})
    assert own_part(0.4, before, after) == pytest.approx(0.05)


def test_work_of_the_window_is_a_stall_although_other_threads_waited():
    before = Moment(0.0, 0.0, {1: 5.0, 2: 1.0})
    after = Moment(0.4, 0.35, {1: 5.0, 2: 1.4})
    assert own_part(0.4, before, after) == pytest.approx(0.35)


def test_sleep_on_an_idle_machine_is_a_stall():
    before, after = Moment(0.0, 0.0, {1: 5.0}), Moment(0.4, 0.0, {1: 5.0})
    assert own_part(0.4, before, after) == pytest.approx(0.4)

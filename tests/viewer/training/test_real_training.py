"""From the form to the curves and a bundle, with the real trainer."""

import cv2
import numpy as np
import pytest

from medkd_core.jobs.state import JobStatus
from medkd_core.launching.stopping import cancel_job
from medkd_viewer.training.step_bar import Step
from medkd_viewer.training.train_tab import TrainTab

# Qt's offscreen platform says this of every window with a smallest size.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.qt_log_ignore("propagateSizeHints", extend=True),
]

RUN_MILLISECONDS = 200_000


@pytest.fixture
def tiles(films):
    generator = np.random.default_rng(0)
    for name, brightness in (("bright", 200), ("dark", 40)):
        (films / name).mkdir()
        for number in range(20):
            tile = brightness + generator.integers(-30, 30, (32, 32))
            cv2.imwrite(str(films / name / f"{number}.png"), tile.astype(np.uint8))
    return films


@pytest.fixture
def tab(qtbot, store):
    tab = TrainTab(store)
    qtbot.addWidget(tab)
    tab.show()
    yield tab
    for job in store.list():
        if job.state().status.is_active:
            cancel_job(job, grace_seconds=5)


def test_student_trained_through_the_form_shows_its_curves(tab, tiles, qtbot):
    tab.form.data.choose_folder(tiles)
    for key, value in {
        "kind": "student",
        "name": "tiny",
        "network.name": "vgg19",
        "network.width": "0.05",
        "network.image_size": "32",
        "training.epochs": "2",
        "training.batch_size": "8",
    }.items():
        tab.form.plan.fields[key].value = value
    tab.form.plan.start.click()
    assert tab.pages.currentIndex() == Step.RUN

    def ended():
        [run] = tab.runs.all
        assert run.status in (JobStatus.COMPLETED, JobStatus.FAILED), run.note

    qtbot.waitUntil(ended, timeout=RUN_MILLISECONDS)
    qtbot.waitUntil(lambda: tab.run_page.run == tab.runs.all[0])
    assert tab.runs.all[0].status is JobStatus.COMPLETED, tab.run_page.log.text.toPlainText()
    assert [epoch for epoch, _ in tab.run_page.loss.curves[0].points] == [1, 2]
    assert tab.run_page.history.classes == ("bright", "dark")
    tab.show_step(Step.COMPARE)
    assert tab.compare_page.table.rowCount() == 1

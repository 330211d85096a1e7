import numpy as np
import pytest
from PySide6.QtCore import Qt
from safetensors.numpy import save_file

from medkd_core.jobs.result import WEIGHTS_FILE
from medkd_viewer.training.compare_page import ComparePage
from medkd_viewer.training.comparison import compare
from medkd_viewer.training.runs import Runs

# Qt's offscreen platform says this of every window with a smallest size.
pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints", extend=True)


@pytest.fixture
def completed(store):
    def completed():
        runs = Runs(store)
        runs.refresh()
        return runs.completed()

    return completed


def column(page, number):
    rows = page.view.model()
    return [rows.index(row, number).data() for row in range(rows.rowCount())]


def test_parameters_are_counted_without_the_state_of_normalisation(make_job, completed):
    job = make_job("student", epochs=5)
    weights = {
        "conv.weight": np.zeros((2, 3, 3), np.float32),
        "norm.running_mean": np.zeros(7, np.float32),
    }
    save_file(weights, job.result_folder / WEIGHTS_FILE)
    assert compare(completed()[0]).parameters == 18


def test_best_run_stands_first_and_a_click_sorts_otherwise(qtbot, make_job, completed):
    for name, best in (("b", 0.7), ("a", 0.9), ("c", 0.8)):
        make_job(name, epochs=5, best=best)
    page = ComparePage()
    qtbot.addWidget(page)
    page.show_runs(completed())
    assert [text.split("\n")[0] for text in column(page, 0)] == ["a", "c", "b"]
    assert column(page, 2)[0] == "0.900\n0.800 – 0.990"
    page.view.sortByColumn(0, Qt.SortOrder.DescendingOrder)
    assert [text.split("\n")[0] for text in column(page, 0)] == ["c", "b", "a"]


def test_runs_stand_on_one_axis_the_best_above(qtbot, make_job, completed):
    for name, best in (("b", 0.7), ("a", 0.9)):
        make_job(name, epochs=5, best=best)
    page = ComparePage()
    qtbot.addWidget(page)
    page.show_runs(completed())
    chart = page.chart.chart
    assert [run.name for run in chart.measured] == ["a", "b"]
    assert chart.accessibleDescription().startswith("a 0.900, 0.800 to 0.990")
    assert not chart.grab().isNull()


def test_what_was_not_measured_is_a_dash(qtbot, make_job, completed):
    make_job("student", epochs=5)
    page = ComparePage()
    qtbot.addWidget(page)
    page.show_runs(completed())
    assert column(page, 4) == ["–"]


def test_damaged_result_is_a_sentence_and_the_others_stay(qtbot, make_job, completed):
    make_job("whole", epochs=5)
    damaged = make_job("damaged", epochs=5)
    (damaged.result_folder / "metrics.json").write_text("{")
    page = ComparePage()
    qtbot.addWidget(page)
    page.show_runs(completed())
    assert len(column(page, 0)) == 1
    assert "metrics.json is damaged" in page.notice.text.text()

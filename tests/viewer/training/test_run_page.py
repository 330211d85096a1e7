import pytest
from pyqtgraph import mkColor
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QApplication

from medkd_core.jobs.state import JobStatus
from medkd_viewer.theme import THEMES, apply_theme
from medkd_viewer.training.actions import Action, offered
from medkd_viewer.training.confusion_card import ConfusionCard
from medkd_viewer.training.curve_plot import LEAST_SPREAD, Curve, CurvePlot
from medkd_viewer.training.run_page import RunPage
from medkd_viewer.training.runs import Runs
from medkd_viewer.training.yardsticks import Yardsticks

# Qt's offscreen platform says this of every window with a smallest size.
pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints", extend=True)


@pytest.fixture
def page(qtbot):
    page = RunPage()
    qtbot.addWidget(page)
    page.resize(1100, 800)
    page.show()
    return page


@pytest.fixture
def show(page, store):
    runs = Runs(store)
    yardsticks = Yardsticks(runs)

    def show(job, outlook=""):
        runs.refresh()
        page.show_run(runs.get(job.identifier), yardsticks.of(job), outlook)

    return show


def labels(plot):
    return [curve.label for curve in plot.curves]


def test_distilled_student_is_drawn_beside_its_yardsticks(page, show, make_job):
    teachers = [
        make_job(name, kind="teacher", network=name, epochs=5, best=best)
        for name, best in (("densenet201", 0.9), ("vgg19", 0.7))
    ]
    make_job("no teachers", epochs=5, best=0.6)
    names = tuple(job.identifier for job in teachers)
    show(make_job("distilled", JobStatus.RUNNING, kind="distill", epochs=3, teachers=names))
    assert page.purpose.text() == "Distil OFA-595 from DenseNet-201, VGG-19 · epoch 4 of 5"
    assert labels(page.loss) == ["train with teachers", "validation", "no teachers"]
    assert labels(page.macro_f1) == ["this student", "no teachers", "best teacher"]
    assert page.macro_f1.curves[-1].points[-1][1] == 0.9
    assert labels(page.sensitivity) == ["COVID-19", "Non-COVID", "Normal"]


def test_completed_run_tells_its_result_on_test_films(page, show, make_job):
    show(make_job("student", epochs=5, best=0.8))
    assert page.now.accessibleName() == "Result, test films"
    assert dict(page.now.facts)["Macro F1"] == "0.800 (0.70 – 0.99)"
    assert dict(page.now.facts)["Accuracy"] == "not measured"
    assert page.purpose.text() == "Train OFA-595 without teachers · completed after 5 epochs"


def test_teacher_has_no_yardstick(page, show, make_job):
    make_job("no teachers", epochs=5)
    show(make_job("teacher", kind="teacher", network="vgg19", epochs=5))
    assert labels(page.macro_f1) == ["this run"]


def test_only_a_completed_run_without_teachers_is_a_yardstick_and_only_of_distilled_ones(
    page, show, make_job
):
    make_job("given up", JobStatus.CANCELLED, epochs=5)
    show(make_job("distilled", kind="distill", epochs=5))
    assert labels(page.macro_f1) == ["this student"]
    make_job("no teachers", epochs=5)
    show(make_job("another", epochs=5))
    assert labels(page.macro_f1) == ["this run"]


def test_new_epoch_appears(page, show, make_job, append_epoch):
    job = make_job("student", JobStatus.RUNNING, epochs=2)
    show(job)
    append_epoch(job, 3, 0.85)
    show(job)
    assert page.macro_f1.curves[0].points[-1] == (3, 0.85)
    assert "0.850" in page.macro_f1.legend.text()


def test_loss_that_is_no_number_is_left_out_of_the_drawing(page, show, make_job, append_epoch):
    job = make_job("student", JobStatus.RUNNING, epochs=1)
    append_epoch(job, 2, float("nan"))
    show(job)
    assert len(page.macro_f1.curves[0].points) == 1


def test_confusion_matrix_tells_each_cell_in_words(page, show, make_job):
    show(make_job("student", epochs=1))
    assert page.confusion.accessibleName() == "Validation, 12 films"
    assert "1 of 4 Normal answered as Non-COVID" in page.confusion.matrix.accessibleDescription()


def test_log_is_followed_without_pulling_a_reader_away(page, show, make_job, qtbot):
    job = make_job("student", JobStatus.RUNNING, epochs=1)
    job.log_path.write_text("2026-11-24 14:20:11,123 INFO epoch 1 done\n" * 300)
    show(job)
    text = page.log.text
    assert text.toPlainText().startswith("14:20:11 epoch 1 done\n")
    text.verticalScrollBar().setValue(5)
    with job.log_path.open("a") as log:
        log.write("Traceback of something\ntorn")
    show(job)
    assert text.toPlainText().endswith("Traceback of something")
    assert text.verticalScrollBar().value() == 5


def test_run_before_its_first_epoch_shows_no_figures(page, show, make_job):
    show(make_job("student", JobStatus.QUEUED), "It waits until somebody presses Start.")
    assert page.loss.legend.text() == "no epoch is done yet"
    assert page.confusion.empty.isVisible()
    assert page.notice.text.text() == "It waits until somebody presses Start."
    assert dict(page.now.facts)["Images per second"] == "–"


def test_failure_is_told_above_the_curves(page, show, make_job):
    show(make_job("student", JobStatus.FAILED, epochs=1, message="The disk is full."))
    assert page.notice.text.text() == "✕ The disk is full."


def test_damaged_run_is_a_sentence(page, store):
    folder = store.root / "damaged"
    folder.mkdir(parents=True)
    (folder / "spec.json").write_text("[]")
    runs = Runs(store)
    runs.refresh()
    page.show_run(runs.get("damaged"))
    assert "missing or damaged" in page.notice.text.text()
    assert not page.loss.isVisible()


def test_buttons_fit_the_state(page, show, make_job):
    show(make_job("student", JobStatus.RUNNING, epochs=1))
    shown = [action for action, button in page.buttons.items() if button.isVisible()]
    assert shown == [Action.PAUSE, Action.COPY, Action.CANCEL]


@pytest.mark.parametrize("status", JobStatus)
def test_every_state_can_at_least_be_copied(store, make_job, status):
    job = make_job("student", status, epochs=1)
    runs = Runs(store)
    runs.refresh()
    assert Action.COPY in offered(runs.get(job.identifier))


def test_pressing_a_button_says_what_was_asked(page, show, make_job, qtbot):
    show(make_job("student", JobStatus.RUNNING, epochs=1))
    with qtbot.waitSignal(page.asked) as asked:
        qtbot.mouseClick(page.buttons[Action.PAUSE], Qt.MouseButton.LeftButton)
    assert asked.args == [Action.PAUSE]


@pytest.mark.parametrize("size", [2, 5, 40])
def test_confusion_matrix_is_drawn_for_any_number_of_classes(qtbot, size):
    card = ConfusionCard()
    qtbot.addWidget(card)
    card.resize(308, 300)
    card.show()
    names = tuple(f"class {index}" for index in range(size))
    counts = tuple(tuple(int(row == column) * 9 for column in range(size)) for row in range(size))
    card.show_counts(names, counts)
    picture = card.matrix.grab().toImage()
    diagonal = picture.pixelColor(card.matrix.cell(0, 0).center().toPoint() + QPoint(0, 1))
    beside = picture.pixelColor(card.matrix.cell(0, 1).center().toPoint())
    assert diagonal.blue() > beside.blue()


def test_row_of_a_class_without_films_is_no_error(qtbot):
    card = ConfusionCard()
    qtbot.addWidget(card)
    card.show_counts(("a", "b"), ((0, 0), (1, 2)))
    assert not card.matrix.grab().isNull()


def test_pointer_over_a_plot_tells_the_values_of_that_epoch(page, show, make_job):
    show(make_job("student", epochs=5, best=0.8))
    plot = page.macro_f1.plot
    view = plot.getPlotItem().getViewBox()
    plot.scene().sigMouseMoved.emit(view.mapViewToScene(QPointF(2, 0.4)))
    assert "0.320" in page.macro_f1.legend.text()
    assert "epoch 2" in page.macro_f1.legend.text()


def test_curves_take_on_the_colours_of_another_theme(qtbot):
    app = QApplication.instance()
    apply_theme(app)
    plot = CurvePlot("Macro F1")
    qtbot.addWidget(plot)
    plot.show()
    plot.show_curves([Curve("this run", "violet", ((1, 0.2), (2, 0.4)))], epochs=2, now=None)
    try:
        apply_theme(app, "high_contrast")
        shades = THEMES["high_contrast"]
        assert plot.plot.backgroundBrush().color().name() == shades["panel"]
        assert shades["violet"] in plot.legend.text()
        drawn = plot.plot.getPlotItem().listDataItems()
        assert shades["violet"] in [mkColor(item.opts["symbolBrush"]).name() for item in drawn]
    finally:
        apply_theme(app)


def test_values_close_together_are_not_drawn_far_apart(qtbot):
    plot = CurvePlot("Loss")
    qtbot.addWidget(plot)
    plot.show_curves([Curve("train", "#ffffff", ((1, 1.097), (2, 1.099)))], epochs=2, now=None)
    low, high = plot.plot.viewRange()[1]
    assert high - low >= LEAST_SPREAD
    assert low < 1.097
    assert high > 1.099

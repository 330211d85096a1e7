import os
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLineEdit, QPlainTextEdit

from medkd_core.jobs.launched import Launched
from medkd_core.jobs.processes import ProcessIdentity
from medkd_core.jobs.spec import DataSpec, JobSpec, NetworkSpec
from medkd_core.jobs.state import JobStatus
from medkd_viewer.training import job_queue
from medkd_viewer.training.actions import Action
from medkd_viewer.training.step_bar import Step
from medkd_viewer.training.train_tab import TrainTab

# Qt's offscreen platform says this of every window with a smallest size.
pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints", extend=True)


@pytest.fixture
def open_tab(qtbot, store):
    def open_tab():
        tab = TrainTab(store)
        qtbot.addWidget(tab)
        tab.resize(1440, 824)
        tab.show()
        return tab

    return open_tab


@pytest.fixture
def started(monkeypatch):
    """Names of the jobs whose process would have been started; this process plays theirs."""
    names = []

    def start(job):
        names.append(job.spec.name)
        return Launched(process=ProcessIdentity.of(os.getpid()))

    monkeypatch.setattr(job_queue, "start_job", start)
    return names


def click(qtbot, button):
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_empty_store_invites_to_a_new_experiment(open_tab, qtbot):
    tab = open_tab()
    assert tab.run_list.texts == []
    assert "New experiment" in tab.run_page.empty.text()
    click(qtbot, tab.new)
    assert tab.pages.currentIndex() == Step.DATA


def test_list_shows_groups_and_tells_them_in_words(open_tab, make_job):
    make_job("going", JobStatus.RUNNING, epochs=1)
    make_job("failed one", JobStatus.FAILED, message="The disk is full.")
    tab = open_tab()
    assert tab.run_list.texts[0] == "Running"
    assert tab.run_list.texts[1].startswith("going, 20 %, epoch 2 of 5")
    assert tab.run_list.texts[2:] == ["Finished", "failed one, failed, The disk is full."]
    assert tab.run_page.title.text() == "going"


def test_status_counts_the_runs(open_tab, make_job, qtbot):
    tab = open_tab()
    make_job("done", epochs=5)
    with qtbot.waitSignal(tab.status_changed) as status:
        tab.refresh()
    assert status.args == ["0 running · 0 waiting · 1 finished"]


def test_arrow_key_walks_to_the_next_run(open_tab, make_job, qtbot):
    make_job("older", epochs=5)
    make_job("newer", epochs=5)
    tab = open_tab()
    qtbot.keyClick(tab.run_list, Qt.Key.Key_Down)
    assert tab.run_page.title.text() == "older"


def test_form_starts_a_job(open_tab, films, started, qtbot, store):
    tab = open_tab()
    click(qtbot, tab.new)
    plan = tab.form.plan
    assert not plan.start.isEnabled()
    tab.form.data.root.value = str(films)
    plan.kind.value = "student"
    plan.fields["training.epochs"].value = "2"
    assert plan.fields["network.name"].value == "ofa_595"
    tab.show_step(Step.PLAN)
    click(qtbot, plan.start)
    [job] = store.list()
    assert job.spec.training.epochs == 2
    assert started == [""]
    assert tab.pages.currentIndex() == Step.RUN
    assert tab.run_page.title.text() == "OFA-595 on films"


def test_second_job_waits_for_the_first(open_tab, films, started, make_job, qtbot):
    make_job("going", JobStatus.RUNNING, epochs=1)
    tab = open_tab()
    tab.form.data.root.value = str(films)
    assert tab.form.plan.start.text() == "Add to the queue"
    tab.show_step(Step.PLAN)
    click(qtbot, tab.form.plan.start)
    assert started == []
    assert "once its turn comes" in tab.run_page.notice.text.text()


def test_whole_experiment_queues_five_jobs(open_tab, films, started, qtbot, store):
    tab = open_tab()
    tab.form.data.root.value = str(films)
    tab.form.plan.kind.value = "distill"
    tab.show_step(Step.PLAN)
    click(qtbot, tab.form.plan.series)
    assert len(store.list()) == 5
    assert len(started) == 1


def test_wrong_entry_is_explained_below_its_field(open_tab, films):
    tab = open_tab()
    tab.form.data.root.value = str(films)
    field = tab.form.plan.fields["training.batch_size"]
    field.value = "many"
    assert field.sentence.text() == "✕ Needs a whole number from 1 to 4096, or 'largest'."
    assert not tab.form.plan.start.isEnabled()
    field.value = "8"
    assert field.sentence.text().startswith("Images in one step")


def test_specification_can_be_copied(open_tab, films, qtbot):
    tab = open_tab()
    tab.form.data.root.value = str(films)
    tab.show_step(Step.PLAN)
    click(qtbot, tab.form.plan.copy)
    assert 'kind = "teacher"' in QGuiApplication.clipboard().text()


def test_copy_with_changes_fills_the_form(open_tab, make_job):
    teacher = make_job("teacher", kind="teacher", network="vgg19", epochs=5)
    job = make_job("distilled", epochs=5, kind="distill", teachers=(teacher.identifier,))
    tab = open_tab()
    tab.run_list.choose(job.identifier)
    tab.refresh()
    tab.run_page.asked.emit(Action.COPY)
    assert tab.pages.currentIndex() == Step.PLAN
    assert tab.form.checked.spec == job.spec


def test_copy_keeps_a_teacher_that_is_not_finished_here(open_tab, make_job):
    teacher = make_job("teacher", JobStatus.PAUSED, kind="teacher", network="vgg19", epochs=2)
    job = make_job("distilled", epochs=5, kind="distill", teachers=(teacher.identifier,))
    tab = open_tab()
    tab.form.copy(job.spec)
    tab.refresh()
    assert tab.form.checked.spec == job.spec
    assert "not among" in tab.form.plan.teachers.boxes[teacher.identifier].text()


def test_remove_asks_first(open_tab, make_job, store, qtbot):
    make_job("done", epochs=5)
    tab = open_tab()
    tab.run_page.asked.emit(Action.DELETE)
    assert len(store.list()) == 1
    yes, no = tab.run_page.notice.buttons
    assert no.text() == "No"
    click(qtbot, yes)
    assert store.list() == []
    assert tab.run_list.texts == []


def test_folder_of_jobs_that_is_none_is_a_sentence(open_tab, store):
    store.root.write_text("no folder")
    assert "cannot be read" in open_tab().notice.text.text()


def test_steps_can_be_reached_by_key(open_tab, qtbot, make_job):
    make_job("done", epochs=5)
    tab = open_tab()
    tab.activateWindow()
    qtbot.waitUntil(tab.isActiveWindow)
    qtbot.keyClick(tab, Qt.Key.Key_4, Qt.KeyboardModifier.AltModifier)
    assert tab.pages.currentIndex() == Step.COMPARE


def test_every_control_has_a_name(open_tab):
    tab = open_tab()
    controls = [
        control
        for kind in (QAbstractButton, QLineEdit, QComboBox, QPlainTextEdit)
        for control in tab.findChildren(kind)
        if not control.objectName().startswith("qt_")
    ]
    assert len(controls) > 20
    unnamed = [
        control
        for control in controls
        if not (control.accessibleName() or getattr(control, "text", str)())
    ]
    assert unnamed == []


def test_tab_loads_no_network_library():
    code = (
        "import sys, medkd_viewer.training.train_tab; "
        "print(sorted({'torch', 'timm', 'onnxruntime', 'torchvision'} & set(sys.modules)))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])},
    )
    assert answer.stdout.strip() == "[]"


def test_clicking_the_chosen_run_comes_back_to_its_page(open_tab, make_job, qtbot):
    make_job("done", JobStatus.COMPLETED, epochs=1)
    tab = open_tab()
    tab.show_step(Step.PUBLISH)
    row = tab.run_list.visualRect(tab.run_list.currentIndex())
    qtbot.mouseClick(tab.run_list.viewport(), Qt.MouseButton.LeftButton, pos=row.center())
    assert tab.pages.currentIndex() == Step.RUN


def test_network_of_timm_can_be_written_where_others_are_chosen(open_tab, films, qtbot):
    tab = open_tab()
    tab.form.data.root.value = str(films)
    tab.show_step(Step.PLAN)
    field = tab.form.plan.fields["network.name"]
    line = field.editor.lineEdit()
    line.selectAll()
    qtbot.keyClicks(line, "resnet50")
    assert field.sentence.text() == "✕ Choose one of the list, or write timm:NAME."
    assert not tab.form.plan.start.isEnabled()
    line.selectAll()
    qtbot.keyClicks(line, "timm:resnet50")
    assert tab.form.checked.spec.network.name == "timm:resnet50"
    line.selectAll()
    qtbot.keyClicks(line, "VGG-19")
    assert tab.form.checked.spec.network.name == "vgg19"


def test_copy_of_a_job_of_timm_keeps_its_network(open_tab, films):
    network = NetworkSpec(name="timm:resnet50", target_layer="layer3")
    spec = JobSpec(kind="teacher", data=DataSpec(kind="folder", root=films), network=network)
    form = open_tab().form
    form.copy(spec)
    assert form.checked.spec == spec
    form.clear()
    assert form.plan.fields["network.name"].value == "densenet201"

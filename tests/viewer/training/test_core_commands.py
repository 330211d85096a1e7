"""The commands are the real ones, in processes of their own."""

import cv2
import numpy as np
import pytest

from medkd_viewer.training.audit_card import AuditCard
from medkd_viewer.training.audit_summary import read_summary
from medkd_viewer.training.core_command import CoreCommand
from medkd_viewer.training.data_page import kind_of
from medkd_viewer.training.publication import bundle_folder, missing
from medkd_viewer.training.publish_page import PublishPage
from medkd_viewer.training.runs import Runs

# Qt's offscreen platform says this of every window with a smallest size.
pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints", extend=True)

COMMAND_MILLISECONDS = 60_000


@pytest.fixture
def command(store, qtbot):
    command = CoreCommand(store.root)
    yield command
    command.stop()


@pytest.fixture
def tiles(films):
    generator = np.random.default_rng(0)
    for name, count in (("benign", 6), ("malignant", 2)):
        (films / name).mkdir()
        for number in range(count):
            tile = generator.integers(0, 255, (32, 32), np.uint8)
            cv2.imwrite(str(films / name / f"{number}.png"), tile)
    return films


def test_audit_shows_classes_and_what_to_beware_of(command, tiles, qtbot):
    card = AuditCard()
    qtbot.addWidget(card)
    command.done.connect(card.show_report)
    with qtbot.waitSignal(command.done, timeout=COMMAND_MILLISECONDS):
        command.run("datasets", "audit", str(tiles), "--kind", "folder", "--json")
    assert card.summary.classes == {"benign": 6, "malignant": 2}
    assert card.sentence.text().startswith("8 images in 2 classes")
    assert any("33 % of the largest" in finding for finding in card.summary.findings)


def test_one_class_is_told_to_be_too_few(command, films, qtbot):
    (films / "benign").mkdir()
    cv2.imwrite(str(films / "benign" / "only.png"), np.zeros((32, 32), np.uint8))
    card = AuditCard()
    qtbot.addWidget(card)
    command.done.connect(card.show_report)
    with qtbot.waitSignal(command.done, timeout=COMMAND_MILLISECONDS):
        command.run("datasets", "audit", str(films), "--kind", "folder", "--json")
    assert card.sentence.text().startswith("1 image in 1 class,")
    assert any("it has only one class" in finding for finding in card.summary.findings)


def test_an_empty_class_is_told(command, tiles, qtbot):
    (tiles / "unclear").mkdir()
    card = AuditCard()
    qtbot.addWidget(card)
    command.done.connect(card.show_report)
    with qtbot.waitSignal(command.done, timeout=COMMAND_MILLISECONDS):
        command.run("datasets", "audit", str(tiles), "--kind", "folder", "--json")
    assert any("it has no images of class unclear" in finding for finding in card.summary.findings)


def test_failed_command_says_why_in_a_sentence(command, films, qtbot):
    with qtbot.waitSignal(command.failed, timeout=COMMAND_MILLISECONDS) as failed:
        command.run("datasets", "audit", str(films / "missing"), "--kind", "folder", "--json")
    assert "Traceback" not in failed.args[0]
    assert "missing" in failed.args[0]


def test_stopped_command_says_nothing(command, tiles, qtbot):
    command.run("datasets", "audit", str(tiles), "--kind", "folder", "--json")
    assert command.is_running
    with qtbot.assertNotEmitted(command.failed, wait=200):
        command.stop()
    assert not command.is_running


def test_answer_that_is_no_report_is_refused(qtbot):
    card = AuditCard()
    qtbot.addWidget(card)
    card.show_report("{}")
    assert "cannot read" in card.sentence.text()
    assert read_summary("no json") is None


@pytest.mark.slow
def test_publishing_a_run_without_weights_fails_in_place(command, make_job, store, tmp_path, qtbot):
    make_job("student", epochs=5)
    runs = Runs(store)
    runs.refresh()
    page = PublishPage(command)
    qtbot.addWidget(page)
    page.show_runs(runs.completed())
    page.parent_folder.value = str(tmp_path)
    assert page.publish.isEnabled()
    with qtbot.waitSignal(command.failed, timeout=COMMAND_MILLISECONDS):
        page.publish.click()
    assert page.notice.text.text().startswith("✕ ")
    assert not (tmp_path / "student-1.0").exists()
    assert page.publish.isEnabled()


def test_bundle_needs_a_name_a_version_and_a_free_place(tmp_path):
    assert missing(" ", "one two", "/no/such/folder") == {
        "name": "Give it a name.",
        "version": "Letters, digits and dots, such as 1.0.",
        "folder": "There is no such folder.",
    }
    assert missing("Chest demo", "1.0", str(tmp_path)) == {}
    bundle_folder(tmp_path, "Chest demo", "1.0").mkdir()
    assert "already" in missing("Chest demo", "1.0", str(tmp_path))["folder"]


def test_folders_inside_tell_the_kind(tmp_path):
    for kind, names in (
        ("covid-qu-ex", ["Lung Segmentation Data"]),
        ("lc25000", ["lung_aca", "colon_n"]),
        ("folder", ["benign", "malignant"]),
        (None, ["alone"]),
    ):
        root = tmp_path / str(kind)
        for name in names:
            (root / name).mkdir(parents=True)
        assert kind_of(root) == kind
    assert kind_of(tmp_path / "missing") is None

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading

import pytest
from PySide6.QtCore import Qt

from medkd_viewer import log_folder as log

ONE_MISHAP = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from medkd_viewer.app import main

def fail():
    raise ValueError("PHANTOM^ADA")

if __name__ == "__main__":
    app = QApplication([])
    QTimer.singleShot(1500, fail)
    QTimer.singleShot(3000, app.quit)
    sys.exit(main([]))
"""


@pytest.fixture
def folder(tmp_path):
    """A log of its own, and everything back as it was afterwards."""
    root = logging.getLogger()
    handlers = list(root.handlers)
    levels = {name: logging.getLogger(name).level for name in ("medkd_core", "medkd_viewer")}
    log.start_log(tmp_path / "logs")
    yield tmp_path / "logs"
    for handler in set(root.handlers) - set(handlers):
        root.removeHandler(handler)
        handler.close()
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def written(folder) -> str:
    return (folder / "viewer.log").read_text(encoding="utf-8")


def test_what_the_program_says_is_kept(folder):
    logging.getLogger("medkd_viewer.session").info("%d studies found", 3)
    assert "INFO medkd_viewer.session: 3 studies found" in written(folder)


def test_what_a_library_read_from_a_file_is_not_kept(folder):
    logging.getLogger("library.part").warning("Invalid value for VR PN: %s", "PHANTOM^ADA")
    assert "WARNING library.part: (said something)" in written(folder)
    assert "ADA" not in written(folder)


def test_exception_is_kept_without_its_message(folder):
    try:
        raise FileNotFoundError("/films/PHANTOM_ADA.dcm")
    except FileNotFoundError:
        logging.getLogger("medkd_viewer.reading").exception("A film was lost")
    assert "FileNotFoundError" in written(folder)
    assert "test_log_folder.py" in written(folder)
    assert "ADA" not in written(folder)


def test_log_stays_small(folder):
    logger = logging.getLogger("medkd_viewer.chatter")
    for _ in range(400):
        logger.info("x" * 10_000)
    assert sum(file.stat().st_size for file in folder.iterdir()) < 2.2e6


def test_folder_that_cannot_be_written_costs_the_log_only(tmp_path):
    (tmp_path / "file").write_text("")
    handlers = list(logging.getLogger().handlers)
    log.start_log(tmp_path / "file" / "logs")
    assert logging.getLogger().handlers == handlers


def test_exception_that_nobody_took_is_told_in_one_sentence(qtbot, folder, monkeypatch):
    monkeypatch.setattr("sys.excepthook", None)
    monkeypatch.setattr("threading.excepthook", None)
    monkeypatch.setattr(log, "qInstallMessageHandler", lambda handler: None)
    mishaps = log.Mishaps()
    mishaps.listen()

    def fail() -> None:
        raise ValueError("PHANTOM^ADA")

    with qtbot.waitSignal(mishaps.happened) as told:
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()
    assert "(ValueError)" in told.args[0]
    assert "ADA" not in told.args[0] + written(folder)


def test_mishap_is_told_until_the_next_press_whatever_else_is_said(desk, qtbot):
    mishaps, window = log.Mishaps(), desk.window
    mishaps.happened.connect(window.message.warn)
    text = window.bottom_bar.activity.text
    window.message.answer("An answer to a key")
    for sentence in ("It went wrong.", "It went wrong.", "And then this."):
        mishaps.happened.emit(sentence)
    desk.room.message.emit("3 studies found")
    qtbot.wait(1)
    assert text() == "It went wrong."
    qtbot.mouseClick(window.bottom_bar, Qt.MouseButton.LeftButton)
    assert text() == "And then this."
    qtbot.wait(1)
    qtbot.keyClick(desk.panes.film_pane, Qt.Key.Key_Right)
    assert text() == "3 studies found"


@pytest.mark.slow
def test_window_goes_on_after_a_mishap_and_the_terminal_shows_no_traceback(tmp_path):
    names = ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "MEDKD_JOBS")
    home = dict.fromkeys(names, str(tmp_path)) | {"QT_QPA_PLATFORM": "offscreen"}
    answer = subprocess.run(
        [sys.executable, "-c", ONE_MISHAP],
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | home,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    assert "Traceback" not in answer.stderr
    (file,) = tmp_path.rglob("viewer.log")
    assert "ValueError" in file.read_text(encoding="utf-8")
    assert "ADA" not in file.read_text(encoding="utf-8")

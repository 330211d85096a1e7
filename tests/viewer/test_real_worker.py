"""The window with real networks in a real worker process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtGui import QImage

from medkd_core.serving.client import WorkerClient
from medkd_viewer.decoding import Decoding
from medkd_viewer.findings.opinion import ModelStatus, SecondOpinion
from medkd_viewer.findings.results import MapStatus
from medkd_viewer.inference import Inference
from medkd_viewer.main_window import MainWindow
from medkd_viewer.settings import SettingsFile
from medkd_viewer.studies.journal import Journal

pytestmark = pytest.mark.slow
WAIT_MS = 60_000


def test_screenshot_shows_a_film_and_finished_maps_without_a_display(films, small_bundle, tmp_path):
    picture = tmp_path / "picture.png"
    env = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "QT_QPA_PLATFORM")}
    answer = subprocess.run(
        [
            *(sys.executable, "-m", "medkd_viewer.app", str(films / "ada.dcm")),
            *("--model", str(small_bundle), "--screenshot", str(picture), "--size", "1280x800"),
        ],
        capture_output=True,
        text=True,
        timeout=200,
        env=env,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    image = QImage(str(picture))
    assert (image.width(), image.height()) == (1280, 800)


def test_killing_the_worker_leaves_the_window_usable_and_says_so(
    qtbot, pool, films, small_bundle, tmp_path, monkeypatch
):
    monkeypatch.setenv("MEDKD_JOBS", str(tmp_path))
    clients: list[WorkerClient] = []

    def connect(on_event):
        clients.append(WorkerClient(on_event))
        return clients[0]

    inference, decoding = Inference(connect), Decoding(pool)
    opinion = SecondOpinion(inference)
    window = MainWindow(decoding, opinion, Journal(None), SettingsFile(None))
    qtbot.addWidget(window)
    window.show()
    window.open_model(small_bundle)
    window.open_paths([Path(films / "ada.dcm")])
    qtbot.waitUntil(lambda: window.room.state.film is not None and opinion.settled, timeout=WAIT_MS)
    assert [v.status for v in opinion.views.values()] == [MapStatus.DONE] * 2

    os.kill(clients[0].process_id, signal.SIGKILL)
    qtbot.waitUntil(lambda: opinion.status is ModelStatus.STOPPED, timeout=WAIT_MS)
    assert "killed" in window.room.findings.banner.text
    window.room.state.invert()
    assert window.room.state.film is not None

    window.room.findings.banner.pressed.emit()
    qtbot.waitUntil(lambda: opinion.settled and opinion.prediction is not None, timeout=WAIT_MS)
    assert opinion.status is ModelStatus.READY
    inference.close()

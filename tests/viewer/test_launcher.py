from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
import time
from contextlib import suppress
from pathlib import Path

import pytest

from medkd_viewer.display_check import DEBIAN_PACKAGES, missing_library

NETWORK_LIBRARIES = ("torch", "torchvision", "timm", "onnxruntime")


def run(*arguments: str, code: str | None = None, **environment: str):
    env = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    env.pop("QT_QPA_PLATFORM", None)
    command = ["-c", textwrap.dedent(code)] if code else ["-m", "medkd_viewer.app"]
    return subprocess.run(
        [sys.executable, *command, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        env=env | environment,
        check=False,
    )


def test_importing_the_launcher_needs_neither_qt_nor_networks():
    code = "import sys, medkd_viewer.app; print(*sys.modules)"
    loaded = run(code=code).stdout.split()
    for name in (*NETWORK_LIBRARIES, "PySide6", "numpy", "pydicom"):
        assert name not in loaded


def test_running_window_has_loaded_no_network_library(films, tmp_path):
    code = f"""
        import sys
        from PySide6.QtCore import QTimer
        from PySide6.QtWidgets import QApplication
        from medkd_viewer.app import main

        if __name__ == "__main__":
            app = QApplication([])
            QTimer.singleShot(4000, app.quit)
            status = main([{str(films)!r}])
            print(status, *sys.modules)
    """
    home = {"XDG_CONFIG_HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
    answer = run(code=code, QT_QPA_PLATFORM="offscreen", MEDKD_JOBS=str(tmp_path), **home)
    status, *loaded = answer.stdout.split()
    assert status == "0", answer.stderr
    assert "medkd_viewer.main_window" in loaded
    for name in (*NETWORK_LIBRARIES, "medkd_viewer.training.train_tab"):
        assert name not in loaded


def test_look_at_the_demo_changes_nothing_that_was_chosen_or_noted(tmp_path):
    code = """
        import sys
        from PySide6.QtCore import QTimer
        from PySide6.QtWidgets import QApplication
        from medkd_viewer.app import main

        def choose_and_close():
            window = next(w for w in app.topLevelWidgets() if hasattr(w, "session_keeper"))
            window.settings.opacity = 0.1
            window.actions_by_name["link"].trigger()
            window.close()
            app.quit()

        if __name__ == "__main__":
            app = QApplication([])
            QTimer.singleShot(3000, choose_and_close)
            sys.exit(main(["--demo"]))
    """
    (tmp_path / "medkd").mkdir()
    settings = tmp_path / "medkd" / "viewer.json"
    settings.write_text('{"opacity": 0.7}')
    names = ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "MEDKD_JOBS")
    home = dict.fromkeys(names, str(tmp_path))
    answer = run(code=code, QT_QPA_PLATFORM="offscreen", **home)
    assert answer.returncode == 0, answer.stderr
    assert settings.read_text() == '{"opacity": 0.7}'
    assert not list(tmp_path.rglob("journal.json"))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks for a display on Linux only")
@pytest.mark.parametrize("environment", [{}, {"DISPLAY": ":987"}], ids=["none", "dead"])
def test_without_a_display_one_sentence_says_what_to_do(environment):
    answer = run(**environment)
    assert answer.returncode == 1
    assert "--screenshot" in answer.stderr
    assert len(answer.stderr.splitlines()) == 1


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("Xvfb") is None, reason="needs Xvfb")
def test_lost_display_ends_the_viewer_and_all_that_it_started(films, tmp_path):
    xvfb = ["Xvfb", "-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp"]
    names = ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "MEDKD_JOBS")
    home = dict.fromkeys(names, str(tmp_path))
    quiet = {"stderr": subprocess.DEVNULL, "text": True}
    with subprocess.Popen(xvfb, stdout=subprocess.PIPE, **quiet) as display:
        number = display.stdout.readline().strip()
        home |= {"DISPLAY": f":{number}", "QT_QPA_PLATFORM": "xcb"}
        command = [sys.executable, "-m", "medkd_viewer.app", str(films)]
        with (tmp_path / "said").open("w") as said:
            viewer = subprocess.Popen(command, stdout=said, stderr=said, env=os.environ | home)
        wait_until(lambda: "Opened 1 places" in (tmp_path / "medkd/log/viewer.log").read_text())
        children = (Path("/proc") / f"{viewer.pid}/task/{viewer.pid}/children").read_text().split()
        assert children
        display.kill()
        assert viewer.wait(timeout=30) != 0
    assert "Traceback" not in (tmp_path / "said").read_text()
    wait_until(lambda: not any(Path("/proc", child).exists() for child in children))


def wait_until(condition) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with suppress(FileNotFoundError):
            if condition():
                return
        time.sleep(0.2)
    raise TimeoutError


def test_misspelt_option_is_wrong_usage():
    assert run("--screnshot", "a.png").returncode == 2
    assert run("--size", "big").returncode == 2
    assert run("--size", "99999x99999").returncode == 2


def test_screenshot_of_a_file_without_a_picture_fails_and_leaves_no_file(films, tmp_path):
    picture = tmp_path / "picture.png"
    answer = run(str(films / "notes.dcm"), "--screenshot", str(picture))
    assert answer.returncode == 1
    assert len(answer.stderr.splitlines()) == 1
    assert "Traceback" not in answer.stderr
    assert not picture.exists()


def test_screenshot_that_cannot_be_written_is_refused_before_anything_is_computed(tmp_path):
    for picture in (tmp_path, tmp_path / "missing" / "picture.png"):
        answer = run("--demo", "--screenshot", str(picture))
        assert answer.returncode == 1
        assert answer.stderr.startswith(f"Cannot write {picture}: ")
        assert len(answer.stderr.splitlines()) == 1


@pytest.mark.parametrize("library", DEBIAN_PACKAGES)
def test_missing_library_is_named_with_its_package(library):
    sentence = str(missing_library(library))
    assert library in sentence
    assert DEBIAN_PACKAGES[library] in sentence


def test_qt_gives_back_every_reference_that_it_takes(qtbot):
    from PySide6.QtWidgets import QWidget

    widget = QWidget()
    qtbot.addWidget(widget)
    before = sys.getrefcount(None)
    for _ in range(2000):
        widget.update()
    # PySide6 6.12.0 loses one with every call before Python 3.12, until the process aborts.
    assert sys.getrefcount(None) > before - 1000


def test_command_line_knows_every_layout_of_the_window():
    from medkd_viewer.app import parse
    from medkd_viewer.reading.layouts import Layout

    assert [parse(["--layout", layout]).layout for layout in Layout] == list(Layout)

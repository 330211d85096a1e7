"""Waits until nothing more will come, then writes the window as a picture."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEventLoop, QTimer

from medkd_core.errors import DisplayError
from medkd_viewer.counting import plural
from medkd_viewer.findings.results import MapStatus
from medkd_viewer.main_window import MainWindow
from medkd_viewer.said import Said, shown
from medkd_viewer.studies.pictures import Image, images_of

LIMIT_S = 600
_PAUSE_MS = 100
# Thumbnails and the last paint come after the answer.
_QUIET_TICKS = 5


def write_screenshot(window: MainWindow, path: Path, *, tab: str = "read") -> None:
    """Wait for the opened study's prediction and maps, then write the window to a PNG.

    Of several films the first that can be opened is shown; those refused before it are told.

    Raises
    ------
    DisplayError
        Nothing could be opened, a network failed, or the file cannot be written.
    """
    _require_place(path)
    _wait(window, tab)
    if tab == "read":
        _require_answers(window)
    window.room.state.set_cursor(None)
    if not window.grab().save(str(path), "PNG"):
        path.unlink(missing_ok=True)
        raise _unwritable(path, "the folder is not writable or the disk is full")


def _require_place(path: Path) -> None:
    """Asked before the maps are computed, which takes a while."""
    if path.is_dir():
        raise _unwritable(path, "it is a folder")
    if not path.absolute().parent.is_dir():
        raise _unwritable(path, "there is no such folder")


def _unwritable(path: Path, because: str) -> DisplayError:
    return DisplayError("Cannot write", because=because, path=path)


def _wait(window: MainWindow, tab: str) -> None:
    loop = QEventLoop()
    ticks = {"quiet": 0, "all": 0}
    refused: dict[Path, Said] = {}

    def look() -> None:
        ticks["all"] += 1
        done = tab == "train" or (_settled(window) and not _goes_on(window, refused))
        ticks["quiet"] = ticks["quiet"] + 1 if done else 0
        if ticks["quiet"] >= _QUIET_TICKS or ticks["all"] * _PAUSE_MS > LIMIT_S * 1000:
            loop.quit()

    timer = QTimer()
    timer.timeout.connect(look)
    timer.start(_PAUSE_MS)
    loop.exec()
    timer.stop()
    if refused and window.room.state.film is not None:
        hidden = window.room.look.patient_hidden
        first = shown(next(iter(refused.values())), patient_hidden=hidden)
        others = f" And {plural(len(refused) - 1, 'film')} more." if len(refused) > 1 else ""
        window.message.warn(first + others)


def _settled(window: MainWindow) -> bool:
    if window.room.is_opening:
        return False
    return window.room.state.film is None or window.opinion.settled


def _goes_on(window: MainWindow, refused: dict[Path, Said]) -> bool:
    """After a film that was refused, open the next; False when there is none."""
    room = window.room
    if room.opener.study is None or room.state.film is not None:
        return False
    shown = images_of(room.opener.study)[room.opener.position]
    refused[shown.instance.path] = room.trouble
    for study in room.library.in_order():
        for one in study.instances:
            if one.frames and one.path not in refused:
                room.open_study(study, images_of(study).position_of(Image(one, 0)))
                return True
    return room.intake.is_looking


def _require_answers(window: MainWindow) -> None:
    opinion, room = window.opinion, window.room
    failed = [v.message for v in opinion.views.values() if v.status is MapStatus.FAILED]
    if room.state.film is None:
        told = shown(room.trouble, patient_hidden=room.look.patient_hidden)
        trouble = told or "no film was opened"
    elif not opinion.settled:
        trouble = "the maps were not ready in time"
    else:
        trouble = opinion.trouble or next(iter(failed), "")
    if trouble:
        raise DisplayError("Cannot draw the window", because=trouble.rstrip("."))

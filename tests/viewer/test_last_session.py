from __future__ import annotations

import io
import os
import shutil
import threading
from pathlib import Path

import pytest
from drawn_studies import drawn_series, drawn_study
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from medkd_core.imaging.study import FoundStudies
from medkd_viewer.last_session import SessionKeeper
from medkd_viewer.reading.layouts import Layout
from medkd_viewer.settings import LastSession, OpenFilm
from medkd_viewer.window.screen_fit import fit_to_screen


@pytest.fixture
def folder(films, tmp_path):
    shutil.copytree(films, tmp_path / "films")
    return tmp_path / "films"


def resumed(desk, session: LastSession):
    """Open a session as the next start does."""
    desk.window.settings.session = session
    desk.window.open_model(None)
    desk.window.session_keeper.resume()
    desk.wait(lambda: not desk.window.session_keeper.is_resuming and not desk.room.is_opening)


def uid_of(desk, name: str) -> str:
    return next(u for u, s in desk.room.library.studies.items() if name in s.patient_name)


def test_film_layout_and_what_lay_beside_come_back(desk, folder):
    desk.open([folder / "ada.dcm", folder / "ben.dcm"])
    ada, ben = uid_of(desk, "ADA"), uid_of(desk, "BEN")
    desk.room.open_study(desk.room.library.studies[ben])
    desk.wait(lambda: desk.state.film.study.uid == ben)
    desk.room.comparing.lay_beside(desk.room.library.studies[ada])
    desk.wait(lambda: desk.room.desk.places[1].film is not None)
    desk.window.session_keeper.keep()
    session = desk.window.settings.session.model_copy(deep=True)
    assert session.paths == [folder / "ada.dcm", folder / "ben.dcm"]
    assert "PHANTOM" not in session.model_dump_json()
    desk.room.close_studies([ada, ben])
    desk.room.panes.set_layout(Layout.OPINION)
    resumed(desk, session)
    desk.wait(lambda: desk.state.film is not None and desk.state.film.study.uid == ben)
    desk.wait(lambda: desk.room.desk.places[1].film is not None)
    assert desk.room.desk.places[1].film.study.uid == ada
    assert desk.panes.layout_now is Layout.TWO


def test_session_that_is_still_being_opened_is_not_forgotten(desk, folder):
    desk.window.settings.session = LastSession(paths=[folder / "ada.dcm"])
    desk.window.session_keeper.resume()
    desk.window.session_keeper.keep()
    assert desk.window.settings.session.paths == [folder / "ada.dcm"]
    desk.wait(lambda: desk.state.film is not None)


def test_what_is_open_is_remembered_while_the_window_is_open(desk, folder):
    desk.open([folder / "ada.dcm"])
    desk.window.remember()
    assert desk.window.settings.session.paths == [folder / "ada.dcm"]
    assert desk.window.settings.window_geometry


def test_damaged_geometry_opens_at_the_default_size(desk):
    desk.window.settings.window_geometry = "a"
    desk.window._restore()
    assert desk.window.isVisible()


def test_path_that_has_gone_is_told_and_dropped(desk, folder):
    gone = folder / "gone.dcm"
    resumed(desk, LastSession(paths=[gone, folder / "ada.dcm"]))
    desk.wait(lambda: "gone.dcm" in desk.window.bottom_bar.activity.text())
    desk.window.session_keeper.keep()
    assert desk.window.settings.session.paths == [folder / "ada.dcm"]


def test_what_has_gone_is_told_until_the_next_key(desk, folder, qtbot):
    resumed(desk, LastSession(paths=[folder / "gone.dcm", folder / "ada.dcm"]))
    desk.wait(lambda: desk.state.film is not None and desk.opinion.settled)
    desk.room.message.emit("Something else")
    text = desk.window.bottom_bar.activity.text
    qtbot.wait(1)
    assert "gone.dcm" in text()
    desk.key(Qt.Key.Key_X)
    assert "gone.dcm" not in text()


def test_share_that_does_not_answer_keeps_no_one_waiting(desk, folder, monkeypatch):
    away, answer = folder / "away", threading.Event()
    exists = Path.exists

    def ask(path, **how):
        assert path != away or threading.current_thread() is not threading.main_thread()
        return exists(path, **how) if path != away else answer.wait(20)

    monkeypatch.setattr(Path, "exists", ask)
    desk.window.settings.session = LastSession(paths=[away, folder / "ada.dcm"])
    desk.window.session_keeper.resume()
    desk.open([folder / "ben.dcm"])
    ben = desk.state.film.study.uid
    answer.set()
    desk.wait(lambda: not desk.window.session_keeper.is_resuming)
    assert desk.state.film.study.uid == ben
    desk.window.session_keeper.keep()
    assert desk.window.settings.session.paths == [folder / "ben.dcm"]


def test_nothing_left_of_a_session_is_told_over_an_empty_desk(desk, tmp_path):
    resumed(desk, LastSession(paths=[tmp_path / "gone"]))
    desk.wait(lambda: "not there any more" in desk.window.bottom_bar.activity.text())
    assert desk.state.film is None


def test_place_that_a_study_no_longer_has_opens_its_first_image(desk, folder):
    desk.open([folder / "ada.dcm"])
    film = OpenFilm(study_uid=uid_of(desk, "ADA"), position=9)
    resumed(desk, LastSession(paths=[folder / "ada.dcm"], films=[film, film], layout="none such"))
    desk.wait(lambda: desk.state.film is not None)
    assert desk.state.film.position[0] == 1


def test_closed_studies_are_not_opened_again(desk, folder):
    desk.open([folder / "ada.dcm"])
    keeper: SessionKeeper = desk.window.session_keeper
    desk.room.close_studies(list(desk.room.library.studies))
    keeper.keep()
    assert desk.window.settings.session.paths == []


def test_window_is_never_larger_than_the_screen_nor_out_of_sight(qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    room = window.screen().availableGeometry()
    window.resize(room.width() + 300, room.height() + 300)
    window.move(room.right() - 50, room.bottom() - 50)
    fit_to_screen(window)
    assert room.contains(window.frameGeometry())


def test_narrow_window_gives_the_room_of_the_studies_to_the_film_and_back(desk, films):
    actions = desk.window.actions_by_name
    desk.window.resize(960, 540)
    desk.wait(lambda: not desk.room.studies.isVisible())
    assert desk.room.findings.isVisible()
    actions["studies_panel"].trigger()
    assert desk.room.studies.isVisible()
    desk.window.resize(1440, 900)
    desk.wait(lambda: desk.window.width() == 1440)
    assert desk.room.studies.isVisible()
    assert desk.window.settings.panels_shown == (True, True)


def test_session_of_ten_thousand_studies_is_kept_without_a_look_at_the_disk(
    desk, tmp_path, monkeypatch
):
    studies = tuple(
        drawn_study(str(n), "PHANTOM, ADA", drawn_series(str(tmp_path / f"{n}" / "film")))
        for n in range(10_000)
    )
    desk.room.library.add(FoundStudies(studies, ()))
    folders = [tmp_path / str(n) for n in range(100)]
    desk.window.session_keeper._paths = [*folders, tmp_path / "elsewhere"]
    looked: list[object] = []
    for owner, name in ((os, "stat"), (os, "scandir"), (os, "open"), (io, "open")):
        monkeypatch.setattr(owner, name, lambda *what, **_: looked.append(what))
    desk.window.session_keeper.keep()
    assert looked == []
    assert desk.window.settings.session.paths == folders[-64:]

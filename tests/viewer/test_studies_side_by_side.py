"""The whole window with several films on the desk."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication
from written_studies import ADA, BEN, write_loop, write_slices

from medkd_core.serving.messages import Predict
from medkd_viewer.reading.dropped_study import study_data
from medkd_viewer.reading.layouts import FilmCell, Layout, NetworkCell
from medkd_viewer.reading.links import Linked
from medkd_viewer.reading.network_pane import NetworkPane
from medkd_viewer.reading_room import ReadingRoom
from medkd_viewer.settings import Settings


@pytest.fixture(scope="module")
def two_patients(tmp_path_factory):
    """Ada's film with its prior, Ben's film, a series and a loop without a prior."""
    folder = tmp_path_factory.mktemp("two_patients")
    write_slices(folder / "now", ADA, "20240611", slices=1)
    write_slices(folder / "long_ago", ADA, "20150302", slices=1)
    write_slices(folder / "before", ADA, "20190302", slices=1)
    write_slices(folder / "ben", BEN, "20230101", slices=1)
    write_slices(folder / "ct", BEN, "20230505")
    write_loop(folder / "loop.dcm", BEN, "20230606")
    return folder


@pytest.fixture
def reading(desk, two_patients):
    """The window with all studies at hand and Ada's newest one in hand."""
    desk.window.open_paths([two_patients])
    desk.wait(lambda: not desk.room.is_opening and len(desk.room.library.studies) == 6)
    take(desk, "20240611")
    return desk


def study(desk, date):
    return next(s for s in desk.room.library.studies.values() if s.date == date)


def take(desk, date) -> None:
    desk.room.open_study(study(desk, date))
    desk.wait(lambda: desk.state.film is not None and desk.state.film.study.date == date)


def trigger(desk, name) -> None:
    desk.window.actions_by_name[name].trigger()


def dates(desk) -> list[str]:
    return [pane.state.film.study.date for pane in desk.panes.panes if pane.state.film]


def lies(desk, place, date) -> bool:
    film = desk.room.desk.places[place].film
    return film is not None and film.study.date == date


def drop(desk, pane, date) -> None:
    how = (
        Qt.DropAction.CopyAction,
        study_data(study(desk, date).uid),
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(pane, QDragEnterEvent(QPoint(50, 50), *how))
    QApplication.sendEvent(pane, QDropEvent(QPointF(50, 50), *how))


def test_latest_prior_is_laid_beside_and_taken_off_again_by_one_key(reading):
    trigger(reading, "compare")
    reading.wait(lambda: lies(reading, 1, "20190302"))
    assert reading.panes.layout_now is Layout.TWO
    assert dates(reading) == ["20240611", "20190302"]
    assert reading.window.actions_by_name["compare"].isChecked()
    assert reading.panes.film_pane.has_head
    trigger(reading, "compare")
    assert reading.panes.layout_now is Layout.OPINION
    assert not reading.panes.film_pane.has_head
    assert not reading.window.actions_by_name["compare"].isChecked()


def test_study_without_a_prior_says_so_and_how_else_to_compare(reading):
    take(reading, "20150302")
    trigger(reading, "compare")
    words = reading.window.bottom_bar.activity.text()
    assert "No earlier study of this patient" in words
    assert "Drag" in words
    assert not reading.window.actions_by_name["compare"].isChecked()


def test_prior_never_stays_beside_another_patient(reading):
    trigger(reading, "compare")
    reading.wait(lambda: lies(reading, 1, "20190302"))
    take(reading, "20230101")
    assert all(state.film is None for state in reading.room.desk.places[1:])
    assert reading.panes.layout_now is Layout.OPINION


@pytest.mark.slow
def test_keys_turn_the_images_of_the_film_in_hand_only(reading):
    reading.room.comparing.lay_beside(study(reading, "20230505"), 2)
    reading.wait(lambda: lies(reading, 1, "20230505"))
    beside = reading.room.desk.places[1]
    reading.panes.activate(reading.panes.pane_of(beside))
    trigger(reading, "next_image")
    reading.wait(lambda: beside.film.position == (4, 6))
    trigger(reading, "last_image")
    reading.wait(lambda: beside.film.position == (6, 6))
    trigger(reading, "first_image")
    reading.wait(lambda: beside.film.position == (1, 6))
    assert lies(reading, 0, "20240611")


@pytest.mark.slow
def test_study_dropped_on_an_empty_cell_stays_in_that_cell(reading):
    trigger(reading, "layout_two")
    reading.panes.choose(1, FilmCell(3))
    empty = reading.panes.panes[1]
    assert empty.state.film is None
    drop(reading, empty, "20230101")
    reading.wait(lambda: lies(reading, 3, "20230101"))
    assert reading.panes.panes[1] is empty
    assert dates(reading) == ["20240611", "20230101"]


@pytest.mark.slow
def test_study_dropped_on_the_first_film_takes_its_place(reading):
    drop(reading, reading.panes.film_pane, "20230101")
    reading.wait(lambda: lies(reading, 0, "20230101"))
    assert reading.panes.layout_now is Layout.OPINION


def test_every_layout_shows_as_many_panes_and_one_can_be_alone(reading):
    reading.window.open_model(None)
    reading.wait(lambda: len(reading.panes.network_panes) == 4)
    for layout in (Layout.ONE, Layout.TWO, Layout.FOUR, Layout.ONE_AND_FOUR):
        trigger(reading, f"layout_{layout.value}")
        assert reading.window.actions_by_name[f"layout_{layout.value}"].isChecked()
        seen = [pane for pane in reading.panes.panes if pane.isVisible()]
        assert len(seen) == layout.cells
        assert isinstance(seen[-1], NetworkPane) is (layout is not Layout.ONE)
        reading.panes.maximise(seen[-1])
        assert [pane for pane in reading.panes.panes if pane.isVisible()] == seen[-1:]
        reading.panes.maximise(None)


@pytest.mark.slow
def test_menu_of_a_pane_puts_another_content_into_its_cell(reading):
    reading.window.open_model(None)
    reading.wait(lambda: len(reading.panes.network_panes) == 4)
    trigger(reading, "layout_two")
    menu = reading.panes.menu_of(reading.panes.panes[1])
    offered = menu.actions()[0].menu().actions()
    next(action for action in offered if "DenseNet" in action.text()).trigger()
    assert reading.panes.panes[1] is reading.panes.network_panes["densenet201"]
    assert reading.panes.chosen == {1: NetworkCell("densenet201")}


@pytest.mark.slow
def test_what_lies_on_the_desk_can_be_laid_there_again(reading):
    reading.room.comparing.lay_beside(study(reading, "20230505"), 3)
    reading.wait(lambda: lies(reading, 1, "20230505"))
    films = reading.room.comparing.films()
    reading.room.comparing.take_all_off()
    assert reading.room.desk.laid == (reading.state,)
    reading.room.comparing.lay_again(films)
    reading.wait(lambda: lies(reading, 1, "20230505"))
    assert reading.room.desk.places[1].film.position == (4, 6)


@pytest.mark.slow
def test_loop_plays_until_a_pane_is_pressed(reading, qtbot):
    take(reading, "20230606")
    trigger(reading, "cine")
    assert reading.room.cine.is_playing
    assert reading.state.rate == 25.0
    reading.wait(lambda: reading.state.film.position[0] > 3)
    qtbot.mouseClick(reading.panes.film_pane, Qt.MouseButton.LeftButton)
    assert not reading.room.cine.is_playing
    assert not reading.window.actions_by_name["cine"].isChecked()


def test_priors_come_back_at_the_next_study_that_has_one(reading):
    trigger(reading, "compare")
    reading.wait(lambda: lies(reading, 1, "20190302"))
    take(reading, "20230101")
    assert len(reading.room.desk.laid) == 1
    assert reading.window.actions_by_name["compare"].isChecked()
    take(reading, "20240611")
    reading.wait(lambda: lies(reading, 1, "20190302"))
    assert reading.panes.layout_now is Layout.TWO
    take(reading, "20230101")
    trigger(reading, "compare")
    take(reading, "20240611")
    assert not reading.room.hanging.beside()


def test_prior_that_was_taken_off_by_hand_stays_off(reading):
    trigger(reading, "compare")
    reading.wait(lambda: lies(reading, 1, "20190302"))
    reading.room.comparing.take_off(reading.room.desk.places[1])
    take(reading, "20190302")
    assert not reading.room.comparing.is_on


def test_escape_leads_back_from_the_film_alone(reading):
    trigger(reading, "film_alone")
    assert reading.window.isFullScreen()
    reading.key(Qt.Key.Key_Escape)
    assert not reading.window.isFullScreen()
    assert reading.window.top_bar.isVisible()


def test_key_without_a_film_says_that_none_is_open(desk):
    desk.window.activateWindow()
    desk.key(Qt.Key.Key_2)
    assert desk.window.bottom_bar.activity.text() == "No film is open."


def test_pane_says_that_the_study_is_being_opened_until_it_is(desk, two_patients):
    seen = []
    desk.room.intake.first_found.connect(lambda _: seen.append(desk.panes.film_pane.explanation))
    desk.window.open_paths([two_patients])
    desk.wait(lambda: not desk.room.is_opening)
    assert seen == ["Opening the study"]
    desk.room.close_studies(list(desk.room.library.studies))
    assert desk.panes.film_pane.explanation.startswith("Drop films")


def test_key_whose_command_cannot_be_carried_out_says_so(reading):
    reading.window.activateWindow()
    reading.key(Qt.Key.Key_5)
    assert "cannot be done with this film" in reading.window.bottom_bar.activity.text()
    reading.key(Qt.Key.Key_2)
    assert reading.state.voi is next(p.voi for p in reading.state.film.presets if p.key == 2)


@pytest.mark.slow
def test_networks_are_asked_about_a_series_where_the_hand_rests(reading):
    reading.window.open_model(None)
    take(reading, "20230505")
    reading.wait(lambda: reading.opinion.settled)
    first = len(asked_about(reading))
    for _ in range(4):
        reading.state.step_asked.emit(1)
        reading.wait(lambda: not reading.room.opener.is_busy)
        assert all(view.map is None for view in reading.opinion.views.values())
    reading.wait(lambda: reading.opinion.settled)
    assert len(asked_about(reading)) == first + 1
    assert asked_about(reading)[-1] is reading.state.film.frame


def asked_about(desk) -> list:
    requests = desk.worker.requests.values()
    return [request.frame for request in requests if isinstance(request, Predict)]


def test_links_are_remembered_as_they_were_left(desk):
    desk.window.actions_by_name["link"].trigger()
    desk.room.links.follow(Linked.ZOOM, False)
    kept = Settings.model_validate_json(desk.window.settings.model_dump_json())
    room = ReadingRoom(desk.decoding, desk.opinion, desk.journal, kept, desk.window)
    assert room.links.is_on
    assert room.links.followed == set(Linked) - {Linked.ZOOM}

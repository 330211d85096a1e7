from __future__ import annotations

import numpy as np
import pytest
from drawn_worker import LABELS
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QToolButton

from medkd_core.serving.messages import Explain
from medkd_viewer.findings.results import MapStatus
from medkd_viewer.reading.corner_texts import window_text
from medkd_viewer.reading.look import Tool
from medkd_viewer.studies.rows import Section, SectionRow
from medkd_viewer.studies.search_field import SearchField

NETWORKS = list(LABELS)


def pixels(widget) -> np.ndarray:
    image = widget.grab().toImage().convertToFormat(widget.grab().toImage().Format.Format_RGB888)
    array = np.frombuffer(image.constBits(), np.uint8, image.sizeInBytes())
    array = array.reshape(image.height(), image.bytesPerLine())
    return array[:, : image.width() * 3].reshape(image.height(), image.width(), 3).copy()


def test_opened_folder_shows_its_film_and_a_map_of_every_network(desk, films):
    desk.open([films])
    assert list(desk.panes.network_panes) == NETWORKS
    film = pixels(desk.panes.film_pane)
    assert film.std() > 20
    for name in NETWORKS:
        shown = pixels(desk.panes.network_panes[name]).astype(int)
        coloured = abs(shown[40:, :, 0] - shown[40:, :, 1]) > 20
        assert coloured.mean() > 0.01


def test_hidden_maps_show_the_film_alone_and_come_back(desk, films):
    desk.open([films])
    pane = desk.panes.network_panes[NETWORKS[0]]
    with_map = pixels(pane)
    desk.window.actions_by_name["maps"].trigger()
    without = pixels(pane)[60:-20, 20:-60].astype(int)
    assert np.abs(without[..., 0] - without[..., 2]).max() == 0
    desk.window.actions_by_name["maps"].trigger()
    assert np.array_equal(pixels(pane), with_map)


def test_all_panes_zoom_together_at_the_place_under_the_pointer(desk, films):
    desk.open([films])
    pane = desk.panes.film_pane
    desk.state.set_viewport(pane.geometry_now().zoomed(3.0, 120.0, 150.0))
    middles = {tuple(np.round(_film_place_of_middle(pane), 6)) for pane in desk.panes.panes}
    assert len(middles) == 1


def _film_place_of_middle(pane) -> tuple[float, float]:
    left, top, width, height = pane.picture_area()
    return pane.geometry_now().to_film(left + width / 2, top + height / 2)


def test_drag_to_the_right_widens_the_window(desk, films, qtbot):
    desk.open([films])
    before = desk.state.window().width
    _drag(qtbot, desk.panes.film_pane, QPoint(60, 0))
    assert desk.state.window().width > before


def test_every_window_of_the_file_comes_round_by_its_name(desk, films):
    desk.open([films / "ada.dcm"])
    names = []
    for _ in range(len(desk.state.film.windows) + 1):
        names.append(window_text(desk.state.voi).split(" · ")[1])
        desk.window.actions_by_name["next_window"].trigger()
    assert names == ["NORMAL", "HARDER", "SOFTER", "Auto", "Full range", "NORMAL"]


def test_drag_with_the_pan_tool_moves_the_film(desk, films, qtbot):
    desk.open([films])
    desk.window.actions_by_name["tool_pan"].trigger()
    assert desk.room.look.tool is Tool.PAN
    pane = desk.panes.film_pane
    before = pane.geometry_now().to_pane(50, 50)
    _drag(qtbot, pane, QPoint(30, 20))
    after = pane.geometry_now().to_pane(50, 50)
    assert after == pytest.approx((before[0] + 30, before[1] + 20))


def _drag(qtbot, pane, by: QPoint) -> None:
    start = QPoint(100, 100)
    qtbot.mousePress(pane, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(pane, start + by)
    qtbot.mouseRelease(pane, Qt.MouseButton.LeftButton, pos=start + by)


def test_cursor_tells_the_stored_value_and_what_each_map_says(desk, films):
    desk.open([films])
    desk.state.set_cursor((100.4, 120.9))
    film = desk.state.film
    stored = int(film.frame.stored[120, 100])
    bar = desk.window.bottom_bar
    assert bar.place.text().replace("\u202f", "") == f"x 100 y 120 · {stored}"
    assert "student" in bar.maps.text()
    assert "DenseNet-201" in bar.maps.text()


def test_double_click_shows_a_pane_alone_and_again_all(desk, films, qtbot):
    desk.open([films])
    pane = desk.panes.network_panes["densenet201"]
    qtbot.mouseDClick(pane, Qt.MouseButton.LeftButton)
    assert [p for p in desk.panes.panes if p.isVisible()] == [pane]
    qtbot.mouseDClick(pane, Qt.MouseButton.LeftButton)
    assert all(p.isVisible() for p in desk.panes.panes)


def test_keys_invert_peek_and_change_opacity(desk, films):
    desk.open([films])
    desk.key(Qt.Key.Key_X)
    assert desk.state.inverted
    opacity = desk.room.look.style.opacity
    desk.key(Qt.Key.Key_BracketRight)
    assert desk.room.look.style.opacity == pytest.approx(opacity + 0.05)
    desk.key(Qt.Key.Key_G)
    assert not desk.room.look.style.visible


def test_held_key_peeks_at_the_film_and_brings_the_maps_back(desk, films, qtbot):
    desk.open([films])
    qtbot.keyPress(desk.panes.film_pane, Qt.Key.Key_G)
    assert not desk.room.look.style.visible
    qtbot.wait(500)
    qtbot.keyRelease(desk.panes.film_pane, Qt.Key.Key_G)
    assert desk.room.look.style.visible


def test_key_typed_into_a_field_does_not_peek_after_the_button_was_clicked(desk, films, qtbot):
    desk.open([films])
    (button,) = (
        button
        for button in desk.window.findChildren(QToolButton)
        if desk.window.actions_by_name["maps"] in button.actions() and button.isVisible()
    )
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert not desk.room.look.style.visible
    search = desk.window.findChild(SearchField)
    desk.room.studies.focus_search()
    for _ in range(2):
        qtbot.keyPress(search, Qt.Key.Key_G)
        qtbot.wait(450)
        qtbot.keyRelease(search, Qt.Key.Key_G)
    assert search.text() == "gg"
    assert not desk.room.look.style.visible


def test_refused_file_is_listed_with_its_reason_and_studies_stay(desk, films):
    desk.open([films])
    assert len(desk.room.library.studies) == 3
    assert "1 file not opened, folded" in _list_words(desk)
    desk.room.studies.list.fold_asked.emit(SectionRow(Section.REFUSED, 1), True)
    words = [row for row in _list_words(desk) if "notes.dcm: " in row]
    assert words
    assert words[0].endswith(".")


def _list_words(desk) -> list[str]:
    model = desk.room.studies.model
    return [model.data(model.index(i)) for i in range(model.rowCount())]


def test_damaged_file_alone_costs_one_sentence_and_nothing_else(desk, films):
    desk.open([films / "notes.dcm"])
    assert desk.state.film is None
    assert desk.room.trouble
    desk.open([films / "ada.dcm"])
    assert desk.state.film is not None


def test_files_dropped_on_the_window_are_opened(desk, films):
    desk.window.open_model(None)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(films / "photo.png"))])
    how = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton)
    plain = Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(desk.window, QDragEnterEvent(QPoint(300, 300), *how, plain))
    QApplication.sendEvent(desk.window, QDropEvent(QPointF(300, 300), *how, plain))
    desk.wait(lambda: desk.state.film is not None)
    assert desk.state.film.address.path.name == "photo.png"


def test_letters_of_the_sides_follow_the_film_when_it_is_flipped(desk, films):
    from medkd_viewer.reading.orientation import edge_letters

    desk.open([films])
    assert edge_letters(desk.state.film, desk.state.viewport).left == "R"
    desk.window.actions_by_name["flip_horizontal"].trigger()
    assert edge_letters(desk.state.film, desk.state.viewport).left == "L"


def test_png_has_no_letters_because_nobody_said_how_it_lies(desk, films):
    from medkd_viewer.reading.orientation import EdgeLetters, edge_letters

    desk.open([films / "photo.png"])
    assert edge_letters(desk.state.film, desk.state.viewport) == EdgeLetters()


def test_next_study_is_one_key_away(desk, films):
    desk.open([films])
    first = desk.state.film.study.uid
    desk.key(Qt.Key.Key_N)
    desk.wait(lambda: desk.state.film.study.uid != first)


def test_waiting_panes_say_so_and_the_running_one_shows_its_progress(desk, films):
    desk.worker.held = True
    desk.open([films])
    desk.wait(lambda: desk.opinion.running is not None)
    number = max(desk.worker.requests)
    desk.worker.progress(number, 30, 100)
    desk.wait(lambda: desk.opinion.running.done == 30)
    assert "30 of 100" in desk.window.bottom_bar.activity.text()
    waiting = desk.panes.network_panes["visformer_s"]
    assert waiting.view.status is MapStatus.WAITING
    assert waiting.status_text() == "waiting"
    assert isinstance(desk.worker.requests[number], Explain)

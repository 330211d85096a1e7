"""How much is done for a picture: what makes dragging smooth, without a clock."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, QRect
from PySide6.QtGui import QRegion
from PySide6.QtTest import QTest

from medkd_viewer.reading import film as film_module
from medkd_viewer.reading.sampling import Sampler
from medkd_viewer.studies.pictures import images_of


class Calls:
    """Counts how often a function is called, which goes on doing what it does."""

    def __init__(self, monkeypatch, owner, name) -> None:
        self.count = 0
        function = getattr(owner, name)

        def counted(*args, **kwargs):
            self.count += 1
            return function(*args, **kwargs)

        monkeypatch.setattr(owner, name, counted)


class PaintedRegions(QObject):
    def __init__(self, panes) -> None:
        super().__init__()
        self.regions = {pane: QRegion() for pane in panes}
        for pane in panes:
            pane.installEventFilter(self)

    def eventFilter(self, watched, event) -> bool:  # noqa: N802
        if event.type() == QEvent.Type.Paint:
            self.regions[watched] += event.region()
        return False


@pytest.fixture
def panes(desk, films, qtbot):
    """Film, student and three teachers with their maps, painted."""
    desk.open([films / "ada.dcm"])
    panes = [desk.panes.film_pane, *desk.panes.network_panes.values()]
    assert len(panes) == 5
    qtbot.wait(50)
    return panes


def move_film(state, columns: float, rows: float) -> None:
    column, row = state.viewport.center
    state.set_viewport(replace(state.viewport, center=(column + columns, row + rows)))


def area(region: QRegion) -> int:
    return sum(box.width() * box.height() for box in region)


def test_dragging_the_window_computes_one_table_for_all_panes_and_samples_none(
    desk, panes, qtbot, monkeypatch
):
    tables = Calls(monkeypatch, film_module, "brightness_table")
    samples = Calls(monkeypatch, Sampler, "sample")
    painted = PaintedRegions(panes)
    desk.state.drag_window(5, 3)
    desk.wait(lambda: all(area(region) for region in painted.regions.values()))
    assert (tables.count, samples.count) == (1, 0)


def test_panes_of_one_size_share_what_they_show_of_the_film(desk, panes, monkeypatch):
    samples = Calls(monkeypatch, desk.state.film._sampler, "sample")
    painted = PaintedRegions(panes)
    move_film(desk.state, 3, 0)
    desk.wait(lambda: all(area(region) for region in painted.regions.values()))
    sizes = {(pane.width(), pane.picture_area()[3]) for pane in panes}
    assert samples.count == len(sizes) < len(panes)


def test_film_in_hand_is_decoded_once_for_its_pane_and_its_thumbnail(desk, films, monkeypatch):
    pool, decoded = desk.decoding._pool, []
    decode = pool.decode

    def noted(path, index, **how):
        decoded.append(path)
        return decode(path, index, **how)

    monkeypatch.setattr(pool, "decode", noted)
    desk.open([films / "ada.dcm"])
    thumbnails = desk.room._thumbnails
    image = images_of(desk.state.film.study)[0]
    desk.wait(lambda: thumbnails.get(image) is not None)
    assert decoded == [films / "ada.dcm"]


def test_moving_the_cross_hair_paints_no_more_than_its_surroundings(desk, panes, qtbot):
    pane = panes[0]
    QTest.mouseMove(pane, pane.rect().center())
    desk.wait(lambda: desk.state.cursor is not None)
    qtbot.wait(50)
    painted = PaintedRegions(panes)
    QTest.mouseMove(pane, pane.rect().center() + QPoint(40, 30))
    desk.wait(lambda: all(area(region) for region in painted.regions.values()))
    assert all(area(region) <= 2 * 26**2 for region in painted.regions.values())


def test_cross_hair_leaves_nothing_behind_when_the_film_moves_under_it(desk, panes, qtbot):
    pane = panes[0]
    QTest.mouseMove(pane, pane.rect().center() + QPoint(31, 17))
    desk.wait(lambda: desk.state.cursor is not None)
    move_film(desk.state, 9, 7)
    qtbot.wait(50)
    QTest.mouseMove(pane, pane.rect().center() - QPoint(60, 20))
    qtbot.wait(50)
    window = desk.window
    on_screen = window.screen().grabWindow(window.winId()).toImage()
    place = QRect(pane.mapTo(window, QPoint()), pane.size())
    painted_anew = pane.grab().toImage().convertToFormat(on_screen.format())
    assert on_screen.copy(place) == painted_anew

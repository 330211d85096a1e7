from __future__ import annotations

import pytest

from medkd_viewer.reading.arrangement import boxes_of
from medkd_viewer.reading.layouts import (
    FilmCell,
    Layout,
    NetworkCell,
    exchanged,
    filled,
    smallest_for,
)

FILM, PRIOR = FilmCell(0), FilmCell(1)
STUDENT, TEACHER, SECOND = NetworkCell("student"), NetworkCell("teacher"), NetworkCell("second")
FREE = [FilmCell(2), FilmCell(3), FilmCell(4)]
FIXED = [layout for layout in Layout if layout.cells]


def test_cells_take_films_then_student_then_teachers_then_nothing():
    wanted = [FILM, PRIOR, STUDENT, TEACHER]
    assert filled(4, {}, wanted, FREE) == wanted
    assert filled(5, {}, wanted, FREE) == [*wanted, FREE[0]]
    assert filled(1, {}, wanted, FREE) == [FILM]


def test_chosen_content_stays_in_its_cell_when_another_film_is_laid_down():
    chosen = {1: TEACHER}
    assert filled(3, chosen, [FILM, STUDENT, TEACHER], FREE) == [FILM, TEACHER, STUDENT]
    assert filled(3, chosen, [FILM, PRIOR, STUDENT, TEACHER], FREE) == [FILM, TEACHER, PRIOR]


def test_content_that_is_there_no_more_leaves_its_cell_to_the_next():
    assert filled(2, {1: SECOND}, [FILM, STUDENT], FREE) == [FILM, STUDENT]


def test_two_cells_exchange_what_they_show():
    contents = [FILM, STUDENT, TEACHER, SECOND]
    chosen = exchanged(contents, 0, TEACHER)
    assert filled(4, chosen, contents, FREE) == [TEACHER, STUDENT, FILM, SECOND]


@pytest.mark.parametrize(
    ("films", "layout"),
    [(2, Layout.TWO), (3, Layout.FOUR), (4, Layout.FOUR), (5, Layout.ONE_AND_FOUR)],
)
def test_smallest_layout_with_room_for_the_films_is_taken(films, layout):
    assert smallest_for(films) is layout


@pytest.mark.parametrize("layout", FIXED)
@pytest.mark.parametrize("size", [(320, 560), (860, 780), (1500, 700)])
def test_boxes_cover_the_area_and_never_each_other(layout, size):
    boxes = boxes_of(layout, *size)
    assert len(boxes) == layout.cells
    assert min(left for left, *_ in boxes) == min(top for _, top, *_ in boxes) == 0
    assert max(left + width for left, _, width, _ in boxes) == size[0]
    assert max(top + height for _, top, _, height in boxes) == size[1]
    for number, (left, top, width, height) in enumerate(boxes):
        for other_left, other_top, other_width, other_height in boxes[number + 1 :]:
            beside = left + width < other_left or other_left + other_width < left
            below = top + height < other_top or other_top + other_height < top
            assert beside or below


@pytest.mark.parametrize("size", [(860, 780), (1500, 700)])
def test_one_of_one_and_four_is_the_largest(size):
    first, *others = boxes_of(Layout.ONE_AND_FOUR, *size)
    assert all(first[2] * first[3] > 2 * width * height for _, _, width, height in others)


def test_layout_with_the_same_panes_stands_in_another_way(desk, films):
    desk.open([films / "ada.dcm"])
    before = [pane.geometry() for pane in desk.panes.panes]
    desk.panes.set_layout(Layout.ONE_AND_FOUR)
    assert len(desk.panes.panes) == len(before)
    assert [pane.geometry() for pane in desk.panes.panes] != before


def test_empty_desk_is_one_invitation(desk, films):
    desk.window.open_model(None)
    desk.wait(lambda: bool(desk.panes.network_panes))
    assert desk.panes.panes == [desk.panes.film_pane]
    desk.open([films / "ada.dcm"])
    assert len(desk.panes.panes) == 5

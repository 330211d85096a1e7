from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from films_in_memory import film_of, study_of
from PySide6.QtGui import QFontMetricsF

from medkd_core.imaging.frame import Spacing, SpacingBasis, Window
from medkd_viewer.reading.annotations import longest_bar
from medkd_viewer.reading.corner_room import LINE_HEIGHT, Room, fitted
from medkd_viewer.reading.corner_texts import CornerTexts, corner_texts, spacing_text
from medkd_viewer.reading.heads import head_of
from medkd_viewer.reading.look import Look
from medkd_viewer.reading.orientation import EdgeLetters, edge_letters
from medkd_viewer.reading.pane import FilmPane
from medkd_viewer.reading.scale_bar import scale_bar
from medkd_viewer.reading.state import ReadingState
from medkd_viewer.reading.viewport import PaneGeometry, flipped, turned, whole_film
from medkd_viewer.theme import ui_font

CALIBRATED = Spacing(0.5, 0.25, SpacingBasis.CALIBRATED)


def texts_in(texts: CornerTexts) -> str:
    return " ".join((*texts.top_left, *texts.top_right, *texts.bottom_left, *texts.bottom_right))


def test_corners_say_who_what_how_and_how_large():
    film = film_of(study_of(images=12), image=2, spacing=CALIBRATED)
    texts = corner_texts(film, film.first_voi, 0.5)
    assert texts.top_left == ("PHANTOM, ADA", "MK-0001 · F · 61 y")
    assert texts.top_right == ("Chest PA", "2024-06-11", "Axial 5 mm")
    assert texts.bottom_left == ("Image 3 of 12", "W 1000 L 500 · Soft")
    assert texts.bottom_right == ("Zoom 50 % · 60 × 40", "0.5 × 0.25 mm/px, calibrated")


def test_shape_of_a_pixel_alone_is_no_size_in_mm():
    shape = Spacing(0.8, 1.0, SpacingBasis.UNKNOWN, is_shape_only=True)
    assert spacing_text(shape) == "size in mm not known"


def test_window_without_a_name_has_that_of_its_key():
    film = film_of(voi=(Window(500, 1000),))
    assert "W 1000 L 500 · As acquired" in texts_in(corner_texts(film, film.first_voi, 1.0))
    assert "· Auto" in texts_in(corner_texts(film, film.presets[1].voi, 1.0))


def test_hidden_patient_is_in_no_corner():
    film = film_of()
    hidden = texts_in(corner_texts(film, film.first_voi, 1.0, patient_hidden=True))
    for word in ("PHANTOM", "ADA", "MK-0001", "61"):
        assert word not in hidden
    assert "Axial 5 mm" in hidden


def test_series_has_its_number_where_the_study_has_several():
    study = study_of()
    second = replace(study.series[0], uid="2", number=2)
    film = film_of(replace(study, series=(*study.series, second)))
    assert "Series 1 · Axial 5 mm" in texts_in(corner_texts(film, film.first_voi, 1.0))


def test_played_images_say_how_fast_they_follow():
    film = film_of(study_of(images=3))
    assert "Image 1 of 3 · 15 per second" in texts_in(corner_texts(film, None, 1.0, rate=15.0))


@pytest.mark.parametrize("width", [90, 160, 240, 320, 500])
@pytest.mark.parametrize("height", [68, 90, 150, 240, 480])
@pytest.mark.parametrize("black", [0, 0.25, 0.4])
def test_texts_never_run_into_each_other(qapp, width, height, black):
    film = film_of(spacing=CALIBRATED)
    metrics = QFontMetricsF(ui_font(12))
    room = Room(width, height, (black * width, black * width))
    texts = fitted(corner_texts(film, film.first_voi, 1.0), room, metrics)
    for left, right in (
        (texts.top_left, texts.top_right),
        (texts.bottom_left, texts.bottom_right),
    ):
        widest = sum(max(map(metrics.horizontalAdvance, side), default=0) for side in (left, right))
        assert widest <= width
    rows = max(len(texts.top_left), len(texts.top_right)) + max(
        len(texts.bottom_left), len(texts.bottom_right)
    )
    assert rows * LINE_HEIGHT <= height / 2
    assert texts.top_left[0].startswith("P")


LONG_WINDOW = (Window(1840, 3200, explanation="A very long explanation of the window"),)


@pytest.mark.parametrize(("width", "height"), [(290, 136), (285, 214), (440, 300)])
def test_small_pane_says_window_zoom_image_and_little_else(qapp, width, height):
    film = film_of(study_of(images=12), image=2, spacing=CALIBRATED, voi=LONG_WINDOW)
    metrics = QFontMetricsF(ui_font(12))
    texts = fitted(corner_texts(film, film.first_voi, 0.16), Room(width, height), metrics)
    below = " ".join((*texts.bottom_left, *texts.bottom_right))
    for words in ("Image 3 of 12", "W 3200 L 1840", "Zoom 16 %"):
        assert words in below
    assert "…" not in below


def test_texts_of_a_small_pane_leave_the_upper_edge_of_the_film_to_its_side_markers(qapp):
    film, metrics = film_of(), QFontMetricsF(ui_font(12))
    whole = corner_texts(film, film.first_voi, 1.0)
    beside = fitted(whole, Room(300, 140, (75, 75)), metrics)
    assert beside.top_left[0].startswith("PHANTOM")
    assert all(
        metrics.horizontalAdvance(line) <= 75 for line in (*beside.top_left, *beside.top_right)
    )
    over = fitted(whole, Room(300, 140, (10, 10)), metrics)
    assert (over.top_left, over.top_right) == (("PHANTOM, ADA",), ("Chest PA",))


def test_large_pane_keeps_every_text(qapp):
    film = film_of(study_of(images=12), spacing=CALIBRATED)
    texts = corner_texts(film, film.first_voi, 1.0)
    assert fitted(texts, Room(680, 640), QFontMetricsF(ui_font(12))) == texts


def test_scale_bar_fits_between_the_texts_of_a_small_pane(qapp):
    # Texts of one line above and below, and the bar with its label.
    for height in (130.0, 155.0, 228.0, 362.0):
        assert 24 < longest_bar((0.0, 0.0, 300.0, height)) < height / 2


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize(
    ("spacing", "label", "columns"),
    [
        (CALIBRATED, "5 mm, calibrated", 20),
        (Spacing(1, 1, SpacingBasis.AT_DETECTOR), "20 mm, at detector", 20),
        (Spacing(1, 1, SpacingBasis.UNKNOWN), "20 px", 20),
        (None, "20 px", 20),
    ],
)
def test_bar_has_a_round_length_and_says_how_it_is_known(spacing, turns, label, columns):
    film = film_of(shape=(50, 100), spacing=spacing)
    viewport = replace(whole_film(*film.size), quarter_turns=turns)
    geometry = PaneGeometry(viewport, film.size, (0, 0, 400, 400), film.aspect)
    bar = scale_bar(spacing, geometry, 100.0)
    assert bar.label == label
    start, end = geometry.to_pane(0, 0), geometry.to_pane(columns, 0)
    assert bar.length == pytest.approx(abs(end[0] - start[0]) + abs(end[1] - start[1]))


def test_letters_stand_on_all_four_sides_and_turn_with_the_film():
    film = film_of(orientation=("L", "PF"))
    viewport = whole_film(*film.size)
    assert edge_letters(film, viewport) == EdgeLetters("R", "AH", "L", "PF")
    assert edge_letters(film, turned(viewport)) == EdgeLetters("PF", "R", "AH", "L")
    upside_down = flipped(viewport, horizontally=False)
    assert edge_letters(film, upside_down) == EdgeLetters("R", "PF", "L", "AH")


@pytest.mark.parametrize(
    ("study", "text", "caution"),
    [
        (study_of(date="20190302"), "Prior · 2019-03-02 · Chest PA", False),
        (study_of(date="20250101"), "Later · 2025-01-01 · Chest PA", False),
        (study_of(uid="other"), "Other study · 2024-06-11 · Chest PA", False),
        (study_of(name="PHANTOM, BEN", number="MK-0002"), "Other patient", True),
        (study_of(name="PHANTOM, BEN", date="20190302"), "Same number, other name", True),
        (study_of(number="", uid="unnamed"), "Patient not known", True),
    ],
)
def test_head_says_which_examination_lies_beside_and_warns_of_another_patient(study, text, caution):
    head = head_of(film_of(study), film_of())
    assert head.text.startswith(text)
    assert head.caution is caution


def shown(pane: FilmPane) -> np.ndarray:
    image = pane.grab().toImage().convertToFormat(pane.grab().toImage().Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    return rows[:, : image.width() * 3].reshape(image.height(), image.width(), 3).astype(int)


def test_hiding_the_patient_changes_only_the_corner_with_the_name(qtbot):
    state = ReadingState(Look())
    state.show_film(film_of(shape=(60, 60)))
    pane = FilmPane(state)
    qtbot.addWidget(pane)
    pane.resize(480, 480)
    named = shown(pane)
    state.look.set_patient_hidden(True)
    rows, columns, _ = np.nonzero(named - shown(pane))
    assert rows.size > 0
    assert rows.max() < 60
    assert columns.max() < 240


def test_film_of_another_patient_has_a_head_in_the_colour_of_caution(qtbot):
    state = ReadingState(Look())
    other = film_of(study_of(name="PHANTOM, BEN", number="MK-0002"))
    state.show_film(other)
    pane = FilmPane(state)
    qtbot.addWidget(pane)
    pane.resize(300, 300)
    pane.set_head(head_of(other, film_of()))
    head = shown(pane)[4:24]
    assert (head[..., 0] - head[..., 2]).max() > 100
    assert pane.picture_area()[1] > 24


@pytest.mark.parametrize(
    ("row_mm", "column_mm", "aspect"), [(0.5, 0.25, 2.0), (1.0, 4.0, 0.25), (1000.0, 0.001, 1.0)]
)
def test_oblong_pixels_are_shown_so_unless_that_makes_no_sense(row_mm, column_mm, aspect):
    film = film_of(spacing=Spacing(row_mm, column_mm, SpacingBasis.CALIBRATED))
    assert film.aspect == pytest.approx(aspect)

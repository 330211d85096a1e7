"""A film that cannot be shown must not be taken for the one that is on the screen."""

from __future__ import annotations

import shutil
from concurrent.futures import Future

import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QLabel
from reading_desk import ReadingDesk

from medkd_core.errors import DisplayError, WorkerError
from medkd_viewer.decoding import Decoding
from medkd_viewer.findings.opinion import ModelStatus
from medkd_viewer.findings.results import MapStatus
from medkd_viewer.screenshot import write_screenshot
from medkd_viewer.studies.opener import FilmOpener


@pytest.fixture
def broken_pixels(films, tmp_path):
    """A study whose header can be read and whose pixels cannot."""
    path = tmp_path / "broken.dcm"
    path.write_bytes((films / "ben.dcm").read_bytes()[:4000])
    return path


def test_damaged_study_takes_the_film_before_it_off_the_screen(desk, films, broken_pixels):
    desk.open([films / "ada.dcm"])
    desk.window.open_paths([broken_pixels])
    desk.wait(lambda: not desk.room.is_opening)
    assert desk.state.film is None
    assert desk.opinion.prediction is None
    assert "broken.dcm" in str(desk.room.trouble)


def test_film_that_opens_later_is_no_longer_told_as_not_opened(desk, films, broken_pixels):
    desk.open([broken_pixels])
    (study,) = desk.room.library.studies.values()
    (refusal,) = desk.room.library.refused.values()
    assert str(broken_pixels.parent) not in refusal.reason
    assert "Not opened" in said_in_the_list(desk)
    broken_pixels.write_bytes((films / "ben.dcm").read_bytes())
    desk.room.open_study(study)
    desk.wait(lambda: desk.state.film is not None)
    assert not desk.room.library.refused
    assert "not opened" not in said_in_the_list(desk).lower()


@pytest.fixture
def desk_of_one_failure(qtbot, pool):
    desk = ReadingDesk(qtbot, _PoolThatFailsOnce(pool))
    yield desk
    desk.close()


def test_decoder_that_does_not_start_is_not_held_against_the_file(desk_of_one_failure, films):
    desk = desk_of_one_failure
    desk.open([films / "ada.dcm"])
    assert desk.state.film is None
    assert desk.room.library.refused == {}
    assert "Not opened, try again" in said_in_the_list(desk)
    assert desk.panes.film_pane.explanation.endswith("Try again.")
    (study,) = desk.room.library.studies.values()
    desk.room.open_study(study)
    desk.wait(lambda: desk.state.film is not None)
    assert "try again" not in said_in_the_list(desk)


def said_in_the_list(desk) -> str:
    model = desk.room.studies.model
    return "; ".join(model.index(row).data() for row in range(model.rowCount()))


class _PoolThatFailsOnce:
    """Decoders of which the first one for films does not start: the process border."""

    def __init__(self, pool) -> None:
        self._pool, self.search, self.content = pool, pool.search, pool.content
        self._failures = [WorkerError("Cannot read files", because="why", cure="Try again.")]

    def decode(self, path, index, *, background=False) -> Future:
        if background or not self._failures:
            return self._pool.decode(path, index, background=background)
        failed: Future = Future()
        failed.set_exception(self._failures.pop())
        return failed


def test_study_that_cannot_be_shown_is_not_marked_as_read(desk, films, broken_pixels):
    desk.open([broken_pixels])
    assert desk.room.library.studies
    desk.room.mark_read(True)
    assert all(desk.journal.read_at(uid) is None for uid in desk.room.library.studies)


def test_screenshot_of_a_folder_shows_the_first_film_that_opens_and_tells_of_those_before(
    desk, films, broken_pixels
):
    shutil.copy(films / "ada.dcm", broken_pixels.parent / "whole.dcm")
    desk.open([broken_pixels])
    desk.window.open_paths([broken_pixels.parent])
    picture = broken_pixels.parent / "picture.png"
    write_screenshot(desk.window, picture)
    assert "ADA" in desk.state.film.study.patient_name
    assert "broken.dcm" in desk.window.bottom_bar.activity.text()
    assert not QImage(str(picture)).isNull()


def test_screenshot_of_nothing_but_films_that_cannot_be_shown_says_why(desk, broken_pixels):
    desk.open([broken_pixels])
    picture = broken_pixels.with_name("picture.png")
    with pytest.raises(DisplayError, match=r"broken\.dcm"):
        write_screenshot(desk.window, picture)
    assert not picture.exists()


class _BusyPool:
    """Decoders that have no time yet: the process border."""

    def __init__(self) -> None:
        self.owed: list[Future] = []

    def decode(self, path, index, *, background=False) -> Future:
        self.owed.append(Future())
        return self.owed[-1]

    def close(self) -> None:
        pass


def test_films_stepped_over_are_not_decoded(desk, films):
    desk.open([films])
    pool = _BusyPool()
    opener = FilmOpener(Decoding(pool))
    for study in desk.room.library.studies.values():
        opener.open(study)
    assert [future.cancelled() for future in pool.owed] == [True, True, False]


def test_without_a_network_process_no_pane_claims_to_wait(desk, films):
    desk.open([films])
    desk.worker.die("The network process was killed.")
    desk.wait(lambda: desk.opinion.status is ModelStatus.STOPPED)
    first = desk.state.film
    desk.room.step_study(1)
    desk.wait(lambda: desk.state.film is not first)
    assert all(view.status is MapStatus.STOPPED for view in desk.opinion.views.values())


def test_panel_says_that_the_networks_are_asked_while_they_are(desk, films):
    desk.worker.silent = True
    desk.window.open_model(None)
    desk.window.open_paths([films / "ada.dcm"])
    desk.wait(lambda: desk.opinion.is_asking)
    headline = desk.room.findings.findChild(QLabel, "headline")
    assert headline.text() == "Asking the networks"


def test_narrow_pane_still_says_whose_film_it_is(desk, films):
    desk.open([films / "ada.dcm"])
    pane = desk.panes.film_pane
    pane.resize(240, 240)
    named = pane.grab().toImage()
    desk.room.look.set_texts_visible(False)
    assert pane.grab().toImage().copy(0, 0, 240, 40) != named.copy(0, 0, 240, 40)

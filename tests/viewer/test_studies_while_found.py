"""Opening, adding and closing studies in the real window while files are being looked into."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import pytest
from drawn_studies import drawn_report, drawn_series, drawn_study

from medkd_core.errors import OperationCancelled
from medkd_core.imaging.study import FoundStudies, Refusal
from medkd_viewer.decoding import Decoding
from medkd_viewer.settings import RecentFolder
from medkd_viewer.studies.intake import Intake
from medkd_viewer.studies.journal import Journal
from medkd_viewer.studies.library import Library
from medkd_viewer.studies.places import Places


class SearchedPool:
    """Searches that find what a test says, when it says so: the process border."""

    def __init__(self) -> None:
        self.searches: list = []

    def search(self, paths, found, progress) -> Future:
        self.searches.append((found, progress, Future()))
        return self.searches[-1][2]

    def close(self) -> None:
        pass


class Searching:
    def __init__(self, qtbot) -> None:
        self.pool, self.library = SearchedPool(), Library(Journal(None))
        # Held here, as the window holds it.
        self.decoding = Decoding(self.pool)
        self.intake = Intake(self.decoding, self.library)
        self.opened: list[str] = []
        self.counts: list[int | None] = []
        self.intake.first_found.connect(lambda study: self.opened.append(study.uid))
        self.intake.counted.connect(self.counts.append)
        self._qtbot = qtbot

    def find(self, *studies, refused=0, search=0) -> None:
        refusals = tuple(Refusal(Path(f"{n}.txt"), "no picture") for n in range(refused))
        before = len(self.counts)
        self.pool.searches[search][0](FoundStudies(studies, refusals))
        self._qtbot.waitUntil(lambda: len(self.counts) > before)

    def end(self, *studies, search=0) -> None:
        with self._qtbot.waitSignal(self.intake.finished):
            self.pool.searches[search][2].set_result(FoundStudies(studies, ()))


@pytest.fixture
def searching(qtbot) -> Searching:
    return Searching(qtbot)


def test_first_study_opens_while_others_are_still_looked_for(searching):
    searching.intake.look_into([Path("folder")])
    searching.find(drawn_study("1"), refused=3)
    assert searching.opened == ["1"]
    searching.find(drawn_study("2"))
    searching.end(drawn_study("1"), drawn_study("2"))
    assert searching.opened == ["1"]
    assert list(searching.library.studies) == ["1", "2"]
    assert searching.counts == [0, 5, 7, None]


def test_study_with_pictures_is_opened_before_one_of_reports(searching):
    searching.intake.look_into([Path("folder")])
    searching.find(drawn_study("1", "A", drawn_report("sr")))
    searching.find(drawn_study("2"))
    assert searching.opened == ["2"]


def test_reports_are_opened_when_there_is_nothing_else(searching):
    searching.intake.look_into([Path("folder")])
    report = drawn_study("1", "A", drawn_report("sr"))
    searching.find(report)
    searching.end(report)
    assert searching.opened == ["1"]


def test_stopped_search_keeps_what_it_found_and_finds_no_more(searching, qtbot):
    searching.intake.look_into([Path("folder")])
    searching.find(drawn_study("1"))
    found, progress, future = searching.pool.searches[0]
    searching.intake.stop()
    found(FoundStudies((drawn_study("2"),), ()))
    future.set_result(FoundStudies((drawn_study("1"), drawn_study("3")), ()))
    qtbot.wait(50)
    assert list(searching.library.studies) == ["1"]
    assert searching.counts[-1] is None
    with pytest.raises(OperationCancelled):
        progress(7)


def test_closed_study_does_not_come_back_while_its_search_runs(searching):
    searching.intake.look_into([Path("folder")])
    searching.find(drawn_study("1"), drawn_study("2"))
    searching.library.close(["1"])
    searching.intake.leave_out(["1"])
    searching.find(drawn_study("1", "A", drawn_series("late")))
    searching.end(drawn_study("1"), drawn_study("2"))
    assert list(searching.library.studies) == ["2"]


def test_second_folder_is_looked_into_at_once_and_added(searching):
    searching.intake.look_into([Path("first")])
    searching.find(drawn_study("1"))
    searching.intake.look_into([Path("second")])
    searching.find(drawn_study("2"), search=1)
    assert searching.opened == ["1", "2"]
    searching.end(drawn_study("2"), search=1)
    assert searching.intake.is_looking
    searching.end(drawn_study("1"))
    assert list(searching.library.studies) == ["1", "2"]


def test_closed_study_leaves_list_and_pane_and_its_file_stays(desk, films):
    desk.open([films])
    film = desk.state.film
    desk.room.studies.close_asked.emit((film.study.uid,))
    assert desk.state.film is None
    assert film.study.uid not in desk.room.library.studies
    assert film.address.path.exists()


def test_all_studies_closed_leave_an_empty_list(desk, films):
    desk.open([films])
    desk.room.studies.close_asked.emit(tuple(desk.room.library.studies))
    assert not desk.room.library.studies
    assert not desk.room.library.refused
    assert desk.state.film is None


def test_file_opened_on_its_own_is_among_the_recent(desk, films):
    desk.open([films / "ada.dcm"])
    desk.wait(lambda: bool(desk.window.settings.recent_folders))
    assert desk.window.settings.recent_folders[0].path == films / "ada.dcm"


def test_recent_folder_that_has_gone_says_so_and_is_forgotten(desk, tmp_path):
    said = []
    desk.room.message.connect(said.append)
    desk.window.settings.keep_folder(RecentFolder(path=tmp_path / "gone", studies=1, images=1))
    desk.room.studies.folder_chosen.emit(tmp_path / "gone")
    desk.wait(lambda: bool(said) and "is not there any more" in str(said[-1]))
    assert not desk.window.settings.recent_folders


def test_places_that_are_not_there_are_left_out(qtbot, tmp_path):
    (tmp_path / "here").mkdir()
    found: list[list[Path]] = []
    places = Places()
    places.look_for([tmp_path / "gone", tmp_path / "here"], found.append)
    qtbot.waitUntil(lambda: bool(found))
    assert found == [[tmp_path / "here"]]


def test_image_in_hand_is_counted_anew_when_more_of_its_series_is_found(desk, films):
    desk.open([films / "ada.dcm"])
    study = desk.state.film.study
    desk.room.library.add(FoundStudies((_with_another_image(study),), ()))
    desk.room.intake.grown.emit()
    assert desk.state.film.position == (2, 2)
    desk.room.opener.step(-1)
    assert desk.room.opener.position == 0


def _with_another_image(study):
    series = study.series[0]
    first = replace(series.instances[0], path=Path("earlier.dcm"), uid="earlier", number=0)
    return replace(study, series=(replace(series, instances=(first,)),))

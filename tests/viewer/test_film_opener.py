"""Which films are decoded, in which order, and which are kept; decoders are the process border."""

from __future__ import annotations

from concurrent.futures import Future
from pathlib import Path

import numpy as np
import pytest
from films_in_memory import film_of, study_of

from medkd_core.errors import UnreadableFileError
from medkd_core.imaging.frame import Frame, Photometric
from medkd_viewer.decoding import Decoding
from medkd_viewer.studies.film_cache import FilmCache
from medkd_viewer.studies.opener import FilmOpener


class HandledPool:
    """Decoders that answer when the test says so."""

    def __init__(self) -> None:
        self.owed: list[tuple[Path, Future]] = []

    def decode(self, path, index, **how) -> Future:
        self.owed.append((path, Future()))
        return self.owed[-1][1]

    def waiting(self) -> list[str]:
        return [path.stem for path, future in self.owed if not future.done()]

    def answer(self, qtbot, name: str) -> None:
        future = next(f for path, f in self.owed if path.stem == name and not f.done())
        frame = Frame(np.zeros((40, 60), np.uint16), Photometric.MONOCHROME2, 12)
        future.set_result(frame)
        qtbot.wait(1)

    def refuse(self, qtbot, name: str) -> None:
        future = next(f for path, f in self.owed if path.stem == name and not f.done())
        future.set_exception(UnreadableFileError("Cannot read", because="it is damaged"))
        qtbot.wait(1)

    def close(self) -> None:
        pass


@pytest.fixture
def pool() -> HandledPool:
    return HandledPool()


@pytest.fixture
def opened(qapp, pool):
    """An opener and the names of the films that it has shown."""
    opener = FilmOpener(Decoding(pool))
    shown: list[str] = []
    opener.opened.connect(lambda film: shown.append(film.address.path.stem))
    return opener, shown


SERIES = study_of(images=20)


def test_next_films_in_the_direction_of_the_hand_are_decoded_one_at_a_time(opened, pool, qtbot):
    opener, shown = opened
    opener.open(SERIES, 5)
    assert pool.waiting() == ["5"]
    pool.answer(qtbot, "5")
    assert shown == ["5"]
    assert pool.waiting() == ["6"]
    pool.answer(qtbot, "6")
    assert pool.waiting() == ["7"]
    assert shown == ["5"]


def test_turning_back_looks_ahead_the_other_way(opened, pool, qtbot):
    opener, shown = opened
    opener.open(SERIES, 5)
    pool.answer(qtbot, "5")
    opener.step(-1)
    pool.answer(qtbot, "4")
    assert shown == ["5", "4"]
    assert pool.waiting() == ["3"]


def test_film_that_is_being_decoded_ahead_is_not_decoded_twice(opened, pool, qtbot):
    opener, shown = opened
    opener.open(SERIES, 5)
    pool.answer(qtbot, "5")
    opener.step(1)
    assert opener.is_busy
    assert pool.waiting() == ["6"]
    pool.answer(qtbot, "6")
    assert shown == ["5", "6"]
    assert not opener.is_busy


def test_film_asked_for_comes_before_what_was_begun_ahead(opened, pool, qtbot):
    opener, _ = opened
    opener.open(SERIES, 5)
    pool.answer(qtbot, "5")
    opener.step_to_end(1)
    assert pool.waiting() == ["19"]


def test_loop_looks_ahead_over_its_end(opened, pool, qtbot):
    opener, shown = opened
    opener.open(SERIES, 18)
    for name in ("18", "19", "0"):
        pool.answer(qtbot, name)
    opener.step_around(1)
    opener.step_around(1)
    assert shown == ["18", "19", "0"]
    assert pool.waiting() == ["1"]


def test_damaged_film_ahead_is_passed_over_until_it_is_asked_for(opened, pool, qtbot):
    opener, _ = opened
    failures = []
    opener.failed.connect(lambda study, error: failures.append(error))
    opener.open(SERIES, 0)
    pool.answer(qtbot, "0")
    pool.refuse(qtbot, "1")
    assert failures == []
    opener.step(1)
    pool.refuse(qtbot, "1")
    assert len(failures) == 1


def test_films_of_one_image_each_are_stepped_through_from_end_to_end(opened, pool, qtbot):
    opener, shown = opened
    opener.open(SERIES, 18)
    pool.answer(qtbot, "18")
    opener.step(5)
    pool.answer(qtbot, "19")
    opener.step(1)
    opener.step_around(1)
    pool.answer(qtbot, "0")
    assert shown == ["18", "19", "0"]


def test_closed_opener_shows_nothing_that_comes_late(opened, pool, qtbot):
    opener, shown = opened
    opener.open(SERIES, 3)
    owed = pool.owed[0][1]
    owed.set_running_or_notify_cancel()
    opener.close()
    pool.answer(qtbot, "3")
    assert shown == []
    assert pool.waiting() == []


def test_films_kept_stay_within_their_bytes_and_the_oldest_goes():
    films = [film_of(study_of(images=9), image=n, shape=(100, 100)) for n in range(4)]
    cache = FilmCache(limit_bytes=90_000)
    for film in films[:3]:
        cache.put(film)
    cache.get(films[0].address)
    cache.put(films[3])
    assert [film.address in cache for film in films] == [True, False, True, True]


def test_film_larger_than_all_that_may_be_kept_is_kept_alone():
    small, huge = film_of(shape=(10, 10)), film_of(study_of(date="20190302"), shape=(300, 300))
    cache = FilmCache(limit_bytes=10_000)
    cache.put(small)
    cache.put(huge)
    assert huge.address in cache
    assert small.address not in cache
    assert cache.room_for(huge) == 0

"""Decoders that are killed from outside: while they start, or in the middle of a search."""

from __future__ import annotations

import math
import os
import signal
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pytest

from medkd_core.errors import WorkerError
from medkd_core.imaging.decoding.child import START_ATTEMPTS
from medkd_core.imaging.decoding.pool import BATCH, DecoderPool
from medkd_core.imaging.study import FoundStudies

pytestmark = pytest.mark.skipif(os.name != "posix", reason="processes are killed by signals")

DrawDicom = Callable[..., Path]
MANY = 4 * START_ATTEMPTS
FILM = np.arange(6000, dtype=np.uint16).reshape(60, 100)


def kill_as_they_start(pool: DecoderPool, waiting: Future[Any], most: int) -> set[int]:
    """Kill each child as soon as it is there, until the answer is or so many are dead."""
    killed: set[int] = set()
    while len(killed) < most and not waiting.done():
        for process in set(pool.process_ids()) - killed:
            os.kill(process, signal.SIGKILL)
            killed.add(process)
        time.sleep(0.001)
    return killed


def film_names(parts: Iterable[FoundStudies]) -> list[str]:
    series = (s for found in parts for study in found.studies for s in study.series)
    return sorted(instance.path.name for s in series for instance in s.instances)


def test_searcher_killed_while_it_starts_is_started_again_and_loses_nothing(
    draw_dicom: DrawDicom,
) -> None:
    films = [draw_dicom(FILM, name=f"{name}.dcm") for name in "abc"]
    with DecoderPool(searchers=1) as pool:
        searching = pool.search(films)
        killed = kill_as_they_start(pool, searching, START_ATTEMPTS - 1)
        found = searching.result()
    assert len(killed) == START_ATTEMPTS - 1
    assert film_names([found]) == ["a.dcm", "b.dcm", "c.dcm"]
    assert not found.refused


def test_film_is_shown_although_its_decoder_is_killed_while_it_starts(
    draw_dicom: DrawDicom,
) -> None:
    with DecoderPool() as pool:
        waiting = pool.decode(draw_dicom(FILM))
        assert kill_as_they_start(pool, waiting, 1)
        np.testing.assert_array_equal(waiting.result().stored, FILM)


def test_decoder_that_never_starts_is_given_up_and_what_was_found_stays(
    draw_dicom: DrawDicom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("medkd_core.imaging.decoding.pool.FOUND_INTERVAL_S", math.inf)
    films = [draw_dicom(FILM, name=f"{number:02}.dcm") for number in range(5 * BATCH)]
    told: list[FoundStudies] = []
    is_halfway, go_on = Event(), Event()

    def wait_halfway(count: int) -> None:
        if count == 2 * BATCH:
            is_halfway.set()
            go_on.wait()

    with DecoderPool(searchers=1) as pool:
        searching = pool.search(films, told.append, wait_halfway)
        is_halfway.wait()
        killed = kill_as_they_start(pool, searching, 1)
        go_on.set()
        killed |= kill_as_they_start(pool, searching, MANY)
        with pytest.raises(WorkerError, match="does not start"):
            searching.result()
    # One that was ready before it was killed is no attempt.
    assert START_ATTEMPTS <= len(killed) < MANY
    assert film_names(told)[: 2 * BATCH] == [film.name for film in films[: 2 * BATCH]]


def test_searcher_killed_in_the_middle_costs_one_file_at_most(draw_dicom: DrawDicom) -> None:
    films = [draw_dicom(FILM, name=f"{number:02}.dcm") for number in range(4 * BATCH)]

    def kill_once(count: int) -> None:
        if count == BATCH + 4:
            os.kill(pool.process_ids()[0], signal.SIGKILL)

    with DecoderPool(searchers=1) as pool:
        found = pool.search(films, progress=kill_once).result()
    refused = [refusal.path.name for refusal in found.refused]
    assert len(refused) <= 1
    assert sorted(film_names([found]) + refused) == [film.name for film in films]

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import run

import numpy as np
import pytest
from PIL import Image
from pydicom.uid import generate_uid

from medkd_core.errors import OperationCancelled, UnreadableFileError, WorkerError
from medkd_core.imaging.decoding.pool import FOUND_INTERVAL_S, DecoderPool
from medkd_core.imaging.reading import read_frame
from medkd_core.imaging.searching import merged
from medkd_core.imaging.study import FoundStudies

DrawDicom = Callable[..., Path]
FILM = np.arange(6000, dtype=np.uint16).reshape(60, 100)
posix_only = pytest.mark.skipif(os.name != "posix", reason="processes are stopped by signals")


@pytest.fixture(scope="module")
def pool() -> Iterator[DecoderPool]:
    with DecoderPool(time_limit_s=2.0) as pool:
        pool.warm()
        yield pool


def stop_child(pool: DecoderPool) -> int:
    """Make the pool's first child hang, as a hostile file would."""
    process = pool.process_ids()[0]
    os.kill(process, signal.SIGSTOP)
    return process


def shared_memory() -> set[str]:
    folder = Path("/dev/shm")
    return {file.name for file in folder.glob("medkd-*")} if folder.is_dir() else set()


def test_frame_from_a_child_is_the_frame(pool: DecoderPool, draw_dicom: DrawDicom) -> None:
    film = draw_dicom(np.stack([FILM, FILM + 1]), WindowCenter=3, WindowWidth=9)
    frame = pool.decode(film, 1).result()
    here = read_frame(film, 1)
    np.testing.assert_array_equal(frame.stored, here.stored)
    assert (frame.voi, frame.photometric) == (here.voi, here.photometric)
    assert not shared_memory()


def test_refusal_comes_back_with_its_path_and_reason(pool: DecoderPool, tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("no film")
    with pytest.raises(UnreadableFileError, match="no picture in a format") as caught:
        pool.decode(tmp_path / "notes").result()
    assert caught.value.path == tmp_path / "notes"


@posix_only
def test_file_that_takes_too_long_is_given_up(pool: DecoderPool, draw_dicom: DrawDicom) -> None:
    film = draw_dicom(FILM)
    pool.decode(film).result()
    stop_child(pool)
    waiting, next_one = pool.decode(film), pool.decode(film)
    with pytest.raises(UnreadableFileError, match="took longer than 2 s"):
        waiting.result()
    np.testing.assert_array_equal(next_one.result().stored, FILM)
    assert not shared_memory()


@posix_only
@pytest.mark.parametrize("ending", ["SIGSEGV", "SIGKILL"])
def test_crashed_decoder_is_told_and_replaced(
    pool: DecoderPool, draw_dicom: DrawDicom, ending: str
) -> None:
    film = draw_dicom(FILM)
    pool.decode(film).result()
    victim = stop_child(pool)
    waiting, next_one = pool.decode(film), pool.decode(film)
    while not waiting.running():
        time.sleep(0.01)
    time.sleep(0.1)  # for the request to reach the pipe
    os.kill(victim, getattr(signal, ending))
    os.kill(victim, signal.SIGCONT)
    with pytest.raises(UnreadableFileError, match="ends the program that decodes it"):
        waiting.result()
    np.testing.assert_array_equal(next_one.result().stored, FILM)
    assert victim not in pool.process_ids()
    assert not shared_memory()


@posix_only
def test_search_goes_on_after_a_file_that_ends_its_decoder(
    draw_dicom: DrawDicom, tmp_path: Path
) -> None:
    films = [draw_dicom(FILM, name=f"{name}.dcm") for name in "abc"]
    Image.fromarray(FILM).save(tmp_path / "d.png")
    with DecoderPool(time_limit_s=2.0, searchers=1) as pool:
        pool.decode(films[0], background=True).result()
        stop_child(pool)
        counts: list[int] = []
        found = pool.search([*films, tmp_path / "d.png"], progress=counts.append).result()
    assert len(found.studies) == 3
    assert [refusal.path.name for refusal in found.refused] == ["a.dcm"]
    assert "took longer than 2 s" in found.refused[0].reason
    assert counts == [1, 2, 3, 4]


def test_what_is_found_is_told_in_parts_that_make_up_the_whole(
    draw_dicom: DrawDicom, tmp_path: Path
) -> None:
    study = generate_uid()
    for number in range(40):
        draw_dicom(
            FILM,
            name=f"{number}.dcm",
            StudyInstanceUID=study,
            SeriesInstanceUID=study,
            InstanceNumber=number,
        )
    parts: list[FoundStudies] = []

    def note_slowly(found: FoundStudies) -> None:
        parts.append(found)
        time.sleep(FOUND_INTERVAL_S)

    with DecoderPool() as pool:
        whole = pool.search([tmp_path], found=note_slowly).result()
    assert len(parts) > 1
    told = merged(study for part in parts for study in part.studies)
    assert [i.number for i in whole.studies[0].instances] == list(range(40))
    assert told[0].instances == whole.studies[0].instances[: len(told[0].instances)]


def test_search_that_is_cancelled_ends(draw_dicom: DrawDicom, tmp_path: Path) -> None:
    films = [draw_dicom(FILM, name=f"{number}.dcm") for number in range(40)]

    def cancel(found: FoundStudies) -> None:
        raise OperationCancelled

    with DecoderPool() as pool:
        with pytest.raises(OperationCancelled):
            pool.search(films, found=cancel).result()
        assert pool.search(films[:1]).result().studies


@posix_only
def test_film_does_not_wait_for_a_search_that_hangs(draw_dicom: DrawDicom) -> None:
    film = draw_dicom(FILM)
    with DecoderPool(searchers=1) as pool:
        pool.decode(film, background=True).result()
        stop_child(pool)
        search = pool.search([film])
        np.testing.assert_array_equal(pool.decode(film).result().stored, FILM)
        assert not search.done()
    with pytest.raises(WorkerError, match="closed"):
        search.result()


def test_several_workers_answer_every_request(draw_dicom: DrawDicom) -> None:
    films = [draw_dicom(FILM + i, name=f"{i}.dcm") for i in range(12)]
    with DecoderPool(workers=2) as pool:
        frames = [pool.decode(film) for film in films]
        for i, frame in enumerate(frames):
            np.testing.assert_array_equal(frame.result().stored, FILM + i)
    assert not shared_memory()


@posix_only
def test_closing_ends_what_runs_and_cancels_what_waits(draw_dicom: DrawDicom) -> None:
    film = draw_dicom(FILM)
    pool = DecoderPool()
    pool.decode(film).result()
    stop_child(pool)
    running, waiting = pool.decode(film), pool.decode(film)
    while not running.running():
        time.sleep(0.01)
    pool.close()
    with pytest.raises(WorkerError, match="closed"):
        running.result()
    assert waiting.cancelled()
    with pytest.raises(WorkerError, match="closed"):
        pool.decode(film)
    assert pool.process_ids() == ()


def test_a_pool_that_was_never_used_starts_no_process() -> None:
    with DecoderPool() as pool:
        assert pool.process_ids() == ()


def test_leaving_without_closing_prints_nothing(tmp_path: Path, draw_dicom: DrawDicom) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from medkd_core.imaging.decoding.pool import DecoderPool\n"
        "if __name__ == '__main__':\n"
        f"    print(DecoderPool().decode({str(draw_dicom(FILM))!r}).result().rows)\n"
    )
    done = run([sys.executable, str(script)], capture_output=True, text=True, check=True)
    assert (done.stdout.strip(), done.stderr) == ("60", "")


def test_warm_pool_keeps_no_file_waiting_for_a_child_to_start():
    with DecoderPool(searchers=2) as pool:
        pool.warm()
        pool.warm_searchers()
        deadline = time.monotonic() + 60
        while len(pool.process_ids()) < 3 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert len(set(pool.process_ids())) == 3

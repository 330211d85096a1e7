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

from medkd_core.errors import UnreadableFileError, WorkerError
from medkd_core.imaging.decoders import DecoderPool
from medkd_core.imaging.reading import read_frame

DrawDicom = Callable[..., Path]
FILM = np.arange(6000, dtype=np.uint16).reshape(60, 100)
posix_only = pytest.mark.skipif(os.name != "posix", reason="processes are stopped by signals")


@pytest.fixture(scope="module")
def pool() -> Iterator[DecoderPool]:
    with DecoderPool(time_limit_s=2.0) as pool:
        pool.warm()
        yield pool


def stop_child(pool: DecoderPool) -> int:
    """Make the pool's only child hang, as a hostile file would."""
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
    with pytest.raises(UnreadableFileError, match="its decoder crashed"):
        waiting.result()
    np.testing.assert_array_equal(next_one.result().stored, FILM)
    assert victim not in pool.process_ids()
    assert not shared_memory()


@posix_only
def test_search_goes_on_after_a_file_that_ends_its_decoder(
    pool: DecoderPool, draw_dicom: DrawDicom, tmp_path: Path
) -> None:
    draw_dicom(FILM, name="a.dcm")
    draw_dicom(FILM, name="b.dcm")
    Image.fromarray(FILM).save(tmp_path / "c.png")
    counts: list[int] = []

    def hang_after_the_first(count: int) -> None:
        counts.append(count)
        if count == 1:
            stop_child(pool)

    found = pool.search([tmp_path], hang_after_the_first).result()
    assert len(found.studies) == 2
    assert [refusal.path.name for refusal in found.refused] == ["b.dcm"]
    assert "took longer than 2 s" in found.refused[0].reason
    assert counts == [1, 2, 3]


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
        "from medkd_core.imaging.decoders import DecoderPool\n"
        "if __name__ == '__main__':\n"
        f"    print(DecoderPool().decode({str(draw_dicom(FILM))!r}).result().rows)\n"
    )
    done = run([sys.executable, str(script)], capture_output=True, text=True, check=True)
    assert (done.stdout.strip(), done.stderr) == ("60", "")

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from medkd_core.errors import UnreadableFileError, WorkerError
from medkd_core.imaging.decoders import DecoderPool
from medkd_core.imaging.reading import read_frame

DrawDicom = Callable[..., Path]
FILM = np.arange(6000, dtype=np.uint16).reshape(60, 100)
posix_only = pytest.mark.skipif(os.name != "posix", reason="needs a named pipe")


@pytest.fixture(scope="module")
def pool() -> Iterator[DecoderPool]:
    with DecoderPool(time_limit_s=3.0) as pool:
        pool.warm()
        yield pool


@pytest.fixture
def stuck(tmp_path: Path) -> Iterator[Path]:
    """A file that never gives a byte."""
    path = tmp_path / "stuck"
    os.mkfifo(path)
    yield path
    path.unlink()


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
def test_file_that_takes_too_long_is_given_up(
    pool: DecoderPool, stuck: Path, draw_dicom: DrawDicom
) -> None:
    waiting = pool.decode(stuck)
    next_one = pool.decode(draw_dicom(FILM))
    with pytest.raises(UnreadableFileError, match="took longer than 3 s"):
        waiting.result()
    np.testing.assert_array_equal(next_one.result().stored, FILM)


@posix_only
def test_crashed_decoder_is_told_and_replaced(stuck: Path, draw_dicom: DrawDicom) -> None:
    with DecoderPool() as pool:
        pool.decode(draw_dicom(FILM)).result()
        victim = pool.process_ids()[0]
        waiting = pool.decode(stuck)
        next_one = pool.decode(draw_dicom(FILM))
        threading.Timer(0.3, os.kill, (victim, signal.SIGSEGV)).start()
        with pytest.raises(UnreadableFileError, match="its decoder crashed"):
            waiting.result()
        np.testing.assert_array_equal(next_one.result().stored, FILM)
        assert pool.process_ids() != (victim,)
    assert not shared_memory()


@posix_only
def test_search_goes_on_after_a_file_that_ends_its_decoder(
    pool: DecoderPool, stuck: Path, draw_dicom: DrawDicom, tmp_path: Path
) -> None:
    draw_dicom(FILM, name="a.dcm")
    Image.fromarray(FILM).save(tmp_path / "z.png")
    counts: list[int] = []
    found = pool.search([tmp_path], counts.append).result()
    assert len(found.studies) == 2
    assert [refusal.path for refusal in found.refused] == [stuck]
    assert "took longer than 3 s" in found.refused[0].reason
    assert counts == [1, 2, 3]


def test_several_workers_answer_every_request(draw_dicom: DrawDicom) -> None:
    films = [draw_dicom(FILM + i, name=f"{i}.dcm") for i in range(12)]
    with DecoderPool(workers=2) as pool:
        frames = [pool.decode(film) for film in films]
        for i, frame in enumerate(frames):
            np.testing.assert_array_equal(frame.result().stored, FILM + i)
    assert not shared_memory()


@posix_only
def test_closing_ends_what_runs_and_cancels_what_waits(stuck: Path, draw_dicom: DrawDicom) -> None:
    pool = DecoderPool()
    pool.decode(draw_dicom(FILM)).result()
    running, waiting = pool.decode(stuck), pool.decode(stuck)
    while not running.running():
        pass
    pool.close()
    with pytest.raises(WorkerError, match="closed"):
        running.result()
    assert waiting.cancelled()
    with pytest.raises(WorkerError, match="closed"):
        pool.decode(stuck)
    assert pool.process_ids() == ()


def test_a_pool_that_was_never_used_starts_no_process() -> None:
    with DecoderPool() as pool:
        assert pool.process_ids() == ()

"""Squares for training: decoded like reading does, kept on disk, and never wrong ones."""

import multiprocessing
import os
import resource
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from medkd_core.datasets.films import DecodedFilms, decode_films, load_square, load_squares
from medkd_core.datasets.phantom import draw_phantom
from medkd_core.datasets.phantom_files import write_png
from medkd_core.datasets.record import Record
from medkd_core.datasets.square_cache import SquareCache, squares_key
from medkd_core.datasets.square_file import data_file
from medkd_core.errors import DatasetError, OperationCancelled
from medkd_core.imaging.preprocessing import fitted_square, view_image
from medkd_core.imaging.reading import read_frame
from medkd_core.imaging.recipe import View

VIEW = View()
SIDE = 16


def record(path: Path, label: str = "Normal") -> Record:
    return Record(path, label, "train", path.name)


@pytest.fixture
def film(tmp_path: Path) -> Record:
    write_png(tmp_path / "film.png", draw_phantom(2, "Normal", 96))
    return record(tmp_path / "film.png")


@pytest.fixture
def cache(tmp_path: Path) -> SquareCache:
    return SquareCache(tmp_path / "cache")


@pytest.fixture
def noise(tmp_path: Path) -> list[Record]:
    """Two hundred small pictures, no two alike."""
    rng = np.random.default_rng(0)
    return [
        picture(tmp_path / f"{i}.png", rng.integers(0, 255, (9, 9), np.uint8)) for i in range(200)
    ]


def picture(path: Path, pixels: np.ndarray, label: str = "Normal") -> Record:
    Image.fromarray(pixels).save(path)
    return record(path, label)


def decode(
    records: list[Record],
    cache: SquareCache,
    *,
    skip: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> DecodedFilms:
    return decode_films(
        records, VIEW, SIDE, "bilinear", skip_unreadable=skip, progress=progress, cache=cache
    )


def one_by_one(records: list[Record]) -> np.ndarray:
    return np.stack([load_square(one, VIEW, SIDE, "bilinear") for one in records])


def folder_of(records: list[Record], cache: SquareCache) -> Path:
    return cache.folder / squares_key(records, VIEW, SIDE, "bilinear")


def test_squares_are_what_reading_gives_a_network(film: Record) -> None:
    squares = load_squares([film], VIEW, 64, "bilinear")
    read = fitted_square(view_image(read_frame(film.path), VIEW), VIEW, 64, "bilinear")
    assert squares.shape == (1, 64, 64)
    assert squares.dtype == np.uint8
    assert np.abs(squares[0] / 255 - read).max() <= 0.5 / 255 + 1e-6


def test_a_coloured_image_makes_the_whole_array_coloured(film: Record, tmp_path: Path) -> None:
    pixels = np.zeros((8, 8, 3), np.uint8)
    pixels[..., 0] = 255
    red = picture(tmp_path / "red.png", pixels)
    squares = load_squares([film, red, film], VIEW, SIDE, "bilinear")
    assert squares.shape == (3, SIDE, SIDE, 3)
    assert squares[1, 8, 8].tolist() == [255, 0, 0]
    assert np.array_equal(squares[0], squares[2])
    assert (squares[0, ..., 0] == squares[0, ..., 2]).all()


def test_colour_that_comes_late_does_too(noise: list[Record], cache: SquareCache) -> None:
    grey = decode(noise, cache).squares
    red = picture(noise[150].path, np.full((9, 9, 3), (255, 0, 0), np.uint8))
    squares = decode(noise, cache).squares
    assert squares.shape == (200, SIDE, SIDE, 3)
    assert squares[150, 8, 8].tolist() == [255, 0, 0]
    assert np.array_equal(np.delete(squares, 150, 0)[..., 1], np.delete(grey, 150, 0))
    assert np.array_equal(decode(noise, cache).squares, squares)
    assert np.array_equal(decode([red], cache).squares[0], squares[150])


def test_progress_counts_every_image(film: Record, cache: SquareCache) -> None:
    told: list[tuple[int, int]] = []
    decode([film] * 3, cache, progress=lambda *step: told.append(step))
    assert told == [(0, 3), (1, 3), (2, 3), (3, 3)]


def test_the_second_job_decodes_nothing(noise: list[Record], cache: SquareCache) -> None:
    first = decode(noise, cache)
    told: list[tuple[int, int]] = []
    second = decode(noise, cache, progress=lambda *step: told.append(step))
    assert told == [(200, 200)]
    assert np.array_equal(first.squares, second.squares)
    assert np.array_equal(second.squares, one_by_one(noise))


def test_squares_are_mapped_and_cannot_be_changed(noise: list[Record], cache: SquareCache) -> None:
    squares = decode(noise, cache).squares
    assert isinstance(squares.base, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        squares[0] = 0


def test_an_image_written_again_is_decoded_again(noise: list[Record], cache: SquareCache) -> None:
    before = decode(noise, cache).squares
    facts = noise[7].path.stat()
    noise[8].path.replace(noise[7].path)
    os.utime(noise[7].path, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    after = decode([*noise[:8], *noise[9:]], cache).squares
    assert np.array_equal(after[7], before[8])


def test_no_image_at_all_is_no_square(cache: SquareCache) -> None:
    assert decode([], cache).squares.shape == (0, SIDE, SIDE)
    assert decode([], cache).squares.shape == (0, SIDE, SIDE)


def test_cancelled_decoding_goes_on_where_it_was(noise: list[Record], cache: SquareCache) -> None:
    def stop(done: int, total: int) -> None:
        if done == 130:
            raise OperationCancelled

    with pytest.raises(OperationCancelled):
        decode(noise, cache, progress=stop)
    told: list[int] = []
    squares = decode(noise, cache, progress=lambda done, total: told.append(done)).squares
    assert told == [128, *range(129, 201)]
    assert np.array_equal(squares, one_by_one(noise))


def killed_after(records: list[Record], cache: SquareCache, images: int) -> None:
    def kill(done: int, total: int) -> None:
        if done >= images:
            os.kill(os.getpid(), signal.SIGKILL)

    process = multiprocessing.get_context("fork").Process(
        target=decode, args=(records, cache), kwargs={"progress": kill}
    )
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL


def test_killed_decoding_goes_on_and_gives_the_right_squares(
    noise: list[Record], cache: SquareCache
) -> None:
    for images in (1, 64, 65, 127, 150, 199):
        killed_after(noise, cache, images)
    told: list[int] = []
    squares = decode(noise, cache, progress=lambda done, total: told.append(done)).squares
    assert told[0] == 192
    assert np.array_equal(squares, one_by_one(noise))


@pytest.mark.slow
def test_kills_at_any_moment_leave_nothing_wrong(noise: list[Record], tmp_path: Path) -> None:
    right = one_by_one(noise)
    rng = np.random.default_rng(1)
    for number in range(5):
        cache = SquareCache(tmp_path / f"cache {number}")
        for _ in range(10):
            process = multiprocessing.get_context("fork").Process(
                target=decode, args=(noise, cache)
            )
            process.start()
            process.join(rng.uniform(0, 0.4))
            process.kill()
            process.join()
        assert np.array_equal(decode(noise, cache).squares, right)


@pytest.mark.parametrize("name", ["squares.bin", "journal.jsonl"])
def test_whatever_a_crash_leaves_is_never_taken_for_right(
    name: str, noise: list[Record], cache: SquareCache
) -> None:
    noise = noise[:100]
    right = decode(noise, cache).squares.copy()
    file = folder_of(noise, cache) / name
    whole = file.read_bytes()
    rng = np.random.default_rng(3)
    for place in rng.integers(0, len(whole), 2):
        torn, flipped = whole[:place], bytearray(whole)
        flipped[place] ^= 1
        for damaged in (torn, bytes(flipped), torn + b"\0" * 40, b""):
            file.write_bytes(damaged)
            assert np.array_equal(decode(noise, cache).squares, right)


def test_what_one_process_has_mapped_survives_a_new_start(
    noise: list[Record], cache: SquareCache
) -> None:
    mapped = decode(noise, cache).squares
    right = mapped.copy()
    data = data_file(folder_of(noise, cache))
    copy = bytearray(data.read_bytes())
    copy[5] ^= 1
    data.unlink()
    data.write_bytes(copy)
    again = decode(noise, cache).squares
    assert np.array_equal(again, right)
    assert np.array_equal(mapped, right)


def test_two_processes_decode_once(noise: list[Record], cache: SquareCache, tmp_path: Path) -> None:
    decoded = tmp_path / "decoded"

    def count(done: int, total: int) -> None:
        with decoded.open("a") as file:
            file.write(f"{os.getpid()} {done}\n")

    context = multiprocessing.get_context("fork")
    both = [
        context.Process(target=decode, args=(noise, cache), kwargs={"progress": count})
        for _ in range(2)
    ]
    for process in both:
        process.start()
    for process in both:
        process.join()
        assert process.exitcode == 0
    lines = decoded.read_text().splitlines()
    assert sum(line.endswith(" 77") for line in lines) == 1
    assert np.array_equal(decode(noise, cache).squares, one_by_one(noise))


def test_the_oldest_set_makes_room(noise: list[Record], tmp_path: Path) -> None:
    square = SIDE * SIDE
    cache = SquareCache(tmp_path / "cache", limit_bytes=250 * square)
    first, second, third = noise[:100], noise[50:150], noise[100:200]
    for age, records in ((300, first), (200, second)):
        decode(records, cache)
        file = data_file(folder_of(records, cache))
        os.utime(file, (file.stat().st_atime - age, file.stat().st_mtime - age))
    mapped = decode(first, cache).squares
    decode(third, cache)
    assert folder_of(first, cache).is_dir()
    assert not folder_of(second, cache).exists()
    assert np.array_equal(mapped, one_by_one(first))


def test_a_set_that_is_being_filled_is_not_removed(noise: list[Record], tmp_path: Path) -> None:
    cache = SquareCache(tmp_path / "cache", limit_bytes=1)
    key = squares_key(noise[:2], VIEW, SIDE, "bilinear")
    with cache.locked(key, lambda folder: None) as folder:
        folder.mkdir()
        data_file(folder).write_bytes(b"x" * 100)
        decode(noise[2:4], cache)
        assert data_file(folder).exists()


def test_without_a_folder_for_it_the_squares_are_in_memory(
    noise: list[Record], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    decoded = decode(noise[:5], SquareCache(tmp_path / "file" / "cache"))
    assert np.array_equal(decoded.squares, one_by_one(noise[:5]))
    assert not decoded.squares.flags.writeable
    assert "held in memory" in decoded.notes[0]
    assert "Not a directory" in decoded.notes[0]


def test_a_disk_that_fills_up_is_told_and_costs_nothing_else(
    noise: list[Record], cache: SquareCache
) -> None:
    # A limit of the system's, that a file larger than 100 squares runs into.
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100 * SIDE * SIDE, limits[1]))
    try:
        decoded = decode(noise, cache)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "File too large" in decoded.notes[0]
    assert np.array_equal(decoded.squares, one_by_one(noise))
    assert np.array_equal(decode(noise, cache).squares, decoded.squares)


def test_more_than_the_disk_holds_is_not_begun(noise: list[Record], cache: SquareCache) -> None:
    cache.folder.mkdir()
    with pytest.raises(OSError, match="No space left"):
        cache.make_room("key", 2**60)


def break_file(film: Record) -> None:
    film.path.write_bytes(film.path.read_bytes()[:40])


def test_damaged_image_is_named(noise: list[Record], cache: SquareCache) -> None:
    break_file(noise[3])
    with pytest.raises(DatasetError, match=r"3\.png.*take it out.*skip_unreadable"):
        decode(noise, cache)


def test_damaged_images_are_left_out_counted_and_listed(
    noise: list[Record], cache: SquareCache
) -> None:
    right = one_by_one(noise)
    for position in (0, 70, 199):
        break_file(noise[position])
    for _ in range(2):
        decoded = decode(noise, cache, skip=True)
        assert np.array_equal(decoded.squares, np.delete(right, [0, 70, 199], 0))
        assert np.array_equal(decoded.kept, np.delete(np.arange(200), [0, 70, 199]))
        assert [refusal.path.name for refusal in decoded.unreadable] == [
            "0.png",
            "70.png",
            "199.png",
        ]
        assert all(refusal.reason for refusal in decoded.unreadable)
    with pytest.raises(DatasetError, match=r"/0\.png"):
        decode(noise, cache)


def test_an_image_that_can_be_read_again_is_taken_in(
    noise: list[Record], cache: SquareCache
) -> None:
    right = one_by_one(noise)
    # The key holds the file's times, so a drive that was away is played by the very same file.
    hidden = noise[70].path.with_suffix(".away")
    missing = [*noise[:70], record(hidden), *noise[71:]]
    assert len(decode(missing, cache, skip=True).squares) == 199
    noise[70].path.rename(hidden)
    folder_before = folder_of(missing, cache)
    assert np.array_equal(decode(missing, cache, skip=True).squares, right)
    assert folder_before.is_dir()


def test_a_class_that_cannot_be_read_at_all_is_refused(
    noise: list[Record], cache: SquareCache, tmp_path: Path
) -> None:
    other = picture(tmp_path / "other.png", np.zeros((9, 9), np.uint8), "COVID-19")
    break_file(other)
    with pytest.raises(DatasetError, match=r"no image of class COVID-19 can be read.*other\.png"):
        decode([*noise, other], cache, skip=True)

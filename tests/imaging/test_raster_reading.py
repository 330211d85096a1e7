from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from medkd_core.errors import UnreadableFileError
from medkd_core.imaging import raster
from medkd_core.imaging.display import display_bytes
from medkd_core.imaging.frame import Photometric
from medkd_core.imaging.reading import read_frame, read_instance

RANDOM = np.random.default_rng(11)
GREY = RANDOM.integers(0, 200, (13, 21)).astype(np.uint8)


def test_8_bit_grey_is_shown_as_stored(tmp_path: Path) -> None:
    path = tmp_path / "film.png"
    Image.fromarray(GREY).save(path)
    frame = read_frame(path)
    assert frame.photometric is Photometric.MONOCHROME2
    np.testing.assert_array_equal(display_bytes(frame), GREY)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_16_bit_grey_is_read_exactly(tmp_path: Path, suffix: str) -> None:
    deep = RANDOM.integers(0, 65536, (9, 7)).astype(np.uint16)
    path = tmp_path / f"film{suffix}"
    Image.fromarray(deep).save(path)
    frame = read_frame(path)
    assert frame.stored.dtype == np.uint16
    np.testing.assert_array_equal(frame.stored, deep)


def test_big_endian_tiff_has_this_machines_byte_order(tmp_path: Path) -> None:
    deep = Image.frombytes("I;16B", (2, 1), b"\x01\x00\x00\x02")
    deep.save(tmp_path / "film.tif")
    frame = read_frame(tmp_path / "film.tif")
    assert frame.stored.dtype.isnative
    assert frame.stored.tolist() == [[256, 2]]


def test_float_tiff_is_read(tmp_path: Path) -> None:
    values = RANDOM.normal(size=(4, 5)).astype(np.float32)
    Image.fromarray(values).save(tmp_path / "film.tif")
    np.testing.assert_array_equal(read_frame(tmp_path / "film.tif").stored, values)


def test_single_bits_are_black_and_white(tmp_path: Path) -> None:
    Image.fromarray(GREY > 100).save(tmp_path / "mask.png")
    assert set(np.unique(read_frame(tmp_path / "mask.png").stored)) == {0, 255}


def test_palette_becomes_rgb(tmp_path: Path) -> None:
    picture = Image.new("RGB", (4, 4), (10, 200, 30)).quantize(4)
    picture.save(tmp_path / "picture.png")
    frame = read_frame(tmp_path / "picture.png")
    assert frame.photometric is Photometric.RGB
    assert frame.stored[0, 0].tolist() == [10, 200, 30]


@pytest.mark.parametrize(("mode", "color"), [("RGBA", (200, 100, 50, 0)), ("LA", (200, 0))])
def test_transparent_pixels_are_black(tmp_path: Path, mode: str, color: tuple[int, ...]) -> None:
    picture = Image.new(mode, (4, 2), color)
    picture.putpixel((0, 0), (*color[:-1], 255))
    picture.save(tmp_path / "picture.png")
    stored = read_frame(tmp_path / "picture.png").stored
    assert np.all(stored[0, 0] == (color[:-1] if mode == "RGBA" else color[0]))
    assert not stored[1].any()


def test_half_transparent_pixels_are_half_as_bright(tmp_path: Path) -> None:
    Image.new("LA", (1, 1), (200, 128)).save(tmp_path / "picture.png")
    assert read_frame(tmp_path / "picture.png").stored.item() == pytest.approx(100, abs=1)


def test_exif_orientation_is_respected(tmp_path: Path) -> None:
    picture = Image.fromarray(GREY)
    exif = Image.Exif()
    exif[0x0112] = 6
    picture.save(tmp_path / "photo.png", exif=exif)
    np.testing.assert_array_equal(read_frame(tmp_path / "photo.png").stored, np.rot90(GREY, -1))
    instance = read_instance(tmp_path / "photo.png").instances[0]
    assert (instance.rows, instance.columns) == (21, 13)


def test_pages_of_a_tiff_are_frames(tmp_path: Path) -> None:
    pages = [Image.fromarray(np.full((3, 4), value, np.uint8)) for value in (1, 2, 3)]
    pages[0].save(tmp_path / "pages.tif", save_all=True, append_images=pages[1:])
    assert read_instance(tmp_path / "pages.tif").instances[0].frames == 3
    assert (read_frame(tmp_path / "pages.tif", 2).stored == 3).all()
    with pytest.raises(UnreadableFileError, match="no picture 4"):
        read_frame(tmp_path / "pages.tif", 3)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif"])
def test_truncated_picture_is_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"film{suffix}"
    Image.fromarray(RANDOM.integers(0, 255, (99, 99)).astype(np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(UnreadableFileError, match="Cannot read"):
        read_frame(path)


def test_absurdly_large_picture_is_refused_undecoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(raster, "LARGEST_PIXELS", 100)
    Image.fromarray(GREY).save(tmp_path / "film.png")
    for read in (read_frame, read_instance):
        with pytest.raises(UnreadableFileError, match="13 x 21"):
            read(tmp_path / "film.png")


def test_decompression_bomb_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.png"
    Image.fromarray(GREY).save(path)
    whole = bytearray(path.read_bytes())
    whole[16:24] = (50_000).to_bytes(4, "big") * 2
    import zlib

    whole[29:33] = zlib.crc32(bytes(whole[12:29])).to_bytes(4, "big")
    path.write_bytes(whole)
    with pytest.raises(UnreadableFileError, match="more pixels than"):
        read_frame(path)


def test_picture_is_a_study_of_its_own(tmp_path: Path) -> None:
    Image.fromarray(GREY).save(tmp_path / "film 1.jpg")
    study = read_instance(tmp_path / "film 1.jpg")
    assert study.patient_name == "film 1.jpg"
    assert study.series[0].modality == "OT"

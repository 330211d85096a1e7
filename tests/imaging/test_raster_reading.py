from __future__ import annotations

import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, TiffImagePlugin, TiffTags

from medkd_core.errors import UnreadableFileError
from medkd_core.imaging.display.chain import display_bytes
from medkd_core.imaging.frame import Photometric
from medkd_core.imaging.raster import reader
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
    monkeypatch.setattr(reader, "LARGEST_PIXELS", 100)
    Image.fromarray(GREY).save(tmp_path / "film.png")
    for read in (read_frame, read_instance):
        with pytest.raises(UnreadableFileError, match="13 x 21"):
            read(tmp_path / "film.png")


def test_decompression_bomb_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.png"
    Image.fromarray(GREY).save(path)
    whole = bytearray(path.read_bytes())
    whole[16:24] = (50_000).to_bytes(4, "big") * 2
    whole[29:33] = zlib.crc32(bytes(whole[12:29])).to_bytes(4, "big")
    path.write_bytes(whole)
    with pytest.raises(UnreadableFileError, match="more pixels than"):
        read_frame(path)


def test_picture_is_a_study_of_its_own(tmp_path: Path) -> None:
    Image.fromarray(GREY).save(tmp_path / "film 1.jpg")
    study = read_instance(tmp_path / "film 1.jpg")
    assert study.patient_name == "film 1.jpg"
    assert study.series[0].modality == "OT"


def save_tiff(path: Path, pixels: np.ndarray, **tags: int) -> Path:
    """Write pixels that Pillow cannot, uncompressed, with tags by their names in TIFF 6.0."""
    rows, columns = pixels.shape[:2]
    samples = pixels.shape[2] if pixels.ndim == 3 else 1
    fields = {
        "ImageWidth": columns,
        "ImageLength": rows,
        "BitsPerSample": [8 * pixels.dtype.itemsize] * samples,
        "Compression": 1,
        "PhotometricInterpretation": 2 if samples == 3 else 1,
        "StripOffsets": 0,
        "SamplesPerPixel": samples,
        "RowsPerStrip": rows,
        "StripByteCounts": pixels.nbytes,
        "SampleFormat": [{"u": 1, "i": 2, "f": 3}[pixels.dtype.kind]] * samples,
        **tags,
    }
    numbers = {tag.name: number for number, tag in TiffTags.TAGS_V2.items()}
    directory = TiffImagePlugin.ImageFileDirectory_v2()
    for name, value in fields.items():
        directory[numbers[name]] = value
    with path.open("wb") as file:
        file.write(b"II*\0\x08\0\0\0")
        directory.save(file)  # counts the strip's offset from its own end
        file.write(pixels.tobytes())
    return path


@pytest.mark.parametrize("kind", ["u1", "i1", "u2", "i2", "u4", "i4", "f4"])
def test_grey_of_every_kind_is_read_exactly(tmp_path: Path, kind: str) -> None:
    values = RANDOM.integers(0, 256, (6, 4 * np.dtype(kind).itemsize)).astype("u1").view(kind)
    pixels = RANDOM.normal(size=(6, 4)).astype("f4") if kind == "f4" else values
    stored = read_frame(save_tiff(tmp_path / "film.tif", pixels)).stored
    assert stored.dtype == kind
    np.testing.assert_array_equal(stored, pixels)


def test_film_whose_white_is_zero_is_shown_the_right_way_round(tmp_path: Path) -> None:
    deep = np.array([[0, 30000, 65535]], np.uint16)
    inverted = save_tiff(tmp_path / "deep.tif", deep, PhotometricInterpretation=0)
    assert display_bytes(read_frame(inverted)).tolist() == [[255, 138, 0]]
    flat = save_tiff(
        tmp_path / "flat.tif", np.array([[0, 100, 255]], np.uint8), PhotometricInterpretation=0
    )
    assert display_bytes(read_frame(flat)).tolist() == [[255, 155, 0]]


DEEP_COLOUR = RANDOM.integers(0, 65536, (13, 21, 3)).astype(np.uint16)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_16_bit_colour_is_read_exactly(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"picture{suffix}"
    cv2.imwrite(str(path), DEEP_COLOUR[..., ::-1])
    frame = read_frame(path)
    assert (frame.photometric, frame.bits_stored) == (Photometric.RGB, 16)
    np.testing.assert_array_equal(frame.stored, DEEP_COLOUR)


def test_transparent_16_bit_colour_is_black(tmp_path: Path) -> None:
    layer = np.dstack([DEEP_COLOUR, np.zeros_like(DEEP_COLOUR[..., 0])])
    layer[0, 0, 3] = 65535
    cv2.imwrite(str(tmp_path / "picture.png"), layer)
    stored = read_frame(tmp_path / "picture.png").stored
    np.testing.assert_array_equal(stored[0, 0], DEEP_COLOUR[0, 0, ::-1])
    assert not stored[1:].any()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_16_bit_colour_is_turned_upright(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    flat = (DEEP_COLOUR >> 8).astype(np.uint8)
    Image.fromarray(flat).save(tmp_path / "flat.png", exif=exif)
    expected = read_frame(tmp_path / "flat.png").stored
    cv2.imwrite(str(tmp_path / "deep.png"), DEEP_COLOUR[..., ::-1])
    deep = (tmp_path / "deep.png").read_bytes()
    chunk = b"eXIf" + exif.tobytes().removeprefix(b"Exif\0\0")
    framed = (len(chunk) - 4).to_bytes(4, "big") + chunk + zlib.crc32(chunk).to_bytes(4, "big")
    (tmp_path / "deep.png").write_bytes(deep[:33] + framed + deep[33:])
    np.testing.assert_array_equal(read_frame(tmp_path / "deep.png").stored >> 8, expected)


def test_kind_of_tiff_that_is_not_read_is_told_with_a_cure(tmp_path: Path) -> None:
    planes = save_tiff(tmp_path / "planes.tif", DEEP_COLOUR, PlanarConfiguration=2)
    doubles = save_tiff(tmp_path / "doubles.tif", np.zeros((3, 4)))
    for path in (planes, doubles):
        with pytest.raises(UnreadableFileError, match="Save it anew"):
            read_frame(path)


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_deflate", "packbits", None])
@pytest.mark.parametrize("pixels", [GREY, GREY.astype(np.uint16) * 300, GREY.astype(np.float32)])
def test_compressed_tiff_is_read_exactly(
    tmp_path: Path, compression: str | None, pixels: np.ndarray
) -> None:
    Image.fromarray(pixels).save(tmp_path / "film.tif", compression=compression)
    np.testing.assert_array_equal(read_frame(tmp_path / "film.tif").stored, pixels)


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("progressive", [False, True])
def test_jpeg_of_every_kind_is_read(tmp_path: Path, mode: str, progressive: bool) -> None:
    ramp = np.add.outer(np.arange(40) * 3, np.arange(50) * 2).astype(np.uint8)
    colour = np.stack([ramp, ramp[::-1], 255 - ramp], -1)
    picture = Image.fromarray(colour).convert(mode)
    options = {} if mode == "L" else {"subsampling": 0}
    picture.save(tmp_path / "picture.jpg", quality=97, progressive=progressive, **options)
    expected = np.array(picture if mode == "L" else picture.convert("RGB"))
    np.testing.assert_allclose(read_frame(tmp_path / "picture.jpg").stored, expected, atol=14)

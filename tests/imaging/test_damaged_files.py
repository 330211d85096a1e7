"""Files damaged in many ways: each is shown or refused in a sentence, and nothing hangs."""

from __future__ import annotations

import random
import re
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread
from pydicom.uid import (
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
)

from medkd_core.errors import UnreadableFileError
from medkd_core.imaging.decoding.pool import DecoderPool
from medkd_core.imaging.frame import LookupTable
from medkd_core.imaging.reading import read_entry, read_frame
from medkd_core.imaging.study import Study

DrawDicom = Callable[..., Path]
Damage = Callable[[random.Random, bytes], bytes]
SEED = 20261124
VARIANTS = 1500
NOISE = np.random.default_rng(3).integers(0, 4096, (32, 40)).astype(np.uint16)
PREFIX = bytes(128) + b"DICM"
EXPLICIT = b"1.2.840.10008.1.2.1\0"
UNDEFINED = b"\xff\xff\xff\xff"
ITEM, ITEM_END, SEQUENCE_END = b"\xfe\xff\x00\xe0", b"\xfe\xff\x0d\xe0", b"\xfe\xff\xdd\xe0"


def truncated(chance: random.Random, whole: bytes) -> bytes:
    return whole[: chance.randrange(1, len(whole))]


def with_wrong_bytes(chance: random.Random, whole: bytes) -> bytes:
    damaged = bytearray(whole)
    for _ in range(chance.choice((1, 3, 30))):
        damaged[chance.randrange(len(damaged))] = chance.randrange(256)
    return bytes(damaged)


def with_a_gap(chance: random.Random, whole: bytes) -> bytes:
    start = chance.randrange(len(whole))
    return whole[:start] + whole[start + chance.choice((1, 2, 100)) :]


def with_a_lying_element(chance: random.Random, whole: bytes) -> bytes:
    """A wrong value representation, length or value where the header describes the picture."""
    element = chance.choice((0x02, 0x04, 0x06, 0x08, 0x10, 0x11, 0x100, 0x101, 0x102, 0x103))
    start = whole.find(struct.pack("<HH", 0x28, element))
    if start < 0:
        return with_wrong_bytes(chance, whole)
    damaged = bytearray(whole)
    at, value = chance.choice(
        (
            (4, chance.choice((b"SQ", b"UN", b"DS", b"ZZ"))),
            (6, struct.pack("<H", chance.choice((0, 1, 3, 65535)))),
            (8, struct.pack("<H", chance.choice((0, 1, 3, 7, 255, 32768, 65535)))),
            (8, b"NaN\\-1\\ "),
        )
    )
    damaged[start + at : start + at + len(value)] = value
    return bytes(damaged)


def with_another_syntax(chance: random.Random, whole: bytes) -> bytes:
    ending = chance.choice(("", ".2", ".1.99", ".4.50", ".4.70", ".4.80", ".4.90", ".5", ".4.100"))
    other = f"1.2.840.10008.1.2{ending}".encode().ljust(20, b"\0")
    return re.sub(rb"1\.2\.840\.10008\.1\.2(\.\d+)*\0?", other[:20], whole, count=1)


@pytest.fixture
def sound_files(draw_dicom: DrawDicom, tmp_path: Path) -> list[bytes]:
    files = [draw_dicom(NOISE), draw_dicom(np.stack([NOISE] * 3), name="frames.dcm")]
    for syntax in (RLELossless, JPEGLSLossless, JPEG2000Lossless):
        path = draw_dicom(NOISE, name=f"{syntax.keyword}.dcm", BitsStored=12, HighBit=11)
        header = dcmread(path)
        header.compress(syntax, encoding_plugin="pydicom" if syntax is RLELossless else "")
        header.save_as(path)
        files.append(path)
    for suffix in ("png", "jpg", "tif"):
        files.append(tmp_path / f"picture.{suffix}")
        Image.fromarray((NOISE >> 4).astype(np.uint8)).save(files[-1])
    return [path.read_bytes() for path in files]


def damaged_variants(sound_files: list[bytes]) -> Iterator[bytes]:
    chance = random.Random(SEED)
    ways: tuple[Damage, ...] = (
        truncated,
        with_wrong_bytes,
        with_a_gap,
        with_a_lying_element,
        with_another_syntax,
    )
    for _ in range(VARIANTS):
        yield chance.choice(ways)(chance, chance.choice(sound_files))


@pytest.mark.slow
def test_every_damaged_file_is_shown_or_refused_in_a_sentence(
    sound_files: list[bytes], tmp_path: Path
) -> None:
    path = tmp_path / "damaged"
    with DecoderPool(time_limit_s=20, searchers=1) as pool:
        for variant in damaged_variants(sound_files):
            path.write_bytes(variant)
            found = pool.search([path]).result()
            reasons = [refusal.reason for refusal in found.refused]
            try:
                pool.decode(path).result()
            except UnreadableFileError as error:
                reasons.append(error.because)
            assert reasons or found.studies
            for reason in reasons:
                assert re.match(r"[a-z]", reason), reason
                assert reason.isprintable(), reason
                assert "longer than" not in reason
                assert "b'" not in reason, reason


def element(group: int, number: int, representation: bytes, value: bytes) -> bytes:
    tag = struct.pack("<HH", group, number) + representation
    if representation in (b"OW", b"SQ", b"UT"):
        return tag + struct.pack("<HI", 0, len(value)) + value
    return tag + struct.pack("<H", len(value)) + value


def hand_written(before_the_pixels: bytes, photometric: bytes = b"MONOCHROME2 ") -> bytes:
    """An 8 x 8 film with anything else in its header."""
    numbers = {0x10: 8, 0x11: 8, 0x100: 16, 0x101: 16, 0x102: 15, 0x103: 0}
    return (
        PREFIX
        + element(0x02, 0x10, b"UI", EXPLICIT)
        + element(0x28, 0x02, b"US", b"\1\0")
        + element(0x28, 0x04, b"CS", photometric)
        + b"".join(
            element(0x28, number, b"US", struct.pack("<H", value))
            for number, value in numbers.items()
        )
        + before_the_pixels
        + element(0x7FE0, 0x10, b"OW", bytes(128))
    )


def test_sequences_nested_ten_thousand_deep_are_refused(tmp_path: Path) -> None:
    opening = b"\x40\x00\x30\xa7SQ\0\0" + UNDEFINED + ITEM + UNDEFINED
    closing = ITEM_END + bytes(4) + SEQUENCE_END + bytes(4)
    path = tmp_path / "deep"
    path.write_bytes(hand_written(opening * 10_000 + closing * 10_000))
    with pytest.raises(UnreadableFileError, match="damaged"):
        read_entry(path)


def test_palette_that_would_write_out_for_ever_is_refused(tmp_path: Path) -> None:
    segments = struct.pack("<HHH", 0, 1, 0) + struct.pack("<HHH", 1, 65535, 5) * 1000
    repeated = segments[:12] + struct.pack("<HHHH", 2, 60000, 0, 0) * 1000
    descriptors = b"".join(
        element(0x28, 0x1101 + i, b"US", struct.pack("<HHH", 0, 0, 16)) for i in range(3)
    )
    for table in (segments, repeated):
        tables = b"".join(element(0x28, 0x1221 + i, b"OW", table) for i in range(3))
        path = tmp_path / "palette"
        path.write_bytes(hand_written(descriptors + tables, b"PALETTE COLOR "))
        with pytest.raises(UnreadableFileError, match="palette is missing or damaged"):
            read_frame(path)


@pytest.mark.parametrize("value", [b"NaN ", b"inf\\", b"1e99", b"\\\\\\\\", b"    ", b"-1\\x"])
def test_windows_that_are_no_numbers_leave_the_film_to_be_shown(
    tmp_path: Path, value: bytes
) -> None:
    window = element(0x28, 0x1050, b"DS", value) + element(0x28, 0x1051, b"DS", value)
    path = tmp_path / "film"
    path.write_bytes(hand_written(window + element(0x28, 0x1053, b"DS", value)))
    assert read_frame(path).stored.shape == (8, 8)


def test_a_name_in_a_damaged_value_is_in_no_message(tmp_path: Path) -> None:
    path = tmp_path / "film"
    path.write_bytes(
        PREFIX
        + element(0x02, 0x10, b"FD", b"Secret^Name")
        + element(0x10, 0x10, b"FD", b"Secret^Name")
    )
    with pytest.raises(UnreadableFileError) as caught:
        read_entry(path)
    assert "Secret" not in str(caught.value)


@pytest.mark.parametrize(
    "odd",
    [
        element(0x28, 0x3000, b"LO", b"text"),
        element(0x28, 0x3010, b"LO", b"text"),
        element(0x5200, 0x9229, b"LO", b"text"),
        element(0x20, 0x13, b"FD", struct.pack("<d", float("inf"))),
    ],
)
def test_an_element_of_a_wrong_kind_leaves_the_film_to_be_shown(tmp_path: Path, odd: bytes) -> None:
    path = tmp_path / "film"
    path.write_bytes(hand_written(odd))
    assert isinstance(read_entry(path), Study)
    assert read_frame(path).stored.shape == (8, 8)


@pytest.mark.parametrize(
    ("descriptor", "data"),
    [
        (element(0x28, 0x3002, b"FD", struct.pack("<3d", float("nan"), 0, 16)), b"\1\2" * 9),
        (element(0x28, 0x3002, b"FD", struct.pack("<3d", float("inf"), 0, 16)), b"\1\2" * 9),
        (element(0x28, 0x3002, b"US", struct.pack("<3H", 9, 0, 16)), b""),
    ],
)
def test_a_damaged_table_leaves_the_film_to_be_shown(
    tmp_path: Path, descriptor: bytes, data: bytes
) -> None:
    table = descriptor + element(0x28, 0x3006, b"OW", data)
    item = ITEM + struct.pack("<I", len(table)) + table
    path = tmp_path / "film"
    path.write_bytes(hand_written(element(0x28, 0x3010, b"SQ", item)))
    assert read_frame(path).voi == ()


def test_a_table_that_is_cut_short_keeps_its_words(tmp_path: Path) -> None:
    table = element(0x28, 0x3002, b"US", struct.pack("<3H", 9, 0, 16)) + element(
        0x28, 0x3006, b"OW", struct.pack("<6H", *range(1000, 7000, 1000))
    )
    item = ITEM + struct.pack("<I", len(table)) + table
    path = tmp_path / "film"
    path.write_bytes(hand_written(element(0x28, 0x3010, b"SQ", item)))
    (found,) = read_frame(path).voi
    assert isinstance(found, LookupTable)
    assert found.values.tolist() == [1000, 2000, 3000, 4000, 5000, 6000]

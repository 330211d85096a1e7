from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import run

import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread

from medkd_core.errors import UnreadableFileError
from medkd_core.imaging.dicom.codestream import codestream_shape
from medkd_core.imaging.reading import read_frame, read_instance

DrawDicom = Callable[..., Path]
FILM = np.arange(30, dtype=np.uint16).reshape(5, 6)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b"a letter to a friend\n" * 20, "no picture in a format"),
        (b"\x00" * 500, "no picture in a format"),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 50, "it is damaged, or"),
        (b"\xff\xd8\xff\xe0" + b"\x00" * 50, "it is damaged, or"),
        (b"\x00" * 128 + b"DICM", "holds nothing that is known"),
        (b"\x00" * 128 + b"DICM" + bytes(range(256)) * 8, "nothing that is known|cut short"),
    ],
)
def test_files_that_are_no_picture_are_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "film.dcm"
    path.write_bytes(content)
    for read in (read_frame, read_instance):
        with pytest.raises(UnreadableFileError, match=reason) as caught:
            read(path)
        assert caught.value.path == path


def test_missing_file_and_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="no such file"):
        read_frame(tmp_path / "absent.dcm")
    with pytest.raises(UnreadableFileError, match="it is a folder"):
        read_frame(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UnreadableFileError, match="no ordinary file"):
        read_frame(tmp_path / "pipe")


def test_content_counts_and_not_the_name(tmp_path: Path, draw_dicom: DrawDicom) -> None:
    film = draw_dicom(FILM, name="film.png")
    np.testing.assert_array_equal(read_frame(film).stored, FILM)
    picture = tmp_path / "picture.dcm"
    Image.fromarray(FILM).save(picture, format="PNG")
    np.testing.assert_array_equal(read_frame(picture).stored, FILM)


def test_dicom_with_another_formats_preamble_is_dicom(draw_dicom: DrawDicom) -> None:
    film = draw_dicom(FILM)
    film.write_bytes(b"II*\x00".ljust(128, b"\0") + film.read_bytes()[128:])
    np.testing.assert_array_equal(read_frame(film).stored, FILM)


def test_dicom_without_preamble_and_meta_header_is_read(draw_dicom: DrawDicom) -> None:
    film = draw_dicom(FILM)
    header = dcmread(film)
    del header.file_meta
    header.save_as(film, implicit_vr=True, little_endian=True, enforce_file_format=False)
    np.testing.assert_array_equal(read_frame(film).stored, FILM)


@pytest.mark.parametrize("quality", [20, 95])
@pytest.mark.parametrize("kind", ["JPEG", "JPEG2000"])
@pytest.mark.parametrize(("mode", "components"), [("L", 1), ("RGB", 3)])
def test_size_and_components_are_read_from_the_compressed_stream(
    tmp_path: Path, kind: str, quality: int, mode: str, components: int
) -> None:
    path = tmp_path / "picture"
    Image.new(mode, (37, 21)).save(path, format=kind, quality=quality, progressive=quality > 50)
    assert codestream_shape(path.read_bytes()) == (21, 37, components)
    assert codestream_shape(path.read_bytes()[:10]) is None


def test_importing_the_room_loads_no_decoder_and_no_network_library() -> None:
    heavy = {"pydicom", "PIL", "cv2", "gdcm", "torch", "onnxruntime", "PySide6"}
    code = (
        "import sys, medkd_core.imaging.decoding.pool, medkd_core.imaging.searching;"
        f"print(sorted({heavy!r} & set(sys.modules)))"
    )
    done = run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

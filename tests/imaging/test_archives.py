from __future__ import annotations

import stat
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MediaStorageDirectoryStorage, generate_uid

from medkd_core.errors import UnreadableFileError
from medkd_core.imaging import archives
from medkd_core.imaging.decoding.pool import DecoderPool
from medkd_core.imaging.reading import read_entry, read_frame, read_instance
from medkd_core.imaging.searching import find_studies

DrawDicom = Callable[..., Path]
FILM = np.arange(30, dtype=np.uint16).reshape(5, 6)


@pytest.fixture
def film(draw_dicom: DrawDicom) -> bytes:
    return draw_dicom(FILM).read_bytes()


@pytest.fixture
def pack(tmp_path: Path) -> Callable[..., Path]:
    """A function that writes members, bytes by name or `ZipInfo`, into ``study.zip``."""

    def write(*members: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
        path = tmp_path / "study.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            for name, content in members:
                file.writestr(name, content)
        return path

    return write


Pack = Callable[..., Path]


def reasons(path: Path) -> dict[str, str]:
    found = find_studies([path])
    return {refusal.path.name: refusal.reason for refusal in found.refused}


def test_films_in_a_zip_are_found_and_read_by_their_path_in_it(pack: Pack, film: bytes) -> None:
    study = pack(("series 1/film.dcm", film), ("series 2/", b""), ("notes.txt", b"nothing" * 99))
    found = find_studies([study])
    (instance,) = found.studies[0].instances
    assert instance.path == study / "series 1" / "film.dcm"
    np.testing.assert_array_equal(read_frame(instance.path).stored, FILM)
    assert [refusal.path for refusal in found.refused] == [study / "notes.txt"]


def test_zip_in_a_folder_is_looked_into(pack: Pack, film: bytes) -> None:
    study = pack(("film.dcm", film))
    assert [i.path for i in find_studies([study.parent]).studies[0].instances] == [
        study.parent / "film.dcm",
        study / "film.dcm",
    ]


def test_children_read_what_is_in_a_zip(pack: Pack, film: bytes) -> None:
    study = pack(*((f"{number}.dcm", film) for number in range(40)))
    with DecoderPool() as pool:
        found = pool.search([study]).result()
        assert len(found.studies[0].instances) == 40
        np.testing.assert_array_equal(pool.decode(study / "39.dcm").result().stored, FILM)


def test_pictures_in_a_zip_are_sorted_as_a_person_counts(pack: Pack, tmp_path: Path) -> None:
    Image.fromarray(FILM).save(tmp_path / "film.png")
    picture = (tmp_path / "film.png").read_bytes()
    study = pack(("film 10.png", picture), ("film 9.png", picture))
    names = [study.patient_name for study in find_studies([study]).studies]
    assert names == ["film 9.png", "film 10.png"]


def test_dicomdir_in_a_zip_lists_the_films_beside_it(pack: Pack, film: bytes) -> None:
    record = Dataset()
    record.ReferencedFileID = ["films", "1"]
    directory = Dataset()
    directory.file_meta = FileMetaDataset()
    directory.file_meta.MediaStorageSOPClassUID = MediaStorageDirectoryStorage
    directory.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    directory.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    directory.DirectoryRecordSequence = [record]
    with tempfile.TemporaryFile() as file:
        directory.save_as(file, enforce_file_format=True)
        file.seek(0)
        study = pack(("cd/DICOMDIR", file.read()), ("cd/films/1", film))
    found = find_studies([study])
    assert [i.path for i in found.studies[0].instances] == [study / "cd" / "films" / "1"]
    assert not found.refused


def test_a_zip_written_anew_is_read_anew(pack: Pack, draw_dicom: DrawDicom) -> None:
    for value in (1, 2):
        study = pack(("film.dcm", draw_dicom(FILM + value).read_bytes()), (f"{value}", b"1"))
        np.testing.assert_array_equal(read_frame(study / "film.dcm").stored, FILM + value)


def test_absent_member_and_zip_itself_are_no_picture(pack: Pack, film: bytes) -> None:
    study = pack(("film.dcm", film))
    with pytest.raises(UnreadableFileError, match="no such file"):
        read_frame(study / "other.dcm")
    with pytest.raises(UnreadableFileError, match="ZIP file and no picture"):
        read_frame(study)
    with pytest.raises(UnreadableFileError, match="no such file"):
        read_frame(study.parent / "film.dcm" / "film.dcm")


def test_zip_within_a_zip_is_refused(pack: Pack, film: bytes) -> None:
    inner = pack(("film.dcm", film)).read_bytes()
    study = pack(("inner.zip", inner), ("film.dcm", film))
    found = find_studies([study])
    assert found.refused[0].path == study / "inner.zip"
    assert "ZIP file within a ZIP file" in found.refused[0].reason
    assert len(found.studies) == 1


@pytest.mark.parametrize(
    "name", ["../film.dcm", "a/../../film.dcm", "/film.dcm", "C:\\film.dcm", "..\\film.dcm"]
)
def test_name_that_leads_out_of_the_zip_is_refused(pack: Pack, film: bytes, name: str) -> None:
    found = find_studies([pack((name, film))])
    assert not found.studies
    assert "leads out of the ZIP file" in found.refused[0].reason


def test_name_that_would_command_a_terminal_is_refused(pack: Pack, film: bytes) -> None:
    found = find_studies([pack(("\x1b[2Jfilm.dcm", film))])
    assert "cannot be shown" in found.refused[0].reason


def test_link_is_refused(pack: Pack) -> None:
    link = zipfile.ZipInfo("film.dcm")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    assert "link" in reasons(pack((link, b"/etc/passwd")))["film.dcm"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_second_file_of_a_name_is_refused(pack: Pack, film: bytes) -> None:
    found = find_studies([pack(("film.dcm", film), ("film.dcm", b"another"))])
    (refusal,) = found.refused
    assert "two files of this name" in refusal.reason


def test_locked_member_is_refused_with_its_reason(pack: Pack, film: bytes) -> None:
    study = pack(("film.dcm", film))
    locked = bytearray(study.read_bytes())
    locked[locked.rfind(b"PK\x01\x02") + 8] |= 1
    study.write_bytes(locked)
    assert reasons(study)["film.dcm"] == "it is locked with a password"
    with pytest.raises(UnreadableFileError, match="password"):
        read_frame(study / "film.dcm")


def test_unknown_compression_is_refused(pack: Pack, film: bytes) -> None:
    study = pack(("film.dcm", film))
    foreign = bytearray(study.read_bytes())
    foreign[foreign.rfind(b"PK\x01\x02") + 10] = foreign[8] = 9
    study.write_bytes(foreign)
    assert "compression is not supported" in reasons(study)["film.dcm"]


def test_damage_within_a_member_is_told(pack: Pack, film: bytes) -> None:
    study = pack(("film.dcm", film))
    damaged = bytearray(study.read_bytes())
    damaged[60:90] = b"\x55" * 30
    study.write_bytes(damaged)
    assert "damaged" in reasons(study)["film.dcm"]


def test_names_in_another_alphabet_are_kept(pack: Pack, film: bytes) -> None:
    study = pack(("pêche\\été.dcm", film))
    (instance,) = find_studies([study]).studies[0].instances
    assert instance.path.relative_to(study).parts[-1] == "été.dcm"
    unnamed = study.read_bytes().replace("été".encode(), b"\xff\xfe\xfd\xfc\xfb")
    study.write_bytes(unnamed)
    assert "names in the ZIP file are damaged" in reasons(study)["study.zip"]


def test_hidden_members_are_skipped(pack: Pack, film: bytes) -> None:
    study = pack(("__MACOSX/._film.dcm", b"fork"), (".DS_Store", b"store"), ("film.dcm", film))
    assert not find_studies([study]).refused


def test_empty_zip_is_refused(pack: Pack) -> None:
    assert reasons(pack()) == {"study.zip": "it is a ZIP file that holds no files"}


@pytest.mark.parametrize("folder", ["", "model/"])
def test_model_is_refused_as_a_model(pack: Pack, folder: str) -> None:
    study = pack((f"{folder}bundle.json", b"{}"), (f"{folder}student.onnx", b"weights"))
    with pytest.raises(UnreadableFileError, match="MedKD model and no study"):
        read_instance(study)


def test_documents_of_other_programs_are_refused_whole(pack: Pack) -> None:
    letter = pack(("[Content_Types].xml", b"<xml/>"), ("word/document.xml", b"<xml/>"))
    assert reasons(letter) == {"study.zip": "it is another program's document and no picture"}


def test_member_that_declares_too_much_is_refused(
    pack: Pack, film: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "LARGEST_MEMBER_BYTES", 100)
    assert "unpacks to more than" in reasons(pack(("film.dcm", film)))["film.dcm"]


def test_bomb_is_refused_before_it_is_unpacked(pack: Pack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "ALWAYS_ALLOWED_BYTES", 2**20)
    bomb = pack(*((f"{number}.dcm", bytes(2**20)) for number in range(4)))
    assert "made to do harm" in reasons(bomb)["study.zip"]


def test_too_many_members_are_refused(
    pack: Pack, monkeypatch: pytest.MonkeyPatch, film: bytes
) -> None:
    study = pack(*((f"{number}.dcm", film) for number in range(4)))
    monkeypatch.setattr(archives, "MOST_MEMBERS", 3)
    assert "more than 3 files" in reasons(study)["study.zip"]


def test_list_of_names_that_would_fill_the_memory_is_not_read(
    pack: Pack, film: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "_LARGEST_DIRECTORY_BYTES", 10)
    with pytest.raises(UnreadableFileError, match="more than 100,000 files"):
        read_entry(pack(("film.dcm", film)))


def test_member_that_is_longer_than_it_declares_is_refused(pack: Pack, film: bytes) -> None:
    study = pack(("film.dcm", film))
    lying = bytearray(study.read_bytes())
    at = lying.rfind(b"PK\x01\x02") + 24
    lying[at : at + 4] = (300).to_bytes(4, "little")
    study.write_bytes(lying)
    assert "damaged" in reasons(study)["film.dcm"]


def test_truncated_zip_is_refused(pack: Pack, film: bytes) -> None:
    study = pack(("film.dcm", film))
    study.write_bytes(study.read_bytes()[:-30])
    assert "damaged or cut short" in reasons(study)["study.zip"]


def test_nothing_is_left_on_the_disk(
    pack: Pack, film: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    read_frame(pack(("../film.dcm", b"no"), ("film.dcm", film)) / "film.dcm")
    assert not list((tmp_path / "temporary").iterdir())

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom import Dataset, FileMetaDataset, dcmread
from pydicom.uid import ExplicitVRLittleEndian, MediaStorageDirectoryStorage, generate_uid

from medkd_core.imaging.searching import find_studies
from medkd_core.imaging.study import Refusal

DrawDicom = Callable[..., Path]
FILM = np.arange(30, dtype=np.uint16).reshape(5, 6)


def test_films_are_grouped_and_in_reading_order(tmp_path: Path, draw_dicom: DrawDicom) -> None:
    study, later, first = generate_uid(), generate_uid(), generate_uid()
    places = [(later, 2, 1), (first, 1, 10), (first, 1, 9), (later, 2, None)]
    for i, (series, series_number, number) in enumerate(places):
        draw_dicom(
            FILM,
            name=f"folder{i}/film",
            StudyInstanceUID=study,
            SeriesInstanceUID=series,
            SeriesNumber=series_number,
            InstanceNumber=number or "",
        )
    found = find_studies([tmp_path])
    assert len(found.studies) == 1
    assert [s.uid for s in found.studies[0].series] == [first, later]
    numbers = [instance.number for instance in found.studies[0].instances]
    assert numbers == [9, 10, 1, None]


def test_every_file_left_out_has_its_reason(tmp_path: Path, draw_dicom: DrawDicom) -> None:
    draw_dicom(FILM)
    (tmp_path / "notes.txt").write_text("nothing to see")
    (tmp_path / "empty.dcm").touch()
    found = find_studies([tmp_path])
    reasons = {refusal.path.name: refusal.reason for refusal in found.refused}
    assert len(found.studies) == 1
    assert set(reasons) == {"notes.txt", "empty.dcm"}
    assert reasons["empty.dcm"] == "the file is empty"
    assert reasons["notes.txt"].endswith("MedKD shows DICOM, PNG, JPEG and TIFF, also in ZIP files")


def test_hidden_files_and_folders_are_skipped(tmp_path: Path, draw_dicom: DrawDicom) -> None:
    draw_dicom(FILM, name=".hidden/film.dcm")
    draw_dicom(FILM, name=".film.dcm")
    found = find_studies([tmp_path])
    assert not found.studies
    assert not found.refused


def test_a_path_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    found = find_studies([tmp_path / "absent"])
    assert found.refused[0].reason == "there is no such file"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="may read every folder")
def test_folder_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0)
    found = find_studies([tmp_path])
    locked.chmod(0o700)
    assert found.refused == (Refusal(locked, "the folder may not be read"),)


def test_a_file_given_twice_is_found_once(tmp_path: Path, draw_dicom: DrawDicom) -> None:
    film = draw_dicom(FILM)
    found = find_studies([film, tmp_path, str(film)])
    assert len(found.studies[0].instances) == 1


def test_pictures_are_sorted_as_a_person_counts(tmp_path: Path) -> None:
    for number in (10, 9, 1):
        Image.fromarray(FILM).save(tmp_path / f"film {number}.png")
    names = [study.patient_name for study in find_studies([tmp_path]).studies]
    assert names == ["film 1.png", "film 9.png", "film 10.png"]


def test_progress_counts_files(tmp_path: Path, draw_dicom: DrawDicom) -> None:
    for i in range(3):
        draw_dicom(FILM, name=f"{i}.dcm")
    counts: list[int] = []
    find_studies([tmp_path], progress=counts.append)
    assert counts == [1, 2, 3]


@pytest.fixture
def media(tmp_path: Path, draw_dicom: DrawDicom) -> Path:
    """A folder as on a CD: a DICOMDIR and two films."""
    records = []
    for name in ("0", "1"):
        draw_dicom(FILM, name=f"cd/films/{name}")
        record = Dataset()
        record.DirectoryRecordType = "IMAGE"
        record.ReferencedFileID = ["films", name]
        records.append(record)
    directory = Dataset()
    directory.file_meta = FileMetaDataset()
    directory.file_meta.MediaStorageSOPClassUID = MediaStorageDirectoryStorage
    directory.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    directory.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    directory.DirectoryRecordSequence = records
    directory.save_as(tmp_path / "cd" / "DICOMDIR", enforce_file_format=True)
    return tmp_path / "cd"


def test_dicomdir_stands_for_the_films_it_lists(media: Path) -> None:
    by_list = find_studies([media / "DICOMDIR"])
    by_folder = find_studies([media])
    assert sum(len(study.instances) for study in by_list.studies) == 2
    assert not by_list.refused
    assert [s.uid for s in by_folder.studies] == [s.uid for s in by_list.studies]
    assert not by_folder.refused


def test_dicomdir_alone_says_that_its_films_are_missing(media: Path, tmp_path: Path) -> None:
    alone = tmp_path / "alone" / "DICOMDIR"
    alone.parent.mkdir()
    alone.write_bytes((media / "DICOMDIR").read_bytes())
    found = find_studies([alone])
    assert found.refused[0].reason.startswith("it lists files, and none of them is here. Open")


def test_dicomdir_does_not_reach_out_of_its_folder(media: Path, draw_dicom: DrawDicom) -> None:
    draw_dicom(FILM, name="secret")
    header = dcmread(media / "DICOMDIR")
    for record in header.DirectoryRecordSequence:
        if "ReferencedFileID" in record:
            record.ReferencedFileID = ["..", "secret"]
    header.save_as(media / "DICOMDIR")
    found = find_studies([media / "DICOMDIR"])
    assert not found.studies


def test_dicomdir_in_capitals_finds_the_small_names_of_a_mounted_disc(media: Path) -> None:
    header = dcmread(media / "DICOMDIR")
    for record in header.DirectoryRecordSequence:
        record.ReferencedFileID = [part.upper() for part in record.ReferencedFileID]
    header.save_as(media / "DICOMDIR")
    found = find_studies([media / "DICOMDIR"])
    assert sum(len(study.instances) for study in found.studies) == 2


def test_dicomdir_with_a_name_that_no_disk_holds_gives_its_other_films(media: Path) -> None:
    header = dcmread(media / "DICOMDIR")
    header.DirectoryRecordSequence[0].ReferencedFileID = ["films", "X" * 300]
    header.save_as(media / "DICOMDIR")
    found = find_studies([media / "DICOMDIR"])
    assert sum(len(study.instances) for study in found.studies) == 1


def test_folders_within_folders_are_searched_however_deep(
    tmp_path: Path, draw_dicom: DrawDicom
) -> None:
    film = draw_dicom(FILM, name="/".join(["deep", *"a" * 300, "film.dcm"]))
    assert find_studies([film]).studies  # what reads films is loaded by now
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack(0)) + 250)
    try:
        found = find_studies([tmp_path / "deep"])
    finally:
        sys.setrecursionlimit(limit)
    assert len(found.studies) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_link_to_a_folder_is_named_and_not_followed(tmp_path: Path, draw_dicom: DrawDicom) -> None:
    draw_dicom(FILM, name="films/1.dcm")
    (tmp_path / "films" / "again").symlink_to(tmp_path)
    found = find_studies([tmp_path / "films"])
    assert len(found.studies) == 1
    (refusal,) = found.refused
    assert refusal.path.name == "again"
    assert refusal.reason == "it is a link to another folder. Open that folder itself"

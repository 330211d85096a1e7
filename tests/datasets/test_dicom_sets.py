"""A folder of DICOM with a table: found by path or number, and no patient's name in a record."""

import csv
import logging
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset as Header
from pydicom.dataset import FileMetaDataset
from pydicom.uid import DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian, generate_uid

from medkd_core.datasets.films import load_squares
from medkd_core.datasets.loading import load_dataset
from medkd_core.datasets.record import Dataset
from medkd_core.errors import DatasetError
from medkd_core.imaging.recipe import View
from medkd_core.jobs.spec import DataSpec

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="needs the shared sample data")

STUDIES = 20


def write_film(path: Path, study: int, number: int) -> None:
    header = Header()
    header.file_meta = FileMetaDataset()
    header.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    header.file_meta.MediaStorageSOPClassUID = DigitalXRayImageStorageForPresentation
    header.SOPClassUID = DigitalXRayImageStorageForPresentation
    header.SOPInstanceUID = generate_uid(entropy_srcs=[f"{study} {number}"])
    header.file_meta.MediaStorageSOPInstanceUID = header.SOPInstanceUID
    header.StudyInstanceUID = generate_uid(entropy_srcs=[str(study)])
    header.SeriesInstanceUID = generate_uid(entropy_srcs=["series", str(study)])
    header.AccessionNumber = f"ACC{study}"
    header.PatientName, header.PatientID = f"Secret^Person{study // 2}", f"SECRET{study // 2}"
    header.Modality, header.PhotometricInterpretation = "DX", "MONOCHROME2"
    header.Rows = header.Columns = 16
    header.SamplesPerPixel, header.PixelRepresentation = 1, 0
    header.BitsAllocated = header.BitsStored = 8
    header.HighBit = 7
    header.PixelData = np.full((16, 16), 5 * study + number, np.uint8).tobytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    header.save_as(path, enforce_file_format=True)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for study in range(STUDIES):
        for number in range(2):
            write_film(tmp_path / "films" / f"study {study}" / f"IM.{number}", study, number)
    return tmp_path / "films"


def table(root: Path, column: str, values: list[str], **more: list[str]) -> Path:
    path = root.parent / "labels.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow([column, "label", *more])
        for number, value in enumerate(values):
            label = "ill" if number < len(values) // 2 else "well"
            writer.writerow([value, label, *(column[number] for column in more.values())])
    return path


def load(root: Path, path: Path, column: str, **more: object) -> Dataset:
    spec = {"kind": "dicom", "root": root, "table": path, "path_column": column, **more}
    return load_dataset(DataSpec.model_validate(spec), seed=0)


def uids(kind: str) -> list[str]:
    if kind == "SOPInstanceUID":
        return [
            generate_uid(entropy_srcs=[f"{study} {number}"])
            for study in range(STUDIES)
            for number in range(2)
        ]
    return [generate_uid(entropy_srcs=[str(study)]) for study in range(STUDIES)]


@pytest.mark.parametrize(
    "column", ["SOPInstanceUID", "StudyInstanceUID", "AccessionNumber", "path"]
)
def test_rows_name_pictures_by_path_or_number(root: Path, column: str) -> None:
    values = {
        "path": [f"study {i // 2}/IM.{i % 2}" for i in range(2 * STUDIES)],
        "AccessionNumber": [f"ACC{study}" for study in range(STUDIES)],
    }
    dataset = load(root, table(root, column, values.get(column) or uids(column)), column)
    assert len(dataset.records) == 2 * STUDIES
    assert dataset.classes == ("ill", "well")
    assert dataset.records[0].path == root / "study 0" / "IM.0"
    assert load_squares(dataset.records, View(), 16, "bilinear").shape == (40, 16, 16)


def test_progress_is_told_while_headers_are_read(root: Path) -> None:
    path = table(root, "AccessionNumber", [f"ACC{study}" for study in range(STUDIES)])
    told: list[tuple[int, int]] = []
    spec = DataSpec(kind="dicom", root=root, table=path, path_column="AccessionNumber")
    load_dataset(spec, seed=0, progress=lambda done, total: told.append((done, total)))
    assert told == [(done, 2 * STUDIES) for done in range(1, 2 * STUDIES + 1)]


def test_paths_may_be_absolute(root: Path) -> None:
    files = sorted(map(str, root.glob("*/IM.*")))
    assert len(load(root, table(root, "file", files), "file").records) == len(files)


def test_images_of_one_patient_stay_together(root: Path) -> None:
    dataset = load(root, table(root, "study", uids("study")), "study")
    by_patient: dict[int, set[tuple[str, str]]] = {}
    for record in dataset.records:
        patient = int(record.path.parent.name.split()[1]) // 2
        by_patient.setdefault(patient, set()).add((record.group, record.split))
    assert all(len(places) == 1 for places in by_patient.values())
    assert len({group for ((group, _),) in by_patient.values()}) == STUDIES // 2


def test_no_patient_stands_in_records_warnings_or_errors(
    root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    names = [f"Secret^Person{study // 2}" for study in range(STUDIES)]
    path = table(root, "study", uids("study"), group=names, PatientName=names)
    dataset = load(root, path, "study")
    told = f"{dataset} {caplog.text}"
    wrong = table(root, "AccessionNumber", [*names[:1], *uids("study")[1:]])
    with pytest.raises(DatasetError) as error:
        load(root, wrong, "AccessionNumber")
    assert "secret" not in f"{told} {error.value}".lower()


def test_the_group_column_comes_before_the_patient(root: Path) -> None:
    families = [f"family {study // 3}" for study in range(STUDIES)]
    dataset = load(root, table(root, "study", uids("study"), group=families), "study")
    assert len({record.group for record in dataset.records}) == 7
    assert not any(record.group.startswith("family") for record in dataset.records)


def test_pictures_without_a_label_are_counted(root: Path) -> None:
    write_film(root / "more" / "late.dcm", 40, 0)
    dataset = load(root, table(root, "study", uids("study")), "study")
    assert "does not name, left out: 1." in " ".join(dataset.warnings)


def test_a_label_without_a_picture_is_refused_or_counted(root: Path) -> None:
    path = table(root, "study", [*uids("study"), "1.2.3"])
    with pytest.raises(DatasetError, match=r"line 22 is of no picture.*study instance UID"):
        load(root, path, "study")
    dataset = load(root, path, "study", skip_unreadable=True)
    assert "left out: 1 (lines 22)" in " ".join(dataset.warnings)


def test_a_column_that_holds_something_else_is_refused(root: Path) -> None:
    with pytest.raises(DatasetError, match=r"column age is the relative path, .* accession number"):
        load(root, table(root, "age", ["61", "62", "63"]), "age")


def test_one_study_labelled_twice_is_refused(root: Path) -> None:
    path = table(root, "study", [*uids("study"), uids("study")[0]])
    with pytest.raises(DatasetError, match=r"line 22 labels .* again, after line 2"):
        load(root, path, "study")


@needs_shared
def test_real_dicom_files_by_their_manifest(tmp_path: Path) -> None:
    root = SHARED / "dicom"
    with (root / "manifest.csv").open(newline="", encoding="utf-8") as file:
        kinds = ("mono", "colour", "multiframe")
        rows = [row for row in csv.DictReader(file) if row["category"] in kinds]
    with (tmp_path / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerows([("path", "label"), *((row["path"], row["category"]) for row in rows)])
    dataset = load(root, tmp_path / "labels.csv", "path", skip_unreadable=True)
    assert len(dataset.records) > 120
    assert dataset.classes == ("colour", "mono", "multiframe")
    assert all(len(record.group) == 16 for record in dataset.records)
    assert any("several frames" in warning for warning in dataset.warnings)

"""Phantoms as files: COVID-QU-Ex's layout, PNG and DICOM, read back by MedKD itself."""

from collections import Counter
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image

from medkd_core.datasets.loading import load_dataset
from medkd_core.datasets.phantom import Phantom, draw_phantom
from medkd_core.datasets.phantom_dicom import FictitiousPatient, write_dicom_study
from medkd_core.datasets.phantom_files import write_covid_qu_ex, write_png
from medkd_core.errors import DatasetError
from medkd_core.imaging.frame import SpacingBasis
from medkd_core.imaging.preprocessing import view_image
from medkd_core.imaging.reading import read_frame
from medkd_core.imaging.recipe import View
from medkd_core.jobs.spec import DataSpec


@pytest.fixture(scope="module")
def phantom() -> Phantom:
    return draw_phantom(7, "COVID-19", 256)


def test_written_set_loads_with_masks_and_official_split(tmp_path: Path) -> None:
    root = tmp_path / "drawn set"
    write_covid_qu_ex(root, {"train": 3, "validation": 2, "test": 1}, seed=4, side=64)
    dataset = load_dataset(DataSpec(kind="covid-qu-ex", root=root), seed=0)
    counts = Counter((record.split, record.label) for record in dataset.records)
    assert counts["train", "COVID-19"] == 3
    assert counts["validation", "Non-COVID"] == 2
    assert counts["test", "Normal"] == 1
    assert all(record.lung_mask and record.infection_mask for record in dataset.records)
    assert {"covid_1.png", "non_COVID (1).png", "Normal (1).png"} <= {
        record.path.name for record in dataset.records
    }


def test_written_masks_are_those_of_the_phantom(tmp_path: Path) -> None:
    write_covid_qu_ex(tmp_path / "set", {"train": 1, "validation": 1}, seed=0, side=64)
    record = load_dataset(DataSpec(kind="covid-qu-ex", root=tmp_path / "set"), 0).split("train")[0]
    drawn = draw_phantom(0, "COVID-19", 64)
    assert record.infection_mask is not None
    assert np.array_equal(np.asarray(Image.open(record.infection_mask)) > 0, drawn.infection_mask)


def test_a_set_is_never_written_over_something(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(DatasetError, match="something already"):
        write_covid_qu_ex(tmp_path, {"train": 1}, seed=0, side=64)
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]


def test_stopped_writing_leaves_nothing(tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_covid_qu_ex(tmp_path / "set", {"train": 2}, seed=0, side=64, progress=stop)
    assert not list(tmp_path.iterdir())


def test_png_shows_the_film(tmp_path: Path, phantom: Phantom) -> None:
    write_png(tmp_path / "film.png", phantom)
    shown = view_image(read_frame(tmp_path / "film.png"), View())
    assert np.abs(shown - phantom.film).max() <= 0.5 / 255 + 1e-6


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_dicom_shows_the_film_whatever_its_photometric(
    tmp_path: Path, phantom: Phantom, photometric: str
) -> None:
    path = tmp_path / "film.dcm"
    write_dicom_study(path, phantom, photometric=photometric)  # type: ignore[arg-type]
    frame = read_frame(path)
    assert frame.photometric == photometric
    assert np.abs(view_image(frame, View()) - phantom.film).max() < 1e-3


def test_dicom_names_its_windows_and_is_twelve_bit(tmp_path: Path, phantom: Phantom) -> None:
    write_dicom_study(tmp_path / "film.dcm", phantom)
    dataset = pydicom.dcmread(tmp_path / "film.dcm")
    assert list(dataset.WindowCenterWidthExplanation) == ["NORMAL", "HARDER", "SOFTER"]
    assert (dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit) == (16, 12, 11)
    assert dataset.pixel_array.max() < 4096


def test_dicom_says_that_nobody_was_ill(tmp_path: Path, phantom: Phantom) -> None:
    patient = FictitiousPatient("PHANTOM^GRACE", "MK-0002", "F", "061Y")
    write_dicom_study(tmp_path / "film.dcm", phantom, patient=patient)
    dataset = pydicom.dcmread(tmp_path / "film.dcm")
    assert str(dataset.PatientName) == "PHANTOM^GRACE"
    assert "not a patient" in dataset.ImageComments


def test_spacing_is_calibrated_only_when_asked_for(tmp_path: Path, phantom: Phantom) -> None:
    spacings = []
    for calibrated in (False, True):
        path = tmp_path / f"{calibrated}.dcm"
        write_dicom_study(path, phantom, calibrated=calibrated)
        spacings.append(read_frame(path).spacing)
    at_detector, in_patient = spacings
    assert at_detector is not None
    assert in_patient is not None
    assert at_detector.basis is SpacingBasis.AT_DETECTOR
    assert in_patient.basis is SpacingBasis.CALIBRATED
    assert in_patient.row_mm == pytest.approx(phantom.pixel_spacing, abs=1e-4)


def test_the_same_phantom_gives_the_same_dicom_file(tmp_path: Path, phantom: Phantom) -> None:
    files = [tmp_path / name for name in ("a.dcm", "b.dcm")]
    for path in files:
        write_dicom_study(path, phantom)
    assert files[0].read_bytes() == files[1].read_bytes()


def test_dicom_into_a_missing_folder_is_one_sentence(tmp_path: Path, phantom: Phantom) -> None:
    with pytest.raises(DatasetError, match="Cannot write"):
        write_dicom_study(tmp_path / "no" / "film.dcm", phantom)

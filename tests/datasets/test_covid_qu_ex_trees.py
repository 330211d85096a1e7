"""COVID-QU-Ex has two trees: one record an image, and what they contradict is told."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from medkd_core.datasets.covid_qu_ex import INFECTION_TREE, LUNG_TREE, list_images, same_pixels
from medkd_core.datasets.loading import load_dataset
from medkd_core.datasets.phantom_files import write_covid_qu_ex
from medkd_core.datasets.record import Listing
from medkd_core.jobs.spec import DataSpec


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("clean") / "set"
    write_covid_qu_ex(root, {"train": 2, "validation": 2, "test": 2}, seed=3, side=64)
    return root


@pytest.fixture
def root(clean: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(clean, tmp_path / "set"))


def place(root: Path, tree: str, split: str, label: str, kind: str) -> Path:
    return root / tree / tree / split / label / kind


def listed(root: Path) -> Listing:
    return list_images(DataSpec(kind="covid-qu-ex", root=root))


def first(folder: Path) -> Path:
    return min(folder.iterdir())


def test_an_image_in_both_trees_is_one_record_with_both_masks(root: Path) -> None:
    listing = listed(root)
    assert len(listing.images) == 18
    assert len(listing.warnings) == 1
    assert all(image.lung_mask and image.infection_mask for image in listing.images)
    assert all(LUNG_TREE in image.path.parts for image in listing.images)


def test_another_picture_under_the_same_name_is_told(root: Path) -> None:
    twin = first(place(root, INFECTION_TREE, "Val", "Normal", "images"))
    Image.fromarray(np.zeros((64, 64), np.uint8)).save(twin)
    listing = listed(root)
    assert len(listing.images) == 18
    assert f"show differently: 1 (Val/Normal/{twin.name})" in listing.warnings[1]


def test_the_same_picture_compressed_otherwise_is_no_conflict(root: Path) -> None:
    twin = first(place(root, INFECTION_TREE, "Val", "Normal", "images"))
    with Image.open(twin) as image:
        image.load()
        image.save(twin, compress_level=0)
    assert len(listed(root).warnings) == 1


def test_an_image_that_stands_in_another_split_is_one_record_in_the_lung_trees(
    root: Path,
) -> None:
    trees = [place(root, INFECTION_TREE, s, "COVID-19", "") for s in ("Train", "Test")]
    name = first(trees[0] / "images").name
    for kind in ("images", "lung masks", "infection masks"):
        (trees[0] / kind / name).rename(trees[1] / kind / name)
    listing = listed(root)
    assert f"another class or split: 1 (Test/COVID-19/{name})" in listing.warnings[1]
    (image,) = [image for image in listing.images if image.path.name == name]
    assert image.split == "train"
    assert image.infection_mask == trees[1] / "infection masks" / name


def test_another_film_of_the_same_name_elsewhere_is_a_record_of_its_own(root: Path) -> None:
    source = first(place(root, INFECTION_TREE, "Train", "COVID-19", "images"))
    target = place(root, INFECTION_TREE, "Test", "Normal", "images") / source.name
    Image.fromarray(np.full((64, 64), 9, np.uint8)).save(target)
    listing = listed(root)
    assert len(listing.images) == 19
    assert len(listing.warnings) == 1


def test_lung_masks_that_differ_are_told(root: Path) -> None:
    mask = first(place(root, INFECTION_TREE, "Test", "Normal", "lung masks"))
    Image.fromarray(np.zeros((64, 64), np.uint8)).save(mask)
    listing = listed(root)
    assert f"draw differently: 1 (Test/Normal/{mask.name})" in listing.warnings[1]
    kept = [image.lung_mask for image in listing.images if image.path.name == mask.name]
    assert INFECTION_TREE not in kept[0].parts


def test_an_audit_also_sees_what_files_of_one_size_hide(root: Path) -> None:
    pictures = [np.full((64, 64), grey, np.uint8) for grey in (3, 5)]
    path = first(place(root, LUNG_TREE, "Val", "Normal", "images"))
    twin = place(root, INFECTION_TREE, "Val", "Normal", "images") / path.name
    for file, pixels in zip((path, twin), pictures, strict=True):
        Image.fromarray(pixels).save(file, format="TIFF")
    assert path.stat().st_size == twin.stat().st_size
    assert len(listed(root).warnings) == 1
    spec = DataSpec(kind="covid-qu-ex", root=root)
    assert "show differently: 1" in list_images(spec, same_pixels).warnings[1]


def test_that_no_patients_are_known_is_on_record(root: Path) -> None:
    warnings = load_dataset(DataSpec(kind="covid-qu-ex", root=root), seed=0).warnings
    assert any("names no patients and its official split is kept" in w for w in warnings)

"""Data sets as they lie on disk, and what is refused."""

import csv
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from medkd_core.datasets.films import load_squares
from medkd_core.datasets.loading import load_dataset
from medkd_core.datasets.splits import assign_splits, torn_groups
from medkd_core.errors import DatasetError
from medkd_core.imaging.recipe import View
from medkd_core.jobs.spec import DatasetKind, DataSpec

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="needs the shared sample data")


def make_folder_set(root: Path, classes: dict[str, int]) -> Path:
    rng = np.random.default_rng(0)
    for label, number in classes.items():
        (root / label).mkdir(parents=True)
        for index in range(number):
            pixels = rng.integers(0, 255, (8, 8), np.uint8)
            Image.fromarray(pixels).save(root / label / f"{label} ({index}).png")
    return root


def spec(root: Path, kind: DatasetKind = "folder", **more: object) -> DataSpec:
    return DataSpec.model_validate({"kind": kind, "root": root, **more})


def write_groups(path: Path, root: Path, per_group: int) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "group", "source"])
        for index, image in enumerate(sorted(root.rglob("*.png"))):
            relative = image.relative_to(path.parent).as_posix()
            writer.writerow([relative, f"patient {index // per_group}", "clinic"])
    return path


def test_folder_per_class_is_split_with_every_class_in_every_split(tmp_path: Path) -> None:
    dataset = load_dataset(spec(make_folder_set(tmp_path / "set", {"b": 20, "a": 10})), seed=0)
    assert dataset.classes == ("a", "b")
    counts = Counter((record.split, record.label) for record in dataset.records)
    assert counts["train", "b"] == 14
    assert all(counts[split, label] for split in ("train", "validation", "test") for label in "ab")
    assert any("No groups" in warning for warning in dataset.warnings)


def test_split_is_the_same_for_every_job(tmp_path: Path) -> None:
    asked = spec(make_folder_set(tmp_path / "set", {"a": 9, "b": 9}))
    assert load_dataset(asked, seed=0).records == load_dataset(asked, seed=1).records


def test_split_folders_are_kept(tmp_path: Path) -> None:
    for split in ("train", "Val", "test"):
        make_folder_set(tmp_path / split, {"a": 2, "b": 2})
    dataset = load_dataset(spec(tmp_path), seed=0)
    assert Counter(record.split for record in dataset.records) == {
        "train": 4,
        "validation": 4,
        "test": 4,
    }


def test_images_of_one_group_stay_together(tmp_path: Path) -> None:
    root = make_folder_set(tmp_path / "set", {"a": 30, "b": 30})
    table = write_groups(tmp_path / "groups.csv", root, per_group=3)
    dataset = load_dataset(spec(root, groups=table), seed=0)
    assert len({record.group for record in dataset.records}) == 20
    assert not torn_groups(dataset.records)
    assert {record.source for record in dataset.records} == {"clinic"}


def test_image_outside_the_group_table_is_named(tmp_path: Path) -> None:
    root = make_folder_set(tmp_path / "set", {"a": 3, "b": 3})
    table = write_groups(tmp_path / "groups.csv", root, per_group=1)
    make_folder_set(root / "a", {"late": 1})
    with pytest.raises(DatasetError, match=r"does not list the image .*late \(0\)\.png"):
        load_dataset(spec(root, groups=table), seed=0)


def test_groups_torn_by_an_official_split_are_refused_unless_asked_for(tmp_path: Path) -> None:
    for split in ("train", "val"):
        make_folder_set(tmp_path / split, {"a": 2, "b": 2})
    table = write_groups(tmp_path / "groups.csv", tmp_path, per_group=99)
    with pytest.raises(DatasetError, match=r"1 groups of images stand in more than one"):
        load_dataset(spec(tmp_path, groups=table), seed=0)
    warnings = load_dataset(spec(tmp_path, groups=table, allow_leak=True), seed=0).warnings
    assert any("1 groups stand in more than one split" in warning for warning in warnings)
    assert any("no test split" in warning for warning in warnings)


def test_limit_is_the_same_for_equal_seeds_and_differs_for_others(tmp_path: Path) -> None:
    root = make_folder_set(tmp_path / "set", {"a": 40, "b": 40})
    drawn = [load_dataset(spec(root, limit_per_class=4), seed).records for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert max(Counter((r.split, r.label) for r in drawn[0]).values()) == 4


def test_lc25000_is_split_by_file_where_a_leak_is_asked_for(tmp_path: Path) -> None:
    root = make_folder_set(tmp_path / "lung_image_sets", {"lung_aca": 5, "lung_n": 5})
    dataset = load_dataset(spec(root, "lc25000", allow_leak=True), seed=0)
    assert len({record.group for record in dataset.records}) == 10
    assert any("No groups" in warning for warning in dataset.warnings)


@pytest.mark.parametrize(
    ("classes", "sentence"),
    [
        ({"a": 3, "b": 0}, "no images of class b"),
        ({"a": 3}, "only one class, a"),
        ({"a": 3, "b": 2}, "only 2 groups"),
        ({}, "no image in the layout folder"),
    ],
)
def test_unusable_set_is_one_sentence(
    tmp_path: Path, classes: dict[str, int], sentence: str
) -> None:
    root = tmp_path / "set"
    root.mkdir()
    make_folder_set(root, classes)
    with pytest.raises(DatasetError, match=sentence):
        load_dataset(spec(root), seed=0)


def test_a_link_that_leads_nowhere_is_an_image_that_is_missing(tmp_path: Path) -> None:
    root = make_folder_set(tmp_path / "set", {"a": 3, "b": 3})
    (root / "a" / "annexed.png").symlink_to(tmp_path / "gone")
    records = load_dataset(spec(root), seed=0).records
    assert len(records) == 7
    with pytest.raises(DatasetError, match=r"annexed\.png: there is no such file"):
        load_squares(records, View(), 8, "bilinear")


def test_missing_folder_and_file_as_root_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no such folder"):
        load_dataset(spec(tmp_path / "nowhere"), seed=0)
    (tmp_path / "file").write_text("")
    with pytest.raises(DatasetError, match="it is a file"):
        load_dataset(spec(tmp_path / "file"), seed=0)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"path,tissue\nx,1\n", "no column group"),
        (b"path,group\nx\n", "line 2 lacks"),
        (b"path,gro\xfc", "not a CSV"),
    ],
)
def test_bad_group_table_is_one_sentence(tmp_path: Path, content: bytes, sentence: str) -> None:
    root = make_folder_set(tmp_path / "set", {"a": 3, "b": 3})
    (tmp_path / "groups.csv").write_bytes(content)
    with pytest.raises(DatasetError, match=sentence):
        load_dataset(spec(root, groups=tmp_path / "groups.csv"), seed=0)


def test_covid_qu_ex_given_as_a_folder_set_is_recognised(tmp_path: Path) -> None:
    make_folder_set(tmp_path, {"Lung Segmentation Data": 3, "Infection Segmentation Data": 3})
    with pytest.raises(DatasetError, match="covid-qu-ex"):
        load_dataset(spec(tmp_path), seed=0)


def test_fractions_are_met_in_images_not_in_groups() -> None:
    groups = [f"g{i // 5}" for i in range(1000)]
    splits = Counter(assign_splits(groups, ["x"] * 1000, 0.2, 0.1, seed=3))
    assert splits["validation"] == pytest.approx(200, abs=10)
    assert splits["test"] == pytest.approx(100, abs=10)


@needs_shared
@pytest.mark.parametrize("below", ["", "Lung Segmentation Data", "Lung Segmentation Data/" * 2])
def test_real_covid_qu_ex_is_found_from_each_of_its_folders(below: str) -> None:
    dataset = load_dataset(spec(SHARED / "cxr3" / below, "covid-qu-ex"), seed=0)
    counts = Counter((record.split, record.label) for record in dataset.records)
    assert len(dataset.records) == 1644
    assert counts["train", "COVID-19"] == 208
    assert counts["validation", "Normal"] == 86
    assert sum(record.infection_mask is not None for record in dataset.records) == 178


@needs_shared
def test_real_patients_do_not_cross_the_official_split() -> None:
    root = SHARED / "cxr3"
    groups = {"groups": root / "manifest.csv", "group_column": "group_id"}
    dataset = load_dataset(spec(root, "covid-qu-ex", **groups), seed=0)
    assert not torn_groups(dataset.records)
    assert any("source of an image alone tells the class" in w for w in dataset.warnings)


@needs_shared
def test_real_tissue_is_split_by_its_groups() -> None:
    root = SHARED / "lc25000"
    groups = {"groups": root / "manifest.csv", "group_column": "tissue_group"}
    dataset = load_dataset(spec(root, "lc25000", **groups), seed=0)
    by_class: dict[str, Counter[str]] = defaultdict(Counter)
    for record in dataset.records:
        by_class[record.label][record.split] += 1
    assert not torn_groups(dataset.records)
    for counts in by_class.values():
        assert counts["test"] / counts.total() == pytest.approx(0.15, abs=0.02)


def test_empty_class_of_tissue_is_told(tmp_path: Path) -> None:
    root = make_folder_set(tmp_path / "lung_image_sets", {"lung_aca": 4, "lung_scc": 4})
    (root / "lung_n").mkdir()
    with pytest.raises(DatasetError, match="no images of class lung_n"):
        load_dataset(spec(tmp_path, "lc25000", allow_leak=True), 0)
